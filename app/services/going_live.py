"""When a prison goes live: the planned date moved, the day confirmed, the end of the service recorded."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session

from app.errors import Conflict, FieldFault, Invalid
from app.models import Prison, ServiceEnd, table_of
from app.queries.prisons import PrisonView, read_prison
from app.queries.readiness import read_readiness
from app.queries.statements import StatementView, read_any_statement
from app.queries.toolkits import current_version, read_book
from app.rules.access import Caller
from app.rules.decision import Change
from app.rules.going_live import may_be_moved, may_end, may_go_live, was_eligible
from app.rules.moments import end_of_day, london_date
from app.rules.statement import StatementFacts, Step
from app.services.audit import Act
from app.services.events import Announcement, verdict_content
from app.services.open_statements import open_statement, refuse, take_steps
from app.services.opened import Entry, OpenedPrison, open_prison
from app.services.writing import append_change
from app.storage.batch import Write


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
    """Confirm that the prison went live, today or on a day since the issue, against the ratings of that day.

    Refused unless the statement is issued and every section met its minimum at the end of the day (now, for today);
    Invalid for a day before the issue or to come.
    """
    opened, facts = open_statement(session, statement_id, caller)
    refuse(may_go_live(facts), Conflict)
    today = london_date(opened.at)
    day = live_on or today
    _, issued_at = opened.present.statement_times[facts.id]
    assert issued_at is not None
    if not london_date(issued_at) <= day <= today:
        fault = FieldFault("/live_on", f"give a day from {london_date(issued_at).isoformat()} to {today.isoformat()}")
        raise Invalid("invalid-input", "Go-live is confirmed for today, or for a day since the issue.", [fault])
    go_live = opened.decide(Change()).readiness.go_live
    if day != today:
        go_live = read_readiness(session, opened.facts.code, at=opened.at, as_of=end_of_day(day)).go_live
    refuse(was_eligible(go_live, day), Conflict)
    columns = {"live_confirmed_at": opened.at, "live_confirmed_by": caller.by.name}
    step = Step("live", facts, replace(facts, live_on=day), columns=columns)
    prison = replace(opened.facts, live_on=day)
    take_steps(session, opened, step, prison=prison, before=[_live_since(opened, day)])
    return read_any_statement(session, statement_id)


def end_service(session: Session, code: str, ended_on: date, reason: str, *, caller: Caller) -> PrisonView:
    """Record that the service of a live prison ended; the statement that it went live on says so.

    Refused unless it is live, Invalid for a day before it went live or to come.
    """
    opened = open_prison(session, code, caller, may_be_closed=True)
    before, today = opened.facts.live_on, london_date(opened.at)
    refuse(may_end(before), Conflict)
    assert before is not None
    if not before <= ended_on <= today:
        fault = FieldFault("/ended_on", f"give a day from {before.isoformat()} to {today.isoformat()}")
        raise Invalid("invalid-input", "A service ends today or earlier, and after it began.", [fault])
    steps = tuple(
        Step("service_ended", one, replace(one, service_ended_on=ended_on), reason)
        for one in opened.statements
        if one.live_on is not None and one.service_ended_on is None
    )
    decision = opened.decide(Change(prison=replace(opened.facts, live_on=None), steps=steps))
    address, by = f"/v1/prisons/{opened.facts.code}", caller.by
    told = {"live_on": before.isoformat(), "ended_on": ended_on.isoformat()}
    end = {
        "prison_id": opened.facts.id,
        "at": opened.at,
        "by_id": by.id,
        "by_name": by.name,
        "by_role": by.role,
        "ended_on": ended_on,
        "reason": reason,
        "moves_verdict": decision.moves_verdict,
    }
    entry = Entry(
        Act("prison.service_ended", address, {"live_on": before.isoformat()}, told | {"reason": reason}),
        Announcement(
            *("prison.service_ended", opened.facts, opened.at, address, told | verdict_content(decision.readiness))
        ),
        [(_APPEND_END, end), _live_since(opened, None)],
    )
    append_change(session, opened, decision, [entry])
    return read_prison(session, code, opened.at)


_CHANGE_PRISON = update(table_of(Prison)).where(table_of(Prison).c.id == bindparam("of_prison"))
_APPEND_END = insert(table_of(ServiceEnd)).inline()


def _live_since(opened: OpenedPrison, day: date | None) -> Write:
    return _CHANGE_PRISON, {"of_prison": opened.facts.id, "live_on": day}


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
