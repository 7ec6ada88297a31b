"""Reading a CSV file: one table, whatever Excel wrote it with."""

import csv
import io

from app.documents.paper.blocks import Cell, Paper, Place, Row, Table, UnreadablePaper

# A cell of a plan is a paragraph at the most.
LONGEST_CELL = 100_000
MOST_ROWS = 20_000
_SEPARATORS = ",;\t|"


def read_comma_separated(content: bytes) -> Paper:
    """The paper in a CSV file in UTF-8 or, as Excel writes it, in Windows-1252; its separator is found out."""
    text = _decoded(content)
    if "\0" in text:
        raise UnreadablePaper("The file is neither a Word document, a workbook nor text.")
    separator = max(_SEPARATORS, key=lambda each: _regular(text, each))
    csv.field_size_limit(LONGEST_CELL)
    rows = []
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), start=1):
            if number > MOST_ROWS:
                raise UnreadablePaper(f"The file has more than {MOST_ROWS:,} rows. Send the plan in parts.")
            if any(cell.strip() for cell in cells):
                rows.append(_row(cells, number))
    except csv.Error as fault:
        raise UnreadablePaper(f"The file is no CSV: {fault}.") from fault
    return Paper((Table(tuple(rows), Place(table=1)),) if rows else ())


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _regular(text: str, separator: str) -> tuple[int, int]:
    """How many of the first rows have as many cells as the first, of two or more, and how many cells those are."""
    try:
        rows = [
            row
            for row, _ in zip(csv.reader(io.StringIO(text, newline=""), delimiter=separator), range(20), strict=False)
        ]
    except csv.Error:
        return (0, 0)
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if not filled or len(filled[0]) < 2:
        return (0, 0)
    return (sum(len(row) == len(filled[0]) for row in filled), len(filled[0]))


def _row(cells: list[str], number: int) -> Row:
    places = (Place(table=1, row=number, cell=column) for column in range(1, len(cells) + 1))
    lines = (tuple(line.strip() for line in cell.splitlines() if line.strip()) for cell in cells)
    return Row(tuple(Cell(each, place) for each, place in zip(lines, places, strict=True)), Place(table=1, row=number))
