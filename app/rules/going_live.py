"""Going live: the planned date, the day that it happens, and the end of the service (rules 6 and 7)."""

from datetime import date

from app.rules.go_live import GoLive
from app.rules.statement import OPEN, StatementFacts, StatementStatus
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


def may_go_live(one: StatementFacts) -> Reason | None:
    """Once, on an issued statement. Source: toolkit, introduction."""
    if one.status is not StatementStatus.ISSUED:
        return Reason(
            "statement-not-issued",
            f"Go-live is confirmed on an issued statement; this one is {one.status}.",
        )
    if one.live_on is not None:
        detail = f"Go-live has already been confirmed, for {one.live_on.isoformat()}"
        if one.service_ended_on is not None:
            detail += f", and the service ended on {one.service_ended_on.isoformat()}. To go live again, raise a new "
            detail += "statement and have it signed"
        return Reason("already-live", f"{detail}.")
    return None


def was_eligible(go_live: GoLive, day: date) -> Reason | None:
    """Against the ratings at the end of the day: every section meets its minimum, and so none that counts is RED."""
    if go_live.eligible:
        return None
    numbers = ", ".join(str(blocker.section) for blocker in go_live.blockers)
    return Reason(
        "not-eligible",
        f"The prison cannot have gone live on {day.isoformat()}: these sections were below their minimum at the end of "
        f"that day: {numbers}. Confirm a day on which every section met it. The statement stays issued.",
    )


def may_end(live_on: date | None) -> Reason | None:
    """The service of a prison that is live comes to an end."""
    if live_on is None:
        return Reason("not-live", "The prison is not live, so there is no service to end.")
    return None
