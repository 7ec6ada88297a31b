"""Readiness meetings: a prison's list, one of them, and the newest, which a statement shows."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import NotFound
from app.models import Evidence, Prison, ReadinessMeeting
from app.models.columns import columns_of
from app.rules.moments import london_date


@dataclass(frozen=True, slots=True)
class ReadinessMeetingView:
    """A meeting on whether the prison is ready: the day on which it was held, or why it was not.

    `evidence` leaves out what has been withdrawn since.
    """

    id: str
    prison: str
    held_on: date | None
    not_held_reason: str | None
    who: list[str]
    evidence: list[str]
    at: datetime
    by: str


MEETING_JSON = TypeAdapter(ReadinessMeetingView)

_COLUMNS = [
    *columns_of(ReadinessMeeting, "id"),
    *columns_of(Prison, "code"),
    *columns_of(ReadinessMeeting, "held_on not_held_reason who evidence at by"),
]


def list_meetings(
    session: Session, prison_id: int, *, after: tuple[datetime, str] | None = None, limit: int
) -> list[ReadinessMeetingView]:
    """A prison's meetings, those recorded last first, from the one after `after` (its moment and id)."""
    at, identity = col(ReadinessMeeting.at), col(ReadinessMeeting.id)
    statement = _of_prison(prison_id).order_by(at.desc(), identity.desc()).limit(limit)
    if after is not None:
        statement = statement.where((at < after[0]) | ((at == after[0]) & (identity < after[1])))
    return _found(session, prison_id, statement)


def newest_meeting(session: Session, prison_id: int) -> ReadinessMeetingView | None:
    """The one held last, whenever it was recorded; that none was held counts from the day on which it was said."""
    found = _found(session, prison_id, _of_prison(prison_id))
    return max(found, key=lambda one: (one.held_on or london_date(one.at), one.at), default=None)


def read_meeting(session: Session, prison_id: int, meeting_id: str) -> ReadinessMeetingView:
    found = _found(session, prison_id, _of_prison(prison_id).where(col(ReadinessMeeting.id) == meeting_id))
    if not found:
        raise NotFound("not-found", "This prison has no such readiness meeting: its list has their ids.")
    return found[0]


def counting_items(session: Session, prison_id: int, ids: list[str]) -> set[str]:
    """Which of these are items of evidence of the prison that have not been withdrawn."""
    of_prison = col(Evidence.prison_id) == prison_id, col(Evidence.withdrawn_at).is_(None)
    return set(session.scalars(select(col(Evidence.id)).where(*of_prison, col(Evidence.id).in_(ids))))


def _found(session: Session, prison_id: int, statement: Select[Any]) -> list[ReadinessMeetingView]:
    """The meetings, without papers that have been withdrawn since."""
    found = [ReadinessMeetingView(*row) for row in map(list, session.execute(statement))]
    counting = counting_items(session, prison_id, [item for one in found for item in one.evidence])
    return [replace(one, evidence=[item for item in one.evidence if item in counting]) for one in found]


def _of_prison(prison_id: int) -> Select[Any]:
    statement = select(*_COLUMNS).join(Prison, col(Prison.id) == col(ReadinessMeeting.prison_id))
    return statement.where(col(ReadinessMeeting.prison_id) == prison_id)
