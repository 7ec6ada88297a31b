"""The planned go-live date of a statement: moved with a reason, and nothing is issued past it (rule 7)."""

from datetime import date

from app.rules.statement import OPEN, StatementFacts
from app.rules.types import Reason


def may_be_moved(one: StatementFacts) -> Reason | None:
    """While the statement is open and the prison has not gone live on it."""
    if one.live_on is not None:
        return Reason(
            "already-live", f"The prison went live on {one.live_on.isoformat()}, so its planned date stays as it is."
        )
    if one.status not in OPEN:
        return Reason(
            "statement-not-open",
            f"This statement is {one.status}, so its planned date stays as it is. Raise a new one with another date.",
        )
    return None


def has_passed(one: StatementFacts, today: date) -> Reason | None:
    """Nothing is issued after its planned date: what was signed would promise a day that is gone."""
    if one.go_live_date >= today:
        return None
    return Reason(
        "go-live-date-passed",
        f"The planned go-live date, {one.go_live_date.isoformat()}, has passed, and this signature would issue the "
        f"statement. Have the prison or its region move the date first: POST /v1/statements/{one.id}/go-live-date.",
    )
