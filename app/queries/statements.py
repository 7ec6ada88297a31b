"""Statements of Readiness: those that count for a verdict, one in full, a prison's list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import NotFound
from app.models import Prison, Signatory, Statement, StatementEvent
from app.models.columns import columns_of
from app.queries.readiness_meetings import MEETING_JSON, ReadinessMeetingView
from app.queries.since_raised import moved_since_raised
from app.rules.access import Principal, in_scope
from app.rules.statement import (
    OPEN,
    Standing,
    StatementFacts,
    StatementStatus,
    StatementWarning,
    name_warnings,
    passed_target,
)


@dataclass(frozen=True, slots=True)
class ReplacedView:
    """A person who was named for a role, and gave way to another before signing."""

    name: str
    reason: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class DateMoveView:
    """The planned go-live date moved from one day to another. `cause` is one of the toolkit's `delay_causes`."""

    moved_from: date
    moved_to: date
    reason: str
    cause: str | None
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class SignatoryView:
    """One person named on a statement. `signed_as` is the name that was given when signing."""

    role: str
    title: str
    name: str
    email: str | None
    signed_at: datetime | None
    signed_as: str | None
    replaced: list[ReplacedView]

    @property
    def names(self) -> tuple[str, str, str, str]:
        return self.role, self.title, self.name, self.signed_as or self.name


@dataclass(frozen=True, slots=True)
class StatementView:
    """One Statement of Readiness. `digest` is the SHA-256 of its payload, which is what is signed.

    `go_live_date` is planned now; `attested_go_live_date` is in what is signed, and `date_moves` leads from it.
    """

    id: str
    prison: str
    serial: str | None
    status: StatementStatus
    standing: Standing | None
    breached_sections: list[int]
    digest: str
    toolkit_version: str
    go_live_date: date
    attested_go_live_date: date
    date_moves: list[DateMoveView]
    live_on: date | None
    service_ended_on: date | None
    live_confirmed_at: datetime | None
    live_confirmed_by: str | None
    raised_at: datetime
    raised_by: str
    issued_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    end_reason: str | None
    superseded_by: str | None
    readiness_meeting: ReadinessMeetingView | None
    signatories: list[SignatoryView]
    warnings: list[StatementWarning]


STATEMENT_JSON = TypeAdapter(StatementView)


def facts_of_statement(row: Statement) -> StatementFacts:
    return StatementFacts(
        id=row.id,
        serial=row.serial,
        status=StatementStatus(row.status),
        standing=standing_of(row.status, row.breached_sections),
        digest=row.digest,
        go_live_date=row.go_live_date,
        attested_go_live_date=row.attested_go_live_date,
        live_on=row.live_on,
        breached_sections=tuple(row.breached_sections),
        service_ended_on=row.service_ended_on,
    )


def standing_of(status: str, breached: Sequence[int]) -> Standing | None:
    """Only what has been issued has a standing, and an ended statement keeps the one that it ended with."""
    if status not in (StatementStatus.ISSUED, StatementStatus.SUPERSEDED):
        return None
    return Standing.IN_BREACH if breached else Standing.IN_FORCE


def state_of(one: StatementFacts) -> dict[str, Any]:
    """A statement's facts as JSON, for the history."""
    return {
        "id": one.id,
        "serial": one.serial,
        "status": one.status.value,
        "standing": one.standing.value if one.standing else None,
        "digest": one.digest,
        "go_live_date": one.go_live_date.isoformat(),
        "attested_go_live_date": one.attested_go_live_date.isoformat(),
        "live_on": one.live_on.isoformat() if one.live_on else None,
        "breached_sections": list(one.breached_sections),
        "service_ended_on": one.service_ended_on.isoformat() if one.service_ended_on else None,
    }


def facts_from_state(state: dict[str, Any]) -> StatementFacts:
    return StatementFacts(
        id=state["id"],
        serial=state["serial"],
        status=StatementStatus(state["status"]),
        standing=Standing(state["standing"]) if state["standing"] else None,
        digest=state["digest"],
        go_live_date=_day(state["go_live_date"]),
        # Steps from before dates could be moved have the one date.
        attested_go_live_date=_day(state.get("attested_go_live_date") or state["go_live_date"]),
        live_on=_day(state["live_on"]) if state["live_on"] else None,
        breached_sections=tuple(state["breached_sections"]),
        service_ended_on=_day(ended) if (ended := state.get("service_ended_on")) else None,
    )


_READ_OPEN = (
    select(Statement)
    .where(col(Statement.prison_id) == bindparam("of_prison"), col(Statement.status).in_(sorted(OPEN)))
    .order_by(col(Statement.raised_at))
)


def read_open_statements(session: Session, prison_id: int, as_of: datetime | None = None) -> tuple[StatementFacts, ...]:
    """The statements that are raised or issued now, or were at a moment; at most one of each."""
    if as_of is None:
        rows = session.scalars(_READ_OPEN, {"of_prison": prison_id})
        return tuple(facts_of_statement(row) for row in rows)
    newest = (
        select(func.max(col(StatementEvent.id)))
        .where(col(StatementEvent.prison_id) == prison_id, col(StatementEvent.at) <= as_of)
        .group_by(col(StatementEvent.statement_id))
    )
    states = session.scalars(
        select(col(StatementEvent.state)).where(col(StatementEvent.id).in_(newest)).order_by(col(StatementEvent.id))
    )
    return tuple(one for one in map(facts_from_state, states) if one.status in OPEN)


