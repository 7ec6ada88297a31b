"""Registering prisons and correcting what is known of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import Conflict, FieldFault, Forbidden, Invalid, Outdated, Refused
from app.models import Prison, PrisonChange, ReturnRevision, ToolkitVersion, table_of
from app.queries.present import first_present
from app.queries.prisons import PrisonView, read_prison
from app.queries.toolkits import current_version, read_book
from app.rules.access import Caller, Principal, Role
from app.rules.assessment import Stamp, without_gone_outcomes
from app.rules.decision import Change, Decision
from app.rules.moments import last_day_of, london_date
from app.rules.prison import PrisonDetails, PrisonFacts
from app.rules.readiness import RuleBook
from app.rules.section import exemption_allowed, unsupported_rating
from app.rules.toolkit_changes import verdict_changes
from app.rules.types import Function
from app.services.audit import Act
from app.services.events import Announcement, verdict_content
from app.services.opened import Entry, OpenedPrison, moment_of_change, open_prison
from app.services.section_versions import section_entries
from app.services.turns import wait_for_turn
from app.services.writing import append_change
from app.storage.batch import Write

# A prison may put right what it knows best; who it is and where it belongs is for an administrator.
MAY_CORRECT = {
    Role.PRISON: frozenset({"designation", "county", "postcode", "gender", "contracted", "categories"}),
    # Exemptions hang on what a prison is for (rule 5), and they are the region's.
    Role.REGION: frozenset({"function", "toolkit_version"}),
}


def register_prison(session: Session, details: PrisonDetails, *, caller: Caller) -> PrisonView:
    """Register a prison on the current toolkit, every section RED; Conflict if its code is taken."""
    code = details.code.upper()
    wait_for_turn(session, "register a prison")
    if session.scalar(select(col(Prison.id)).where(col(Prison.code) == code)) is not None:
        raise Conflict("prison-exists", f"{code} is registered already. Correct it with PATCH /v1/prisons/{code}.")
    opened = _opened_first(session, details, code, caller)
    decision = opened.decide(Change())
    state = _state(opened.present.details)
    act = Act("prison.registered", f"/v1/prisons/{code}", None, state)
    event = Announcement("prison.registered", opened.facts, opened.at, act.subject, _told(opened, decision, 1))
    append_change(session, opened, decision, [Entry(act, event, [_version(opened, decision, {}, state, 1)])])
    return read_prison(session, code, opened.at)


def _opened_first(session: Session, details: PrisonDetails, code: str, caller: Caller) -> OpenedPrison:
    """The row of a prison that has just been registered, as it is opened for its first verdict."""
    version = current_version(session)
    frozen_month = session.scalar(select(func.max(col(ReturnRevision.month))))
    at = moment_of_change(caller.moment(), None, frozen_month)
    row = asdict(details) | {
        "code": code,
        "categories": list(details.categories),
        "closed_by": _closed_by(details.opened_on, details.closed_on),
        "live_on": None,
        "toolkit_version": version,
        "version": 1,
        "registered_at": at,
        "changed_at": at,
    }
    row["id"] = session.scalar(_REGISTER, row)
    return OpenedPrison(first_present(session.connection(), row), read_book(session, version), caller, at)


def correct_prison(
    session: Session,
    code: str,
    given: Mapping[str, Any],
    *,
    caller: Caller,
    versions: frozenset[int] | None = None,
    accept_lapse: bool = False,
) -> PrisonView:
    """Change what was sent and nothing else; the verdict is settled anew where it rests on it.

    Outdated where the prison's version is none of `versions` (the caller's copy). Forbidden for fields beyond
    the caller's role, Refused where an exemption or a rating would not fit any more, Invalid for an unknown toolkit.
    """
    may_be_closed = "toolkit_version" not in given
    opened = open_prison(session, code, caller, may_be_closed=may_be_closed, accept_lapse=accept_lapse)
    _refuse_fields_beyond_role(caller.by, given)
    if versions is not None and opened.present.details["version"] not in versions:
        raise Outdated("outdated-copy", "The prison's details have changed since you read them. Read them again first.")
    _correct(session, opened, given)
    return read_prison(session, code, opened.at)


@dataclass(frozen=True, slots=True)
class MovedPrison:
    """A prison that was moved to another toolkit version; `changes` says what became of its verdict, in phrases.

    `dropped` has the outcomes that the version does not ask for any more, by section; the history keeps them.
    """

    code: str
    name: str
    changes: tuple[str, ...]
    dropped: Mapping[int, tuple[str, ...]]


def move_prison(
    session: Session, code: str, version: str, *, caller: Caller, accept_lapse: bool = False
) -> MovedPrison | None:
    """Judge a prison by another toolkit version from now on; None where it is on it already. Refused as above."""
    opened = open_prison(session, code, caller, may_be_closed=True, accept_lapse=accept_lapse)
    decision = _correct(session, opened, {"toolkit_version": version})
    if decision is None:
        return None
    dropped = {
        number: tuple(sorted(opened.answers.of(number).outcomes.keys() - one.outcomes.keys()))
        for number, one in decision.sections.items()
    }
    before = decision.before.view(opened.book, london_date(opened.at))
    return MovedPrison(
        opened.facts.code, opened.facts.name, tuple(verdict_changes(before, decision.readiness)), dropped
    )


def _correct(session: Session, opened: OpenedPrison, given: Mapping[str, Any]) -> Decision | None:
    """Store what differs from the prison's details, and what that makes of its sections; None where nothing does."""
    details = opened.present.details
    before = _state(details)
    state = before | {name: _plain(value) for name, value in given.items()}
    if state == before:
        return None
    facts = replace(
        opened.facts,
        name=state["name"],
        region=state["region"],
        function=Function(state["function"]),
        toolkit_version=state["toolkit_version"],
    )
    book = _fitting_book(session, facts, opened)
    sections = {
        one.number: without_gone_outcomes(one, book.toolkit.section(one.number)) for one in opened.answers.assessments
    }
    decision = opened.decide(Change(sections, Stamp(opened.at, opened.caller.by.name), prison=facts, book=book))
    row = _corrected_row(opened, given)
    entries = [
        *section_entries(opened, decision, "section.outcomes_dropped"),
        *_correction(opened, decision, row, before, state),
    ]
    append_change(session, opened, decision, entries, details={**details, **row})
    return decision


