"""Which kind of paper a file is, by its content."""

import io
import zipfile

import pytest

from app.documents.evidence.compound_file import SIGNATURE
from app.documents.paper.blocks import UnreadablePaper
from app.documents.paper.file import read_paper
from tests.documents.paper.test_excel import workbook
from tests.support.word_files import paragraph, word_file


def with_part(content: bytes, name: str) -> bytes:
    grown = io.BytesIO(content)
    with zipfile.ZipFile(grown, "a") as archive:
        archive.writestr(name, b"x")
    return grown.getvalue()


def test_each_kind_is_known_by_what_it_holds() -> None:
    assert len(read_paper(word_file(paragraph("x"))).blocks) == 1
    assert len(read_paper(workbook(lambda _book, sheet: sheet.append(["x"]))).blocks) == 1
    assert len(read_paper(b"a,b\n").blocks) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (SIGNATURE + b"\0" * 600, "Office 97 to 2003, or has a password"),
        (b"%PDF-1.7", "is a PDF"),
        (b"PK\x03\x04 and no more", "damaged or cut short"),
        (with_part(word_file(paragraph("x")), "word/vbaProject.bin"), "has macros"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadablePaper, match=reason):
        read_paper(content)
