"""When a prison goes live: the planned date moved, and the day confirmed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from app.errors import Conflict, FieldFault, Invalid
from app.queries.statements import StatementView, read_any_statement
from app.queries.toolkits import current_version, read_book
from app.rules.access import Caller
from app.rules.decision import Change
from app.rules.go_live_date import may_be_moved
from app.rules.moments import london_date
from app.rules.statement import StatementFacts, Step, may_go_live
from app.services.open_statements import open_statement, refuse, take_steps


def move_go_live_date(
    session: Session, statement_id: str, planned_on: date, reason: str, cause: str | None, *, caller: Caller
) -> StatementView:
    """Plan another day, with the reason and its cause in a word; the attested date stays in what is signed.

    Refused once the prison is live or the statement has ended, Invalid for a day that has passed.
    """
    opened, facts = open_statement(session, statement_id, caller)
    refuse(may_be_moved(facts), Conflict)
    causes = read_book(session, current_version(session)).toolkit.delay_causes
    _refuse_malformed(facts, planned_on, cause, london_date(opened.at), [one.key for one in causes])
    told = {"from": facts.go_live_date.isoformat(), "to": planned_on.isoformat(), "cause": cause}
    take_steps(
        session,
        opened,
        Step("go_live_date_moved", facts, replace(facts, go_live_date=planned_on), reason, details=told),
    )
    return read_any_statement(session, statement_id)


def confirm_go_live(session: Session, statement_id: str, live_on: date | None, *, caller: Caller) -> StatementView:
    """Confirm that the prison goes live, against the ratings of the day.

    Refused unless the statement is issued and every section meets its minimum now.
    """
    opened, facts = open_statement(session, statement_id, caller)
    today = london_date(opened.at)
    if live_on is not None and live_on != today:
        # The ratings of the day decide, and the day that can be judged now is today.
        fault = FieldFault("/live_on", f"give today, {today.isoformat()}, or leave it out")
        raise Invalid("invalid-input", "Go-live is confirmed on the day itself, against its ratings.", [fault])
    refuse(may_go_live(facts, opened.decide(Change()).readiness.go_live), Conflict)
    after = replace(facts, live_on=today)
    columns = {"live_confirmed_at": opened.at, "live_confirmed_by": caller.by.name}
    take_steps(session, opened, Step("live", facts, after, columns=columns))
    return read_any_statement(session, statement_id)


def _refuse_malformed(
    facts: StatementFacts, planned_on: date, cause: str | None, today: date, causes: Sequence[str]
) -> None:
    faults = []
    if planned_on < today:
        faults.append(FieldFault("/go_live_date", "has passed: give the planned date, today or later"))
    elif planned_on == facts.go_live_date:
        faults.append(FieldFault("/go_live_date", "is the planned date already: give another one"))
    if cause is not None and cause not in causes:
        faults.append(FieldFault("/cause", f"give one of {', '.join(causes)}"))
    if faults:
        raise Invalid("invalid-input", "Put right what the pointers name and move the date again.", faults)
