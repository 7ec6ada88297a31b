"""A return's columns, in the order that scripts rely on: new ones are only ever added at the end."""

from datetime import date, datetime

from app.queries.returns import ReturnRowView
from app.rules.programme import SECTION_COUNT

BEFORE_RATINGS = (
    *("month", "provisional", "code", "name", "region", "function", "toolkit_version", "stage"),
    *("commissioning_ready", "eligible", "red", "amber", "green"),
)
COLUMNS = (
    *BEFORE_RATINGS,
    *(f"section_{number}" for number in range(1, SECTION_COUNT + 1)),
    *("blocker_count", "blockers", "exempt"),
    *("statement_serial", "statement_status", "statement_standing", "statement_raised_at", "statement_issued_at"),
    *("go_live_date", "live_on", "last_update", "stale"),
)


def cells(month: str, is_provisional: bool, row: ReturnRowView) -> list[str | int]:
    """One row's cells in the order of `COLUMNS`: text (ratings among it) and whole numbers, empty for nothing."""
    statement = row.statement
    steps: tuple[str | date | None, ...] = (None,) * 7
    if statement is not None:
        steps = (
            *(statement.serial, statement.status, statement.standing),
            *(statement.raised_at, statement.issued_at, statement.go_live_date, statement.live_on),
        )
    return [
        *(month, _word(is_provisional), row.code, row.name, row.region, row.function, row.toolkit_version, row.stage),
        *(_word(row.commissioning_ready), _word(row.eligible), row.counts.red, row.counts.amber, row.counts.green),
        *row.ratings.values(),
        *(len(row.blockers), " ".join(map(str, row.blockers)), " ".join(map(str, row.exempt))),
        *map(_text, steps),
        *(_text(row.last_update), _word(row.stale)),
    ]


def _word(claim: bool) -> str:
    return "true" if claim else "false"


def _text(value: str | date | None) -> str:
    """RFC 3339 for moments, in UTC; ISO for dates; empty for nothing."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value if isinstance(value, str) else value.isoformat()
