"""The heat map as CSV."""

from collections.abc import Iterable, Iterator

from app.documents.csv_lines import csv_lines
from app.queries.programme.matrix import MatrixRowView
from app.rules.programme import SECTION_COUNT

COLUMNS = (
    *("code", "name", "region", "region_name", "stage", "blockers"),
    *(f"section_{number}" for number in range(1, SECTION_COUNT + 1)),
    *("red", "amber", "green", "exempt", "exempt_sections"),
)


def render_matrix(rows: Iterable[MatrixRowView]) -> Iterator[bytes]:
    """The file, a piece at a time."""
    return csv_lines(COLUMNS, (_cells(row) for row in rows))


def _cells(row: MatrixRowView) -> list[object]:
    counts = (row.counts.red, row.counts.amber, row.counts.green, len(row.exempt))
    ahead = (row.code, row.name, row.region.slug, row.region.name, row.stage, row.blockers)
    return [*ahead, *row.ratings.values(), *counts, " ".join(map(str, row.exempt))]
