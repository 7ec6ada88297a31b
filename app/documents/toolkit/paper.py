"""A filled-in toolkit: one table with a row for each critical area, as Word files, workbooks and CSV hold it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum, auto

from app.documents.paper.blocks import Cell, Paper, Paragraph, Place, Row, Table, cells_of
from app.documents.paper.colours import rating_of
from app.rules.types import Rating


class Column(StrEnum):
    NUMBER = auto()
    AREA = auto()
    OUTCOME = auto()
    STATUS = auto()
    ACTION = auto()
    LEAD = auto()
    BY_WHEN = auto()
    EVIDENCE = auto()
    COMMENT = auto()


_HEADERS = {
    column: re.compile(pattern, re.IGNORECASE)
    for column, pattern in {
        Column.NUMBER: r"(?:no|number|section|section (?:no|number)|#)\.?",
        Column.AREA: r"critical areas?|(?:section )?titles?|areas?",
        Column.OUTCOME: r"required outcomes?|outcomes?( required)?",
        Column.STATUS: r"(?:rag )?(?:status|rating)|rag|traffic light",
        Column.ACTION: r"actions?(?: (?:required|needed|plan))?",
        Column.LEAD: r"leads?(?: (?:person|officer|responsible))?|by whom|owner",
        Column.BY_WHEN: r"by when|target dates?|timescales?|dates?|deadline",
        Column.EVIDENCE: r"evidence.*",
        Column.COMMENT: r"comments?|notes?|progress",
    }.items()
}
_NUMBERED = re.compile(r"(\d{1,3})\s*(?:[.):\-\u2013]|\s)")
_WORDS = {
    "red": Rating.RED,
    "amber": Rating.AMBER,
    "yellow": Rating.AMBER,
    "orange": Rating.AMBER,
    "green": Rating.GREEN,
}
_LETTERS = {"r": Rating.RED, "a": Rating.AMBER, "g": Rating.GREEN}
_RATING_WORD = re.compile("|".join(rf"\b{word}\b" for word in _WORDS), re.IGNORECASE)
SECTIONS = range(1, 36)


@dataclass(slots=True)
class ToolkitRow:
    """One critical area as its cells say it. `number` is null for an area that the prison has added.

    `rating` is null where the status says none, or says two things at once; then `doubt` says which.
    """

    number: int | None
    area: str
    place: Place
    rating: Rating | None = None
    doubt: str | None = None
    cells: dict[Column, list[str]] = field(default_factory=dict)

    def text(self, column: Column) -> str:
        return "\n".join(self.cells.get(column, ()))


@dataclass(slots=True)
class ToolkitPaper:
    """The rows in order, headings of groups and headers of columns, and what stands around the table."""

    rows: list[ToolkitRow] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    around: list[Paragraph] = field(default_factory=list)

    def texts(self) -> Iterator[str]:
        """Every text that the paper held, each as often as it held it."""
        yield from self.labels
        yield from (each.text for each in self.around)
        for row in self.rows:
            for lines in row.cells.values():
                yield from lines


def is_toolkit(paper: Paper) -> bool:
    """Whether a table has a column of critical areas and one of their status or required outcome."""
    return any(_columns(row) for block in paper.blocks if isinstance(block, Table) for row in block.rows)


def read_toolkit_paper(paper: Paper) -> ToolkitPaper:
    """Every critical area of a filled-in toolkit, with its cells to the letter."""
    toolkit = ToolkitPaper()
    columns: list[Column | None] = []
    for block in paper.blocks:
        if isinstance(block, Paragraph):
            toolkit.around.extend([block] if block.text else [])
            continue
        for row in block.rows:
            own = _columns(row)
            if own is not None:
                columns = own
                toolkit.labels.extend(cell.text for cell in row.cells if cell.text)
            elif any(cell.text or cell.tables for cell in row.cells):
                _take(toolkit, row, columns)
    return toolkit


def _columns(row: Row) -> list[Column | None] | None:
    """The columns that a header row names; null where it is none."""
    columns: list[Column | None] = []
    for cell in row.cells:
        text = " ".join(cell.text.split()).strip(" :*")
        named = next((column for column, pattern in _HEADERS.items() if pattern.fullmatch(text)), None)
        columns.extend([named if named not in columns else None] * cell.columns)
    names = set(columns)
    is_header = Column.AREA in names and (Column.STATUS in names or Column.OUTCOME in names)
    return columns if is_header else None


def _take(toolkit: ToolkitPaper, row: Row, columns: list[Column | None]) -> None:
    filled = [cell for cell in row.cells if cell.text or cell.tables]
    if not columns or (len(filled) == 1 and filled[0] is row.cells[0] and _number_of(filled[0]) is None):
        # The heading of a group, or a table of something else.
        for cell in filled:
            place = cell.place
            if columns and not cell.tables:
                toolkit.labels.append(cell.text)
            else:
                toolkit.around.extend(Paragraph(text, place) for text in _texts(cell))
        return
    by_column, others = _by_column(row, columns)
    toolkit.around.extend(Paragraph(text, cell.place) for cell in others for text in _texts(cell))
    present = _present_row(toolkit, row, by_column)
    for column, cells in by_column.items():
        texts = [text for cell in cells for text in _texts(cell)]
        present.cells.setdefault(column, []).extend(texts)
    for cell in by_column.get(Column.STATUS, ()):
        _rate(present, cell)


def _present_row(toolkit: ToolkitPaper, row: Row, cells: dict[Column, list[Cell]]) -> ToolkitRow:
    """The row that these cells belong to: a new one where they name an area, else the one before."""
    area = next(iter(cells.get(Column.AREA, ())), None)
    own = next(iter(cells.get(Column.NUMBER, ())), None)
    named = area is not None and area.text and not area.is_continued
    if not named and not (own is not None and own.text) and toolkit.rows:
        return toolkit.rows[-1]
    number = _number_of(own) if own is not None and own.text else _number_of(area) if area is not None else None
    title = area.text if area is not None else ""
    toolkit.rows.append(ToolkitRow(number if number in SECTIONS else None, title, row.place))
    return toolkit.rows[-1]


def _by_column(row: Row, columns: list[Column | None]) -> tuple[dict[Column, list[Cell]], list[Cell]]:
    cells: dict[Column, list[Cell]] = {}
    others: list[Cell] = []
    place = 0
    for cell in row.cells:
        column = columns[place] if place < len(columns) else None
        if column is None:
            others.append(cell)
        else:
            cells.setdefault(column, []).append(cell)
        place += cell.columns
    return cells, others


def _number_of(cell: Cell) -> int | None:
    match = _NUMBERED.match(f"{cell.text} ") or _NUMBERED.match(f"{cell.number} ")
    return int(match[1]) if match else None


def _rate(row: ToolkitRow, cell: Cell) -> None:
    """Take a status: a word, a letter or the cell's colour, unless they say different things."""
    said = {_WORDS[word.lower()] for word in _RATING_WORD.findall(cell.text)}
    letter = _LETTERS.get(cell.text.strip(" .").lower())
    if letter is not None:
        said.add(letter)
    coloured = rating_of(cell.fill)
    if len(said) > 1:
        row.doubt = f"the status names {' and '.join(sorted(said))}"
    elif said and coloured is not None and coloured not in said:
        row.doubt = f"the status says {next(iter(said))} and its cell is coloured {coloured}"
    rating = next(iter(said)) if len(said) == 1 else coloured if not said else None
    if row.rating is not None and rating is not None and rating is not row.rating:
        row.doubt = f"two rows of the area say {row.rating} and {rating}"
    row.rating = None if row.doubt else row.rating or rating


def _texts(cell: Cell) -> list[str]:
    return [text for text in (cell.text, *(inner.text for table in cell.tables for inner in cells_of(table))) if text]
