"""What a file is told by: its content, and nothing that its sender says."""

import io
import struct
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents.evidence.media_types import ACCEPTED, EXTENSIONS, media_type_of
from tests.support import evidence_files as files


@pytest.mark.parametrize("name", files.SAMPLES)
def test_every_accepted_kind_is_known_by_its_content(name: str):
    content, media_type = files.SAMPLES[name]
    assert media_type_of(io.BytesIO(content)) == media_type
    assert name.endswith(EXTENSIONS[media_type])


def test_there_is_a_sample_of_every_accepted_kind():
    assert {media_type for _content, media_type in files.SAMPLES.values()} == set(EXTENSIONS)
    assert all(word in ACCEPTED for word in ("PDF", "Word", "Excel", "OpenDocument", "CSV", ".msg"))


@pytest.mark.parametrize("name", files.REFUSED)
def test_everything_else_is_refused(name: str):
    assert media_type_of(io.BytesIO(files.REFUSED[name])) is None


def test_a_text_that_turns_binary_after_its_first_megabyte_is_refused():
    text = b"All is well.\n" * 100_000
    assert media_type_of(io.BytesIO(text)) == "text/plain"
    assert media_type_of(io.BytesIO(text + b"\x00")) is None


def test_a_long_table_is_a_table_though_the_head_ends_inside_a_cell():
    assert media_type_of(io.BytesIO(b'post,"na\nme"\n' * 20_000)) == "text/csv"


@pytest.mark.parametrize("name", ["bomb.docx", "crowded.docx"])
def test_a_bomb_is_told_with_little_memory(name: str):
    tracemalloc.start()
    media_type_of(io.BytesIO(files.REFUSED[name]))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 8 << 20


def test_a_compound_file_whose_directory_loops_is_refused():
    looped = bytearray(files.compound(["WordDocument"]))
    struct.pack_into("<I", looped, 512 + 4, 1)
    assert media_type_of(io.BytesIO(bytes(looped))) is None


@given(
    st.sampled_from(sorted(name for name, (content, _kind) in files.SAMPLES.items() if len(content) < 20_000)),
    st.data(),
)
def test_no_damage_to_a_file_breaks_the_check(name: str, data: st.DataObject):
    content = bytearray(files.SAMPLES[name][0])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    assert media_type_of(io.BytesIO(bytes(content[:cut]))) in {None, *EXTENSIONS}
    assert media_type_of(io.BytesIO(bytes(content))) in {None, *EXTENSIONS}
