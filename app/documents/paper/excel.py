"""Reading a workbook (.xlsx): each sheet as a table, with the words, dates and colours that its reader sees."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from app.documents.paper.blocks import Cell, Paper, Paragraph, Place, Row, Table, UnreadablePaper
from app.documents.paper.colours import THEME_NAMES, hex_colour, theme_colours, themed
from app.documents.paper.xml import Parts
from app.rules.moments import day_in_words

# Inflated, of one sheet: some 30,000 rows of a plan. More is no plan, and openpyxl takes fifty times as much memory.
MOST_SHEET_BYTES = 12 * 1024 * 1024
MOST_SHEETS = 50
# Excel ends a sheet's rows here where somebody has formatted a whole column.
_LAST_ROW, _LAST_COLUMN = 20_000, 100
_BROKEN = (
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    EOFError,
    SyntaxError,
)
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")


def read_excel(content: bytes) -> Paper:
    """The paper in an .xlsx file, hidden sheets too. UnreadablePaper says why it cannot be read."""
    theme = _checked(content)
    # Half a second, for whoever reads a workbook.
    from openpyxl import load_workbook

    try:
        shown = load_workbook(io.BytesIO(content), data_only=True)
        written = load_workbook(io.BytesIO(content)) if _has_formulas(content) else shown
    except _BROKEN as fault:
        raise UnreadablePaper("The workbook is damaged. Open it, save it again, and send that.") from fault
    reader = _Reader(theme)
    sheets = [name for name in shown.sheetnames if hasattr(shown[name], "iter_rows")]
    if not sheets:
        raise UnreadablePaper("The workbook has no sheet that can be read.")
    blocks = [reader.table(number, shown[name], written[name]) for number, name in enumerate(sheets, start=1)]
    return Paper(tuple(table for table in blocks if table.rows), tuple(reader.notes), tuple(reader.remarks()))


def _checked(content: bytes) -> dict[str, str]:
    """The theme's colours, once the package is small enough and its XML declares nothing that expands."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as fault:
        raise UnreadablePaper("The file is damaged: it is no workbook that opens.") from fault
    with archive:
        sheets = [item for item in archive.infolist() if _SHEET.fullmatch(item.filename)]
        if len(sheets) > MOST_SHEETS:
            raise UnreadablePaper(f"The workbook has {len(sheets)} sheets; at most {MOST_SHEETS} are read.")
        if any(sheet.file_size > MOST_SHEET_BYTES for sheet in sheets):
            raise UnreadablePaper(
                "A sheet of the workbook is too large. Delete its empty rows and columns, and save it."
            )
        parts = Parts(archive)
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")):
                parts.check(name)
        theme = Parts(archive).read("xl/theme/theme1.xml")
    return theme_colours(theme)


def _has_formulas(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if _SHEET.fullmatch(name)]
        return any(re.search(rb"<(?:\w+:)?f[ >/]", archive.read(name)) for name in names)


class _Reader:
    def __init__(self, theme: dict[str, str]) -> None:
        self.theme = theme
        self.notes: list[Paragraph] = []
        self.hidden: list[str] = []
        self.without_result = 0

    def remarks(self) -> Iterator[str]:
        if self.hidden:
            yield f"Hidden sheets are read too: {', '.join(self.hidden)}."
        if self.without_result:
            yield "Some formulas have no result in the file; they are shown as formulas."

    def table(self, number: int, shown: Any, written: Any) -> Table:
        if shown.sheet_state != "visible":
            self.hidden.append(shown.title)
        merged = _merged(shown)
        place = Place(sheet=shown.title, table=number)
        rows = []
        for at, cells in enumerate(shown.iter_rows(max_row=min(shown.max_row, _LAST_ROW)), start=1):
            row = self._row(cells[:_LAST_COLUMN], written, merged, at)
            if any(cell.lines or cell.fill or cell.is_continued for cell in row.cells):
                rows.append(row)
        return Table(tuple(rows), place)

    def _row(self, cells: Any, written: Any, merged: "_Merged", at: int) -> Row:
        read, column = [], 0
        sheet = written.title
        while column < len(cells):
            cell, place = cells[column], Place(sheet=sheet, row=at, cell=column + 1)
            width, height_goes_on = merged.get((at, column + 1), (1, False))
            text = "" if height_goes_on else self._text(cell, written)
            lines = tuple(line.strip() for line in text.split("\n") if line.strip())
            read.append(Cell(lines, place, width, self._fill(cell), is_continued=height_goes_on))
            if getattr(cell, "comment", None) is not None:
                self.notes.append(Paragraph(cell.comment.text.strip(), place))
            column += width
        return Row(tuple(read), Place(sheet=sheet, row=at))

    def _text(self, cell: Any, written: Any) -> str:
        value = cell.value
        if value is None:
            formula = written.cell(cell.row, cell.column).value
            if isinstance(formula, str) and formula.startswith("="):
                self.without_result += 1
                return formula
        return _as_words(value, getattr(cell, "number_format", ""))

    def _fill(self, cell: Any) -> str | None:
        fill = getattr(cell, "fill", None)
        if fill is None or fill.fill_type is None or not hasattr(fill, "fgColor"):
            return None
        colour = fill.fgColor if fill.fill_type == "solid" else fill.bgColor
        if colour.type == "theme" and isinstance(colour.theme, int) and colour.theme < len(THEME_NAMES):
            tint = float(colour.tint or 0)
            return themed(THEME_NAMES[colour.theme], self.theme, lighter=max(tint, 0), darker=max(-tint, 0))
        if colour.type == "indexed":
            return _indexed(colour.indexed)
        return hex_colour(colour.rgb) if colour.type == "rgb" and isinstance(colour.rgb, str) else None


_Merged = dict[tuple[int, int], tuple[int, bool]]


def _merged(sheet: Any) -> _Merged:
    """For each merged row of cells, by row and first column: its width, and whether it carries on the row above."""
    merged: _Merged = {}
    for area in sheet.merged_cells.ranges:
        for row in range(area.min_row, min(area.max_row, _LAST_ROW) + 1):
            merged[row, area.min_col] = (area.max_col - area.min_col + 1, row > area.min_row)
    return merged


def _as_words(value: object, form: str) -> str:
    """A value as its reader sees it, near enough: dates in words, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() != time.min:
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        has_day = "d" in re.sub(r"\[[^\]]*\]|\"[^\"]*\"", "", form.lower())
        return day_in_words(value) if has_day or not form else f"{value:%B %Y}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float) and form.endswith("%"):
        return f"{value:.0%}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _indexed(index: object) -> str | None:
    from openpyxl.styles.colors import COLOR_INDEX

    return hex_colour(COLOR_INDEX[index]) if isinstance(index, int) and index < len(COLOR_INDEX) else None
