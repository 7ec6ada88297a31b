"""A return as CSV."""

from collections.abc import Iterable, Iterator

from app.documents.csv_lines import csv_lines
from app.documents.returns.cells import COLUMNS, cells
from app.queries.returns import ReturnRowView


def render_return_csv(month: str, is_provisional: bool, rows: Iterable[ReturnRowView]) -> Iterator[bytes]:
    """The file, a piece at a time."""
    return csv_lines(COLUMNS, (cells(month, is_provisional, row) for row in rows))
