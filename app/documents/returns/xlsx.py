"""A return as an Excel workbook, written row by row: memory does not grow with the number of prisons."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from app.documents.returns.cells import BEFORE_RATINGS, COLUMNS, cells
from app.queries.returns import ReturnRowView
from app.rules.programme import SECTION_COUNT

# Dark text on light fills: the word in the cell says it, the colour only helps to find it.
FILLS = {
    "RED": {"bg_color": "#F6D7D2", "font_color": "#7A1B0C", "bold": True},
    "AMBER": {"bg_color": "#FFE9B8", "font_color": "#5C3B00"},
    "GREEN": {"bg_color": "#D2EBD8", "font_color": "#0B4A22"},
}
FIRST_RATING = len(BEFORE_RATINGS)
RATINGS = range(FIRST_RATING, FIRST_RATING + SECTION_COUNT)
WIDTHS = {"name": 28, "region": 24, "stage": 22, "blockers": 30, "last_update": 27, "statement_serial": 20}
PIECE = 64 * 1024


def render_return_xlsx(
    month: str, is_provisional: bool, rows: Iterable[ReturnRowView], notes: Sequence[str], dated: datetime
) -> Iterator[bytes]:
    """The workbook, a piece at a time; the same rows give the same bytes."""
    import xlsxwriter  # heavy, and few processes write a workbook

    with tempfile.TemporaryFile() as file:
        # Rows leave memory for a temporary file as they come; strings are kept in place, not in a table of all.
        workbook = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False})
        workbook.set_properties({"title": f"IDTS return {month}", "created": dated.replace(tzinfo=None)})
        _write_rows(workbook, (cells(month, is_provisional, row) for row in rows))
        _write_notes(workbook, notes)
        workbook.close()
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


def _write_rows(workbook: Any, rows: Iterable[Sequence[str | int]]) -> None:
    sheet = workbook.add_worksheet("Return")
    head = workbook.add_format({"bold": True, "bg_color": "#E3E6EA", "bottom": 1})
    fills = {word: workbook.add_format(fill) for word, fill in FILLS.items()}
    sheet.freeze_panes(1, 4)
    for place, name in enumerate(COLUMNS):
        sheet.set_column(place, place, WIDTHS.get(name, 13))
        sheet.write_string(0, place, name, head)
    last = 0
    for last, row in enumerate(rows, start=1):
        for place, cell in enumerate(row):
            if isinstance(cell, int):
                sheet.write_number(last, place, cell)
            elif cell:
                sheet.write_string(last, place, cell, fills.get(cell) if place in RATINGS else None)
    sheet.autofilter(0, 0, last, len(COLUMNS) - 1)


def _write_notes(workbook: Any, notes: Sequence[str]) -> None:
    sheet = workbook.add_worksheet("Notes")
    sheet.set_column(0, 0, 110)
    wrapped = workbook.add_format({"text_wrap": True})
    for place, note in enumerate(notes):
        sheet.write_string(place, 0, note, wrapped)
