"""A plan's paper, read by its headings, labels and tables; never by a file's name or the name of a place."""

from collections.abc import Sequence

from app.documents.paper.blocks import Paper, Paragraph, Table
from app.documents.plans.content import PlanPaper
from app.documents.plans.lines import Kind, Line, line_of
from app.documents.plans.tables import TableReader, heads_objectives
from app.documents.plans.where import Where

_LABELS = frozenset({Kind.PRIORITIES, Kind.OUTCOMES, Kind.DELIVERY, Kind.UPDATES})
_HEADINGS = frozenset({Kind.SECTION, Kind.OBJECTIVE})
# A line without a heading's style is one where it is no longer than this.
_LONGEST_PLAIN = 160

_Blocks = Sequence[Paragraph | Table]


def read_plan(paper: Paper) -> PlanPaper:
    """What a paper says of planning sections, objectives and actions, and what of it was not understood."""
    where = Where()
    tables = TableReader(where)
    for number, block in enumerate(paper.blocks):
        if isinstance(block, Table):
            tables.read(block)
        elif block.text:
            _take(where, block, paper.blocks[number + 1 :])
    return where.paper


def _take(where: Where, block: Paragraph, following: _Blocks) -> None:
    line = line_of(block.text, block.number, block.level)
    texts = [block.text]
    if line.kind is Kind.SECTION and _is_heading(block, line):
        where.begin_section(line, texts, block.place)
    elif line.kind is Kind.OBJECTIVE and _is_heading(block, line):
        where.begin_objective(line, texts, block.place)
    elif line.kind in _LABELS:
        table = _next_table(following)
        where.label(line, texts, block.place, of_section=table is not None and heads_objectives(table))
    elif block.level is not None and (heading := _unnumbered(where, block, following)):
        if heading is Kind.SECTION:
            where.begin_section(Line(heading, None, block.text), texts, block.place)
        else:
            where.begin_objective(Line(heading, None, block.text), texts, block.place)
    else:
        where.text(texts, block.place)


def _is_heading(block: Paragraph, line: Line) -> bool:
    """A line in a heading's style, or a short one that goes on as a heading does and not as a sentence."""
    if block.level is not None:
        return True
    return len(block.text) <= _LONGEST_PLAIN and not line.rest[:1].islower()


def _unnumbered(where: Where, block: Paragraph, following: _Blocks) -> Kind | None:
    """What a heading without a number begins; null for the paper's title and for headings over nothing."""
    if _next_table(following) is None:
        return Kind.SECTION if block.level == 1 and where.section is not None else None
    return Kind.SECTION if block.level == 1 else Kind.OBJECTIVE


def _next_table(following: _Blocks) -> Table | None:
    """The table before the next heading."""
    for block in following:
        if isinstance(block, Table):
            return block
        if not block.text:
            continue
        line = line_of(block.text, block.number, block.level)
        if block.level is not None or (line.kind in _HEADINGS and _is_heading(block, line)):
            return None
    return None
