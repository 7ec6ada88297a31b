"""Which column of a table says what: by its header, or where it has none, by what its cells hold."""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum, auto

from app.documents.paper.blocks import Cell, Row
from app.documents.plans.lines import bare_reference
from app.rules.by_when import ByWhenKind, read_by_when


class Column(StrEnum):
    REFERENCE = auto()
    OBJECTIVE = auto()
    TEXT = auto()
    BY_WHEN = auto()
    BY_WHOM = auto()
    MEASURES = auto()
    OUTCOMES = auto()
    UPDATES = auto()
    OTHER = auto()


_SOME = r".{1,30}"
# What a header may say in full, in the order in which it is tried.
_HEADERS: dict[Column, str] = {
    Column.REFERENCE: r"(?:ref(?:erence)?|no|num(?:ber)?|#|code|item|id)\.?(?: (?:no|number)\.?)?",
    Column.BY_WHEN: (
        r"(?:by )?when\??|time ?-?(?:frame|scale|line|table)s?|(?:to be )?completed? by|completion|deadline|"
        rf"due(?: by)?|(?:target |due |completion |end |review )?dates?(?: (?:for|of|to) {_SOME})?|"
        r"target (?:for )?completion"
    ),
    Column.BY_WHOM: (
        r"(?:by )?who(?:m)?\??|(?:action |lead |responsible |named )?(?:lead|owner|officer|agency|person|people)s?"
        rf"(?: responsible| and {_SOME}| ?/ ?{_SOME}| agency| officer| person)?|respons.*|accountab.*|"
        r"delivered by|led by"
    ),
    Column.OUTCOMES: (
        rf"(?:expected |intended |desired |required )?(?:outcomes?|results?|impacts?|benefits?)(?:s? ?/ ?{_SOME})?"
    ),
    Column.MEASURES: (
        r"(?:success |key |performance |how (?:will|is|do) .{0,60})?(?:measures?|measured|indicators?|kpis?|criteria|"
        r"key performance indicators?|evidence|monitoring|outputs?|targets?)"
        rf"(?: of success|s?/{_SOME}| \({_SOME}\))?\??"
    ),
    Column.UPDATES: r"(?:status|rag(?: status| rating)?|progress.*|updates?.*|comments?.*|notes?|position.*)",
    Column.OBJECTIVE: rf"(?:sub-?)?(?:objectives?|aims?|goals?|priorit(?:y|ies))(?: {_SOME})?",
    Column.TEXT: (
        r"(?:delivery plan|action plan|what|(?:key |main |planned )?(?:actions?|milestones?|tasks?|activit(?:y|ies)|"
        r"steps?))(?:\s*[:/&,]?\s*(?:and|required|needed|to be taken|key|actions?|milestones?|tasks?|activit(?:y|ies)|"
        r"plan))*\??"
    ),
}
_PATTERNS = {column: re.compile(pattern, re.IGNORECASE) for column, pattern in _HEADERS.items()}
_LONGEST_HEADER = 80
_FEWEST_HEADERS = 2

Columns = tuple[Column, ...]


def header_of(row: Row) -> Columns | None:
    """The columns that a row heads, one for each grid column; null where the row is no header."""
    columns: list[Column] = []
    named: set[Column] = set()
    filled = 0
    for cell in row.cells:
        text = " ".join(cell.text.split()).strip(" :*.")
        filled += bool(text)
        column = _column_of(text)
        if column is not Column.OTHER and column in named and column in (Column.TEXT, Column.BY_WHEN, Column.BY_WHOM):
            column = Column.OTHER
        named.add(column)
        columns.extend([column] * cell.columns)
    known = named - {Column.OTHER}
    says_what = (
        Column.TEXT in known or Column.OBJECTIVE in known or Column.OUTCOMES in known or Column.MEASURES in known
    )
    says_more = known & {Column.BY_WHEN, Column.BY_WHOM}
    if not says_more or len(known) < _FEWEST_HEADERS or not (says_what or row.is_header) or filled < _FEWEST_HEADERS:
        return None
    return _with_text(columns)


def _column_of(text: str) -> Column:
    if not text or len(text) > _LONGEST_HEADER:
        return Column.OTHER
    return next((column for column, pattern in _PATTERNS.items() if pattern.fullmatch(text)), Column.OTHER)


def _with_text(columns: list[Column]) -> Columns:
    """A table whose actions stand under another header has them under its objectives, outcomes or an unknown one."""
    if Column.TEXT not in columns:
        for stands_for in (Column.OTHER, Column.OBJECTIVE, Column.OUTCOMES, Column.MEASURES):
            if stands_for in columns:
                columns[columns.index(stands_for)] = Column.TEXT
                break
    return tuple(columns)


def spread(row: Row) -> list[tuple[int, Cell]]:
    """Each cell of a row with the grid column, from 0, that it begins in."""
    placed, column = [], 0
    for cell in row.cells:
        placed.append((column, cell))
        column += cell.columns
    return placed


def width(row: Row) -> int:
    """How many grid columns a row takes."""
    return sum(cell.columns for cell in row.cells)


def guessed(rows: Sequence[Row]) -> Columns | None:
    """The columns of a table without a header, by what its cells hold; null where no column holds dates."""
    count = max((width(row) for row in rows), default=0)
    texts: list[list[str]] = [[] for _ in range(count)]
    for row in rows:
        for column, cell in spread(row):
            if cell.text and cell.columns == 1:
                texts[column].append(cell.text)
    dated = [_share_of(column, _is_date) for column in texts]
    when = max(range(count), key=lambda column: dated[column], default=0)
    if count < _FEWEST_HEADERS or dated[when] <= 1 / 2:
        return None
    columns = [Column.OTHER] * count
    columns[when] = Column.BY_WHEN
    for column in range(count):
        if column != when and _share_of(texts[column], lambda text: bare_reference(text) is not None) > 1 / 2:
            columns[column] = Column.REFERENCE
            break
    left = [column for column in range(count) if columns[column] is Column.OTHER]
    longest = max(left, key=lambda column: sum(map(len, texts[column])), default=None)
    if longest is None:
        return None
    columns[longest] = Column.TEXT
    beside = [column for column in left if column != longest]
    for column, name in zip(
        sorted(beside, key=lambda each: abs(each - when)), (Column.BY_WHOM, Column.MEASURES), strict=False
    ):
        columns[column] = name
    return tuple(columns)


def _is_date(text: str) -> bool:
    return read_by_when(text).kind not in (ByWhenKind.UNREAD, ByWhenKind.NONE, ByWhenKind.CONDITIONAL)


def _share_of(texts: Sequence[str], holds: Callable[[str], bool]) -> float:
    return sum(map(holds, texts)) / len(texts) if texts else 0.0
