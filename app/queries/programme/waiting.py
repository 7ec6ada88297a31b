"""Statements that wait for signatures, and for whose; planned dates that were moved, and why."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, literal_column, or_, select, true
from sqlalchemy.orm import Session

from app.models import Prison, Signatory, Statement, StatementEvent, table_of
from app.models.statement import MOVED
from app.queries.programme.periods import PERIOD, ProgrammeAt, standing
from app.queries.programme.prison_lists import LONG, named
from app.rules.programme import Point
from app.rules.regions import RegionRef
from app.rules.statement import StatementStatus
from app.rules.toolkit import Toolkit

_PRISON, _STATEMENT, _SIGNATORY = table_of(Prison), table_of(Statement), table_of(Signatory)
_EVENT = table_of(StatementEvent)


@dataclass(frozen=True, slots=True)
class WaitingRole:
    """How many statements wait for the signature of a role."""

    role: str
    title: str
    statements: int


@dataclass(frozen=True, slots=True)
class WaitingStatement:
    """A statement that is raised and not issued, and the roles that have not signed it."""

    id: str
    code: str
    name: str
    region: RegionRef
    raised_at: datetime
    awaiting: list[str]


@dataclass(frozen=True, slots=True)
class WaitingStatements:
    """`roles` has those that most statements wait for first; `items` are the statements that have waited longest."""

    statements: int
    roles: list[WaitingRole]
    items: list[WaitingStatement]


@dataclass(frozen=True, slots=True)
class MovedDates:
    """How often planned go-live dates were moved for one cause; both words are null where none was given."""

    cause: str | None
    title: str
    moves: int


def _of_programme(prison_id: ColumnElement[int], is_region: bool, is_past: bool) -> ColumnElement[bool]:
    """Rows of the prisons of a region; the nation's are all there are, and are not looked up one by one."""
    return prison_id.in_(select(PERIOD.c.prison_id).where(standing(is_past))) if is_region else true()


def _kind(programme: ProgrammeAt) -> tuple[bool, bool]:
    return programme.region is not None, programme.as_of is not None


@cache
def _unsigned(is_region: bool, is_past: bool) -> Select[Any]:
    """Each signature that a raised statement waits for, the statements in the order in which they were raised."""
    one, person = _STATEMENT.c, _SIGNATORY.c
    found = (
        select(_PRISON.c.code, one.id, one.raised_at, person.role, person.title)
        .join(_STATEMENT, one.prison_id == _PRISON.c.id)
        .join(_SIGNATORY, person.statement_id == one.id)
        .where(_of_programme(one.prison_id, is_region, is_past))
        .order_by(one.raised_at, one.id, person.position)
    )
    if not is_past:
        return found.where(one.status == literal_column(f"'{StatementStatus.RAISED}'"), person.signed_at.is_(None))
    as_of: ColumnElement[datetime] = bindparam("as_of")
    later = (or_(at.is_(None), at > as_of) for at in (one.issued_at, one.ended_at, person.signed_at))
    return found.where(one.raised_at <= as_of, *later)


def read_waiting(session: Session, programme: ProgrammeAt, points: Sequence[Point]) -> WaitingStatements:
    """The statements of the prisons in `points`, which are open."""
    known = {point.code: point for point in points}
    waiting: dict[str, WaitingStatement] = {}
    statements, titles = Counter[str](), dict[str, str]()
    for code, identity, raised_at, role, title in session.execute(_unsigned(*_kind(programme)), programme.values):
        if code not in known:
            continue
        one = waiting.setdefault(identity, WaitingStatement(identity, *named(known[code]), raised_at, []))
        one.awaiting.append(role)
        statements[role] += 1
        titles.setdefault(role, title)
    ranked = sorted(statements.items(), key=lambda pair: (-pair[1], pair[0]))
    roles = [WaitingRole(role, titles[role], count) for role, count in ranked]
    return WaitingStatements(len(waiting), roles, list(waiting.values())[:LONG])


@cache
def _moves(is_region: bool, is_past: bool) -> Select[Any]:
    """Each time that a planned date was moved, with what is told of it."""
    event = _EVENT.c
    is_move = event.kind == literal_column(f"'{MOVED}'")
    found = select(_PRISON.c.code, event.details).join(_EVENT, event.prison_id == _PRISON.c.id)
    found = found.where(is_move, _of_programme(event.prison_id, is_region, is_past))
    return found if not is_past else found.where(event.at <= bindparam("as_of"))


def read_moved_dates(
    session: Session, programme: ProgrammeAt, toolkit: Toolkit, points: Sequence[Point]
) -> list[MovedDates]:
    """By cause, the most frequent first; of the prisons in `points`, which are open."""
    known = {point.code for point in points}
    rows = session.execute(_moves(*_kind(programme)), programme.values)
    causes = Counter(told["cause"] for code, told in rows if code in known)
    titles = {one.key: one.title for one in toolkit.delay_causes}
    ranked = sorted(causes.items(), key=lambda pair: (-pair[1], pair[0] or ""))
    return [
        MovedDates(cause, titles.get(cause, cause) if cause else "No cause given", moves) for cause, moves in ranked
    ]
