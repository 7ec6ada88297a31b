"""What a file is told by: its content, and nothing that its sender says."""

import io
import struct
import tracemalloc
from time import monotonic

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


@pytest.mark.parametrize("name", ["bomb.docx", "crowded.docx", "much-xml.docx", "laughs.docx"])
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


def test_a_compound_file_whose_table_of_tables_loops_is_told_at_once():
    """With a count that agrees, some readers follow such a table for ever."""
    looped = bytearray(files.compound(["WordDocument"]) + struct.pack("<128I", *[0] * 128))
    sectors = (len(looped) - 512) // 512
    struct.pack_into("<I", looped, 44, 0x7FFFFFFF)
    struct.pack_into("<2I", looped, 68, sectors - 1, 0x7FFFFFFF // 127)
    # The directory is said to go on in a sector that only the loop could list.
    struct.pack_into("<I", looped, 48, 127 * 128 * 128)
    struct.pack_into("<I", looped, len(looped) - 4, sectors - 1)
    started = monotonic()
    assert media_type_of(io.BytesIO(bytes(looped))) is None
    assert monotonic() - started < 5


@pytest.mark.parametrize("name", ["many-relations.docx", "many-types.docx"])
def test_a_package_that_declares_much_is_told_with_little_memory(name: str):
    entries = "".join(f'<Override PartName="/a{n}" ContentType="t{n}"/>' for n in range(40_000))
    more = {
        "many-relations.docx": {f"w/{n}.rels": b"<R/>" for n in range(8_000)},
        "many-types.docx": {"[Content_Types].xml": files.types(more=entries)},
    }
    content = io.BytesIO(files.office(more=more[name]))
    tracemalloc.start()
    media_type_of(content)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 10 << 20
