"""A plan's tables: header rows, headings across a row, actions, and rows that a page break cut in two."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.documents.paper.blocks import Cell, Row, Table, cells_of
from app.documents.plans.columns import Column, Columns, guessed, header_of, spread, width
from app.documents.plans.content import Action, Outcome
from app.documents.plans.lines import Kind, Line, action_reference, bare_reference, line_of
from app.documents.plans.where import Where

_LONGEST_HEADING_ROW = 160


def heads_objectives(table: Table) -> bool:
    """Whether rows of the table name objectives, so that what stands before it speaks of the whole section."""
    return any(_row_line(row).kind is Kind.OBJECTIVE for row in table.rows if header_of(row) is None)


@dataclass(slots=True)
class TableReader:
    where: Where
    # The header last seen for each width, for tables that go on after a page break without one.
    remembered: dict[int, tuple[Columns, tuple[str, ...]]] = field(default_factory=dict)

    def read(self, table: Table) -> None:
        rows = [row for row in table.rows if any(cell.text or cell.tables for cell in row.cells)]
        if not rows:
            return
        header = next((columns for row in rows if (columns := header_of(row))), None)
        goes_on = header is None
        columns, names = self._columns(rows, header)
        is_first = True
        for number, row in enumerate(rows):
            own = header_of(row)
            if own is not None:
                columns, names = own, _names(row)
                self.remembered[len(own)] = (columns, names)
                self.where.paper.labels.extend(cell.text for cell in row.cells if cell.text)
                continue
            if self._take_heading(row, rows[number + 1 :]):
                self._take_inner(row)
                continue
            if columns is None:
                self.where.refuse(_texts(row), row.place, "its table has no column for actions, dates or owners")
                continue
            _RowReader(self.where, columns, names, cut=goes_on and is_first).take(row)
            self._take_inner(row)
            is_first = False

    def _columns(self, rows: list[Row], header: Columns | None) -> tuple[Columns | None, tuple[str, ...]]:
        """The columns of a table: its own header's, or those of the last table as wide, or by what its cells hold."""
        if header is not None:
            return header, ()
        widest = max(width(row) for row in rows)
        if widest in self.remembered:
            return self.remembered[widest]
        return guessed(rows), ()

    def _take_heading(self, row: Row, following: Sequence[Row]) -> bool:
        """A row that is a heading or a label across the table."""
        line = _row_line(row)
        texts = [cell.text for cell in row.cells if cell.text]
        if line.kind is Kind.SECTION:
            self.where.begin_section(line, texts, row.place)
        elif line.kind is Kind.OBJECTIVE:
            self.where.begin_objective(line, texts, row.place)
        elif line.kind is not Kind.TEXT:
            self.where.label(line, texts, row.place, of_section=self.where.objective is None)
        elif len(row.cells) == 1 and texts and following and len(following[0].cells) > 1:
            # Merged over the whole table and without a number: a heading where it is short.
            if len(texts[0]) > _LONGEST_HEADING_ROW:
                self.where.text(texts, row.place)
            else:
                self.where.begin_objective(Line(Kind.OBJECTIVE, None, texts[0]), texts, row.place)
        else:
            return False
        return True

    def _take_inner(self, row: Row) -> None:
        """Tables inside a row: a plan's own, or cells that belong to the row's text."""
        for cell in row.cells:
            for inner in cell.tables:
                if any(header_of(each) for each in inner.rows):
                    self.read(inner)
                    continue
                action = self.where.last_action()
                texts = [each.text for each in cells_of(inner) if each.text]
                if action is None or action.place != row.place:
                    self.where.text(texts, row.place)
                else:
                    action.text = "\n".join([action.text, *texts]).strip()


