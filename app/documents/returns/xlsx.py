"""A return as an Excel workbook, written row by row: memory does not grow with the number of prisons."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from app.documents.returns.columns import Cell, Column
from app.documents.returns.notes import return_notes
from app.queries.return_months import ReturnSourceView
from app.queries.returns import ReturnRowView

# Dark text on light fills: the word in the cell says it, the colour only helps to find it.
FILLS = {
    "RED": {"bg_color": "#F6D7D2", "font_color": "#7A1B0C", "bold": True},
    "AMBER": {"bg_color": "#FFE9B8", "font_color": "#5C3B00"},
    "GREEN": {"bg_color": "#D2EBD8", "font_color": "#0B4A22"},
    "EXEMPT": {"bg_color": "#E3E6EA", "font_color": "#33383D"},
}
DICTIONARY = ("Heading", "Code", "What it says", "Type", "Where it comes from")
PIECE = 64 * 1024


def render_return_xlsx(
    source: ReturnSourceView, columns: Sequence[Column], rows: Iterable[ReturnRowView]
) -> Iterator[bytes]:
    """The workbook, a piece at a time; the same rows give the same bytes."""
    import xlsxwriter  # heavy, and few processes write a workbook

    with tempfile.TemporaryFile() as file:
        # Rows leave memory for a temporary file as they come; strings are kept in place, not in a table of all.
        workbook = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False})
        dated = source.month.end.replace(tzinfo=None)
        workbook.set_properties({"title": f"IDTS return {source.month}", "created": dated})
        _write_rows(workbook, columns, ([column.value(source, row) for column in columns] for row in rows))
        _write_notes(workbook, columns, return_notes(source))
        workbook.close()
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


def _write_rows(workbook: Any, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> None:
    sheet = workbook.add_worksheet("Return")
    head = workbook.add_format({"bold": True, "bg_color": "#E3E6EA", "bottom": 1, "text_wrap": True, "valign": "top"})
    formats: dict[Any, Any] = {word: workbook.add_format(fill) for word, fill in FILLS.items()}
    formats |= {date: workbook.add_format({"num_format": "yyyy-mm-dd"})}
    formats |= {datetime: workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})}
    sheet.freeze_panes(1, [column.name for column in columns].index("name") + 1)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width)
        sheet.write_string(0, place, column.title, head)
        sheet.write_comment(0, place, f"{column.name}\n{column.description}", {"x_scale": 2.5})
    last = 0
    for last, row in enumerate(rows, start=1):
        for place, cell in enumerate(row):
            _write_cell(sheet, last, place, cell, formats)
    sheet.autofilter(0, 0, last, len(columns) - 1)


def _write_cell(sheet: Any, line: int, place: int, cell: Cell, formats: dict[Any, Any]) -> None:
    match cell:
        case None | "":
            pass
        case bool():
            sheet.write_boolean(line, place, cell)
        case datetime():
            # A workbook knows no time zones: the heading says UTC.
            sheet.write_datetime(line, place, cell.replace(tzinfo=None), formats[datetime])
        case date():
            sheet.write_datetime(line, place, cell, formats[date])
        case str():
            sheet.write_string(line, place, cell, formats.get(cell))
        case int():
            sheet.write_number(line, place, cell)


def _write_notes(workbook: Any, columns: Sequence[Column], notes: Sequence[str]) -> None:
    sheet = workbook.add_worksheet("Notes")
    wrapped, bold = workbook.add_format({"text_wrap": True, "valign": "top"}), workbook.add_format({"bold": True})
    for place, width in enumerate((44, 24, 90, 12, 60)):
        sheet.set_column(place, place, width)
    for line, note in enumerate(notes):
        sheet.write_string(line, 0, note)
    for place, name in enumerate(DICTIONARY):
        sheet.write_string(len(notes) + 1, place, name, bold)
    for line, column in enumerate(columns, start=len(notes) + 2):
        words = (column.title, column.name, column.description, column.type, column.source)
        for place, text in enumerate(words):
            sheet.write_string(line, place, text, wrapped)
