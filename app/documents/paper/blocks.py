"""What a paper holds, whatever wrote it: paragraphs and tables in order, each with its place in the file."""

from collections.abc import Iterator
from dataclasses import dataclass, field


class UnreadablePaper(ValueError):
    """Not a paper that can be read; its message says why, in words for whoever sent it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: by paragraph, or by table, row and cell, each from 1; in a workbook by sheet and cell."""

    paragraph: int = 0
    table: int = 0
    row: int = 0
    cell: int = 0
    sheet: str = ""
    part: str = ""

    def __str__(self) -> str:
        if self.sheet:
            letters, column = "", self.cell
            while column:
                column, left = divmod(column - 1, 26)
                letters = chr(ord("A") + left) + letters
            return (
                f"sheet {self.sheet}, cell {letters}{self.row}" if self.cell else f"sheet {self.sheet}, row {self.row}"
            )
        names = (("table", self.table), ("row", self.row), ("cell", self.cell), ("paragraph", self.paragraph))
        words = ", ".join(f"{name} {number}" for name, number in names if number)
        return ", ".join(part for part in (self.part, words) if part)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`level` is 1 to 9 for a heading and null for running text; `number` is what the list gives it, such as `1.1`."""

    text: str
    place: Place
    level: int | None = None
    number: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's paragraphs, its colour (six hex digits) and how many columns it takes.

    `is_continued` marks a cell that only carries on the one above it.
    """

    lines: tuple[str, ...]
    place: Place
    columns: int = 1
    fill: str | None = None
    is_continued: bool = False
    number: str = ""
    tables: tuple["Table", ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()


@dataclass(frozen=True, slots=True)
class Row:
    cells: tuple[Cell, ...]
    place: Place
    is_header: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    rows: tuple[Row, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Paper:
    """The body in order; what stands outside it (headers, footers, notes); and remarks for whoever sent it."""

    blocks: tuple[Paragraph | Table, ...]
    elsewhere: tuple[Paragraph, ...] = ()
    remarks: tuple[str, ...] = field(default=())


def cells_of(table: Table) -> Iterator[Cell]:
    """Every cell of a table, those of tables inside it too, in reading order."""
    for row in table.rows:
        for cell in row.cells:
            yield cell
            for inner in cell.tables:
                yield from cells_of(inner)