@dataclass(slots=True)
class _RowReader:
    """Takes one row of cells. `cut` says that a page break may have cut the row before it in two."""

    where: Where
    columns: Columns
    names: tuple[str, ...]
    cut: bool

    def take(self, row: Row) -> None:
        cells: dict[Column, list[Cell]] = {}
        for place, cell in spread(row):
            column = self.columns[place] if place < len(self.columns) else Column.OTHER
            if column is Column.OTHER:
                self._refuse_other(place, cell)
            else:
                cells.setdefault(column, []).append(cell)
        self._take_objective(cells)
        before = self.where.last_action()
        if before is not None and self._carries_on(cells, before):
            gap = " " if self.cut else "\n"
            self._add(before, cells, gap)
        elif any(cell.text for each in cells.values() for cell in each):
            self._begin(row, cells, before)

    def _carries_on(self, cells: dict[Column, list[Cell]], before: Action) -> bool:
        """A row without an action of its own: the rest of the one before it."""
        text = _joined(cells.get(Column.TEXT, ()))
        if not text:
            return not _joined(cells.get(Column.REFERENCE, ()))
        others = [_joined(cells.get(column, ())) for column in (Column.BY_WHEN, Column.BY_WHOM, Column.REFERENCE)]
        return self.cut and not any(others) and text[0].islower() and before.text[-1:] not in ".;:!?"

    def _begin(self, row: Row, cells: dict[Column, list[Cell]], before: Action | None) -> None:
        action = Action("", row.place)
        self._add(action, cells, "\n")
        for column, name in _FIELDS.items():
            merged = cells.get(column, [])
            if before is not None and merged and all(cell.is_continued and not cell.text for cell in merged):
                value = getattr(before, name)
                setattr(action, name, list(value) if isinstance(value, list) else value)
                action.inherited.add(name)
        number = next((cell.number for cell in cells.get(Column.TEXT, ())), "")
        action.reference = (
            bare_reference(action.reference_cell)
            or action.reference_cell
            or bare_reference(number)
            or action_reference(action.text)
        )
        self.where.present_objective(row.place).actions.append(action)

    def _add(self, action: Action, cells: dict[Column, list[Cell]], gap: str) -> None:
        for column, name in _FIELDS.items():
            text = _joined(cells.get(column, ()))
            present = getattr(action, name)
            if not text:
                continue
            if isinstance(present, list):
                present.append(text)
            else:
                setattr(action, name, f"{present}{gap}{text}" if present else text)

    def _take_objective(self, cells: dict[Column, list[Cell]]) -> None:
        for cell in cells.pop(Column.OBJECTIVE, []):
            if cell.text:
                line = line_of(cell.text, cell.number, None)
                named = line if line.kind is Kind.OBJECTIVE else Line(Kind.OBJECTIVE, None, cell.text)
                self.where.begin_objective(named, [cell.text], cell.place)
        for cell in cells.pop(Column.OUTCOMES, []):
            if cell.text:
                self.where.present_objective(cell.place).outcomes.append(Outcome(None, [cell.text]))

    def _refuse_other(self, place: int, cell: Cell) -> None:
        if cell.text:
            name = self.names[place] if place < len(self.names) else ""
            column = f"the column “{name}”" if name else "a column without a heading"
            self.where.refuse([cell.text], cell.place, f"it stands in {column}, which plans here do not have")


_FIELDS = {
    Column.TEXT: "text",
    Column.BY_WHEN: "by_when",
    Column.BY_WHOM: "by_whom",
    Column.MEASURES: "measures",
    Column.UPDATES: "updates",
    Column.REFERENCE: "reference_cell",
}


def _row_line(row: Row) -> Line:
    """What a row is that has one filled cell, or whose first cell is a label and the second what it labels."""
    texts = [cell.text for cell in row.cells]
    filled = [text for text in texts if text]
    if not texts or not texts[0] or any(cell.is_continued for cell in row.cells):
        return Line(Kind.TEXT)
    if len(filled) == 1:
        line = line_of(filled[0], row.cells[0].number, 2 if len(row.cells) == 1 else None)
        is_bare = line.kind in (Kind.SECTION, Kind.OBJECTIVE) and not line.rest
        return Line(Kind.TEXT) if is_bare and len(row.cells) > 1 else line
    line = line_of(filled[0])
    if len(filled) == 2 and line.kind in (Kind.SECTION, Kind.OBJECTIVE) and not line.rest and texts[1]:
        return Line(line.kind, line.reference, filled[1])
    return Line(Kind.TEXT)


def _texts(row: Row) -> list[str]:
    return [text for cell in row.cells for text in (cell.text, *_inner_texts(cell)) if text]


def _inner_texts(cell: Cell) -> list[str]:
    return [each.text for inner in cell.tables for each in cells_of(inner)]


def _names(row: Row) -> tuple[str, ...]:
    return tuple(name for cell in row.cells for name in [cell.text] * cell.columns)


def _joined(cells: Sequence[Cell]) -> str:
    return "\n".join(cell.text for cell in cells if cell.text)
