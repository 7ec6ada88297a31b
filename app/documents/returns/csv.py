"""A return as CSV."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from app.documents.csv_lines import csv_lines
from app.documents.returns.columns import Cell, Column
from app.queries.return_months import ReturnSourceView
from app.queries.returns import ReturnRowView
from app.rules.moments import moment_in_json


def render_return_csv(
    source: ReturnSourceView, columns: Sequence[Column], rows: Iterable[ReturnRowView]
) -> Iterator[bytes]:
    """The file, a piece at a time."""
    values = [column.value for column in columns]
    lines = ([_text(value(source, row)) for value in values] for row in rows)
    return csv_lines([column.name for column in columns], lines)


def _text(cell: Cell) -> str | int:
    """RFC 3339 for moments, in UTC; ISO for dates; empty for nothing."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case datetime():
            return moment_in_json(cell)
        case date():
            return cell.isoformat()
        case _:
            return cell