UNKNOWN = NotFound("not-found", "There is no such statement, or your key may not see it.")


def read_own_statement(session: Session, statement_id: str, by: Principal) -> StatementView:
    """One statement; NotFound also where it is outside the caller's scope."""
    row = session.execute(select_statements().where(col(Statement.id) == statement_id)).first()
    if row is None or not in_scope(by, prison=row.code, region=row.region):
        raise UNKNOWN
    return statement_views(session, [row])[0]


def read_any_statement(session: Session, statement_id: str) -> StatementView:
    """One statement, for whoever has its prison's lock and with it has passed the check of its scope."""
    return statement_views(
        session, [session.execute(select_statements().where(col(Statement.id) == statement_id)).one()]
    )[0]


def read_payload(session: Session, statement_id: str) -> str:
    """The canonical JSON that the statement attests."""
    payload: str | None = session.scalar(select(col(Statement.payload)).where(col(Statement.id) == statement_id))
    if payload is None:
        raise UNKNOWN
    return payload


def read_credential(session: Session, statement_id: str) -> str | None:
    return session.scalar(select(col(Statement.credential)).where(col(Statement.id) == statement_id))


def select_statements() -> Any:
    """Statements with code, region and toolkit of their prison, to be made into views by `statement_views`."""
    statement = select(Statement, col(Prison.code), col(Prison.region), col(Prison.toolkit_version))
    # What a service has just written in the same session is read from the database, not from memory.
    return statement.join(Prison, col(Prison.id) == col(Statement.prison_id)).execution_options(populate_existing=True)


def statement_views(session: Session, rows: Sequence[Any]) -> list[StatementView]:
    ids = [row.Statement.id for row in rows]
    people: dict[str, list[SignatoryView]] = {one: [] for one in ids}
    steps, moved = _told_steps(session, ids), moved_since_raised(session, rows)
    named = select(Signatory).where(col(Signatory.statement_id).in_(ids)).order_by(col(Signatory.position))
    for one in session.scalars(named.execution_options(populate_existing=True)):
        before = [
            ReplacedView(told["from"], reason, at, by)
            for kind, told, reason, at, by in steps[one.statement_id]
            if kind == "signatory_replaced" and told["role"] == one.role
        ]
        people[one.statement_id].append(
            SignatoryView(one.role, one.title, one.name, one.email, one.signed_at, one.signed_as, before)
        )
    return [_view(one := row.Statement, row.code, people[one.id], steps[one.id], moved.get(one.id, [])) for row in rows]


ToldStep = tuple[str, dict[str, Any], str, datetime, str]


def _told_steps(session: Session, ids: Sequence[str]) -> dict[str, list[ToldStep]]:
    """By statement, the steps that tell more than their reason: kind, details, reason, when and by whom."""
    told = (
        select(*columns_of(StatementEvent, "statement_id kind details reason at by_name"))
        .where(col(StatementEvent.statement_id).in_(ids), col(StatementEvent.details).is_not(None))
        .order_by(col(StatementEvent.id))
    )
    found: dict[str, list[ToldStep]] = {one: [] for one in ids}
    for statement_id, *step in session.execute(told):
        found[statement_id].append((step[0], step[1], step[2], step[3], step[4]))
    return found


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _view(
    row: Statement,
    code: str,
    people: list[SignatoryView],
    steps: Sequence[ToldStep],
    moved: Sequence[StatementWarning],
) -> StatementView:
    return StatementView(
        id=row.id,
        prison=code,
        serial=row.serial,
        status=StatementStatus(row.status),
        standing=standing_of(row.status, row.breached_sections),
        breached_sections=row.breached_sections,
        digest=row.digest,
        toolkit_version=row.toolkit_version,
        go_live_date=row.go_live_date,
        attested_go_live_date=row.attested_go_live_date,
        date_moves=[
            DateMoveView(_day(told["from"]), _day(told["to"]), reason, told["cause"], at, by)
            for kind, told, reason, at, by in steps
            if kind == "go_live_date_moved"
        ],
        live_on=row.live_on,
        service_ended_on=row.service_ended_on,
        live_confirmed_at=row.live_confirmed_at,
        live_confirmed_by=row.live_confirmed_by,
        raised_at=row.raised_at,
        raised_by=row.raised_by,
        issued_at=row.issued_at,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        end_reason=row.end_reason,
        superseded_by=row.superseded_by,
        readiness_meeting=MEETING_JSON.validate_python(row.readiness_meeting) if row.readiness_meeting else None,
        signatories=people,
        warnings=[*name_warnings([one.names for one in people]), *_targets_passed(steps), *moved],
    )


def _targets_passed(steps: Sequence[ToldStep]) -> list[StatementWarning]:
    told = [details["target_dates_passed"] for kind, details, *_ in steps if kind == "raised"]
    return [passed_target(int(section), _day(day)) for days in told for section, day in days.items()]
