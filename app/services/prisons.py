"""Registering prisons and correcting what is known of them."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import Conflict, FieldFault, Forbidden, Invalid, Outdated, Refused
from app.models import Prison, PrisonChange, ToolkitVersion
from app.queries.prisons import PrisonView, facts_of, read_prison
from app.queries.sections import read_answers
from app.queries.statements import read_open_statements
from app.queries.toolkits import current_version, read_book
from app.rules.access import Principal, Role
from app.rules.assessment import Answers, Assessment
from app.rules.caller import Caller
from app.rules.moments import last_day_of, strictly_after
from app.rules.prison import PrisonDetails, PrisonFacts
from app.rules.readiness import Situation
from app.rules.section import exemption_allowed, unsupported_rating
from app.rules.types import Function
from app.services.audit import record
from app.services.events import announce_prison
from app.services.standing import open_standing, settle
from app.services.turns import wait_for_turn
from app.services.writing import lock_prison

# A prison may put right what it knows best; who it is and where it belongs is for an administrator.
MAY_CORRECT = {
    Role.PRISON: frozenset({"designation", "function", "county", "postcode", "gender", "contracted", "categories"}),
    Role.REGION: frozenset({"toolkit_version"}),
}


def register_prison(session: Session, details: PrisonDetails, *, caller: Caller) -> PrisonView:
    """Register a prison on the current toolkit, every section RED; Conflict if its code is taken."""
    code = details.code.upper()
    wait_for_turn(session, "register a prison")
    if session.scalar(select(col(Prison.id)).where(col(Prison.code) == code)) is not None:
        raise Conflict("prison-exists", f"{code} is registered already. Correct it with PATCH /v1/prisons/{code}.")
    prison = Prison(
        **(asdict(details) | {"code": code, "categories": list(details.categories)}),
        closed_by=_closed_by(details.opened_on, details.closed_on),
        toolkit_version=current_version(session),
        version=1,
        registered_at=caller.at,
        changed_at=caller.at,
        latest_at=caller.at,
    )
    session.add(prison)
    session.flush()
    facts = facts_of(prison)
    readiness = open_standing(session, Situation(facts, NO_ANSWERS), caller.at)
    _append_version(session, prison, before={}, caller=caller, moves_verdict=False)
    announce_prison(session, None, facts, readiness, version=1, changed=(), at=caller.at)
    return read_prison(session, code, caller.at)


NO_ANSWERS = Answers(tuple(Assessment(number) for number in range(1, 36)), {})


StillCurrentPrison = Callable[[PrisonView], bool]


def correct_prison(
    session: Session,
    code: str,
    given: Mapping[str, Any],
    *,
    caller: Caller,
    still_current: StillCurrentPrison | None = None,
) -> PrisonView:
    """Change what was sent and nothing else; the verdict is settled anew where it rests on it.

    `still_current` says whether the caller's copy (If-Match) is the present one. Forbidden for fields beyond
    the caller's role, Refused where an exemption or a rating would not fit any more, Invalid for an unknown toolkit.
    """
    prison = lock_prison(session, code, caller)
    _refuse_fields_beyond_role(caller.by, given)
    if still_current is not None and not still_current(read_prison(session, code, caller.at)):
        raise Outdated("outdated-copy", "The prison's details have changed since you read them. Read them again first.")
    at = strictly_after(prison.latest_at, caller.moment())
    before_state, before_facts = _state(prison), facts_of(prison)
    after_state = before_state | {name: _plain(value) for name, value in given.items()}
    if after_state == before_state:
        return read_prison(session, code, at)
    answers = read_answers(session, before_facts.id)
    facts = replace(
        before_facts,
        name=after_state["name"],
        region=after_state["region"],
        function=Function(after_state["function"]),
        toolkit_version=after_state["toolkit_version"],
    )
    _refuse_what_would_not_fit(session, facts, answers)
    _apply(prison, given, at)
    session.flush()
    statements = read_open_statements(session, facts.id)
    situation = Situation(facts, answers, statements)
    settled = settle(session, replace(situation, prison=before_facts), situation, caller=caller, at=at)
    _append_version(session, prison, before=before_state, caller=replace(caller, at=at), moves_verdict=settled.moved)
    changed = [name for name, value in after_state.items() if value != before_state[name]]
    announce_prison(session, before_facts, facts, settled.readiness, version=prison.version, changed=changed, at=at)
    return read_prison(session, code, at)


def _apply(prison: Prison, given: Mapping[str, Any], at: datetime) -> None:
    for name, value in given.items():
        setattr(prison, name, list(value) if isinstance(value, tuple) else value)
    prison.closed_by = _closed_by(prison.opened_on, prison.closed_on)
    prison.version, prison.changed_at, prison.latest_at = prison.version + 1, at, at


def _refuse_fields_beyond_role(by: Principal, given: Mapping[str, Any]) -> None:
    if by.role is Role.ADMIN:
        return
    allowed = MAY_CORRECT.get(by.role, frozenset())
    beyond = sorted(set(given) - allowed)
    if beyond:
        faults = [FieldFault(f"/{name}", "not for this role") for name in beyond]
        detail = f"{by.role.a_key} may change {', '.join(sorted(allowed))}. Ask an administrator for the rest."
        raise Forbidden("role-not-allowed", detail, faults)


def _refuse_what_would_not_fit(session: Session, facts: PrisonFacts, answers: Answers) -> None:
    """The rules hold after every change, so also after a change of function or of toolkit."""
    version = facts.toolkit_version
    if session.scalar(select(col(ToolkitVersion.version)).where(col(ToolkitVersion.version) == version)) is None:
        detail = f"No toolkit version {version!r} is loaded. GET /v1/toolkits lists those that are."
        raise Invalid("unknown-toolkit", detail, [FieldFault("/toolkit_version", "not a loaded version")])
    toolkit = read_book(session, version).toolkit
    for one in answers.assessments:
        section = toolkit.section(one.number)
        if one.exemption is not None and (reason := exemption_allowed(section, facts.function)) is not None:
            raise Refused("exemption-in-the-way", f"{reason.detail} End its exemption first.")
        if reasons := unsupported_rating(section, one.facts()):
            raise Refused("toolkit-does-not-fit", f"Under version {version}: {reasons[0].detail}")


def _append_version(
    session: Session, prison: Prison, *, before: Mapping[str, Any], caller: Caller, moves_verdict: bool
) -> None:
    state = _state(prison)
    session.execute(
        insert(PrisonChange).values(
            prison_id=prison.id,
            version=prison.version,
            at=caller.at,
            by_id=caller.by.id,
            by_name=caller.by.name,
            by_role=caller.by.role,
            changes=[
                {"field": name, "from": before.get(name), "to": value}
                for name, value in state.items()
                if before.get(name) != value
            ],
            state=state,
            moves_verdict=moves_verdict,
        )
    )
    record(
        session,
        caller=caller,
        at=caller.at,
        action="prison.corrected" if before else "prison.registered",
        subject=f"/v1/prisons/{prison.code}",
        prison=prison.code,
        before=before or None,
        after=state,
    )


_STATE_FIELDS = (
    "code",
    "name",
    "designation",
    "function",
    "region",
    "county",
    "postcode",
    "gender",
    "contracted",
    "categories",
    "opened_on",
    "closed_on",
    "toolkit_version",
)


def _state(prison: Prison) -> dict[str, Any]:
    return {name: _plain(getattr(prison, name)) for name in _STATE_FIELDS}


def _plain(value: Any) -> Any:
    """A value as the history's JSON has it."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Function):
        return value.value
    return list(value) if isinstance(value, tuple) else value


def _closed_by(opened_on: date | None, closed_on: str | None) -> date | None:
    """The last day on which the prison can have been open, where only a month may be known."""
    if closed_on is None:
        return None
    closed_by = last_day_of(closed_on)
    if opened_on is not None and opened_on > closed_by:
        fault = FieldFault("/closed_on", f"before it opened, on {opened_on.isoformat()}")
        raise Invalid("invalid-input", "A prison closes after it has opened: put one of the two dates right.", [fault])
    return closed_by