def _corrected_row(opened: OpenedPrison, given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of `prison` that a correction changes."""
    details = opened.present.details
    row = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    whole = {**details, **row}
    closed_by = _closed_by(whole["opened_on"], whole["closed_on"])
    return row | {"closed_by": closed_by, "version": details["version"] + 1, "changed_at": opened.at}


def _correction(
    opened: OpenedPrison,
    decision: Decision,
    row: Mapping[str, Any],
    before: Mapping[str, Any],
    state: Mapping[str, Any],
) -> list[Entry]:
    """What stores a correction and tells of it; a region that the prison left is told so too."""
    facts, version = decision.after.prison, row["version"]
    act = Act("prison.corrected", f"/v1/prisons/{facts.code}", before, state)
    changed = [name for name, value in state.items() if value != before[name]]
    content = _told(opened, decision, version) | {"changed": changed}
    event = Announcement("prison.corrected", facts, opened.at, act.subject, content)
    writes = [(_CORRECT, {**row, "of_prison": facts.id}), _version(opened, decision, before, state, version)]
    entries = [Entry(act, event, writes)]
    if opened.facts.region != facts.region:
        left = {"region_now": facts.region}
        entries.append(Entry(None, Announcement("prison.left_region", opened.facts, opened.at, act.subject, left)))
    return entries


def _told(opened: OpenedPrison, decision: Decision, version: int) -> dict[str, Any]:
    facts = decision.after.prison
    return {"version": version, "toolkit_version": facts.toolkit_version, **verdict_content(decision.readiness)}


def _refuse_fields_beyond_role(by: Principal, given: Mapping[str, Any]) -> None:
    if by.role is Role.ADMIN:
        return
    allowed = MAY_CORRECT.get(by.role, frozenset())
    beyond = sorted(set(given) - allowed)
    if beyond:
        faults = [FieldFault(f"/{name}", "not for this role") for name in beyond]
        others = "your region or an administrator" if by.role is Role.PRISON else "an administrator"
        detail = f"{by.role.a_key} may change {', '.join(sorted(allowed))}. Ask {others} for the rest."
        raise Forbidden("role-not-allowed", detail, faults)


def _fitting_book(session: Session, facts: PrisonFacts, opened: OpenedPrison) -> RuleBook:
    """No exemption and no rating loses its support by a change of function or of toolkit."""
    version = facts.toolkit_version
    if session.scalar(select(col(ToolkitVersion.version)).where(col(ToolkitVersion.version) == version)) is None:
        detail = f"No toolkit version {version!r} is loaded. GET /v1/toolkits lists those that are."
        raise Invalid("unknown-toolkit", detail, [FieldFault("/toolkit_version", "not a loaded version")])
    book = read_book(session, version)
    toolkit = book.toolkit
    for one in opened.answers.assessments:
        section, was = toolkit.section(one.number), opened.toolkit.section(one.number)
        if one.exemption is not None and exemption_allowed(section, facts.function) is not None:
            detail = f"Section {one.number} ({section.title}) is exempt, and cannot be at a {facts.function} prison."
            raise Refused("exemption-in-the-way", f"{detail} End its exemption first.")
        reasons = [] if section == was else unsupported_rating(section, one.facts())
        if reasons and not unsupported_rating(was, one.facts()):
            raise Refused("toolkit-does-not-fit", f"Under version {version}: {reasons[0].detail}")
    return book


_PRISON = table_of(Prison)
_REGISTER = insert(_PRISON).returning(_PRISON.c.id)
_CORRECT = update(_PRISON).where(_PRISON.c.id == bindparam("of_prison"))
_APPEND = insert(table_of(PrisonChange)).inline()


def _version(
    opened: OpenedPrison, decision: Decision, before: Mapping[str, Any], state: Mapping[str, Any], version: int
) -> Write:
    by = opened.caller.by
    return _APPEND, {
        "prison_id": opened.facts.id,
        "version": version,
        "at": opened.at,
        "by_id": by.id,
        "by_name": by.name,
        "by_role": by.role,
        "changes": [
            {"field": name, "from": before.get(name), "to": value}
            for name, value in state.items()
            if before.get(name) != value
        ],
        "state": state,
        "moves_verdict": bool(before) and decision.moves_verdict,
    }


_STATE_FIELDS = (*(field.name for field in fields(PrisonDetails)), "toolkit_version")


def _state(details: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(details[name]) for name in _STATE_FIELDS}


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
