"""What a CSV file holds, whatever wrote it."""

import pytest

from app.documents.paper.blocks import Table, UnreadablePaper, cells_of
from app.documents.paper.comma_separated import MOST_ROWS, read_comma_separated


def rows(content: bytes) -> list[list[str]]:
    (table,) = read_comma_separated(content).blocks
    assert isinstance(table, Table)
    return [[cell.text for cell in row.cells] for row in table.rows]


WRITTEN = {
    "UTF-8": "Action,Lead\nDraft,CAFÉ\n".encode(),
    "UTF-8 with a mark": "\ufeffAction,Lead\r\nDraft,CAFÉ\r\n".encode(),
    "Windows-1252": "Action,Lead\r\nDraft,CAFÉ\r\n".encode("cp1252"),
    "UTF-16 as Excel's Unicode text": "\ufeffAction\tLead\r\nDraft\tCAFÉ\r\n".encode("utf-16-le"),
    "semicolons": "Action;Lead\nDraft;CAFÉ\n".encode(),
    "empty rows": "\n,\nAction,Lead\n,,\nDraft,CAFÉ\n".encode(),
}


@pytest.mark.parametrize("content", WRITTEN.values(), ids=WRITTEN)
def test_a_file_is_read_whatever_wrote_it(content: bytes) -> None:
    assert rows(content) == [["Action", "Lead"], ["Draft", "CAFÉ"]]


def test_lines_and_separators_inside_quotes_belong_to_the_cell() -> None:
    assert rows(b'Action,Lead\n"Draft, then\nagree","JCM; CRI"\n') == [
        ["Action", "Lead"],
        ["Draft, then\nagree", "JCM; CRI"],
    ]


def test_places_are_rows_and_cells_of_the_file() -> None:
    (table,) = read_comma_separated(b"a,b\n\nc,d\n").blocks
    assert isinstance(table, Table)
    assert [str(cell.place) for cell in cells_of(table)][-1] == "table 1, row 3, cell 2"


def test_a_file_of_empty_cells_holds_nothing() -> None:
    assert read_comma_separated(b",,\n,,\n").blocks == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a\0b", "neither a Word document, a workbook nor text"),
        (b"a,b\n" * (MOST_ROWS + 1), "more than 20,000 rows"),
        (b'a,"' + b"x" * 200_000 + b'"\n', "is no CSV"),
    ],
)
def test_what_is_no_plan_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadablePaper, match=reason):
        read_comma_separated(content)
