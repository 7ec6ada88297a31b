"""The change feed as its readers see it: complete and in one order, whoever writes at the same time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import ChangeEvent
from app.models.columns import columns_of
from app.models.events import oldest_open_transaction
from app.rules.regions import REGION_REFS, RegionRef

KINDS = (
    "prison.registered",
    "prison.corrected",
    "prison.left_region",
    "prison.service_ended",
    "section.rated",
    "section.outcomes_dropped",
    "exemption.recorded",
    "exemption.ended",
    "evidence.added",
    "evidence.extended",
    "evidence.corrected",
    "evidence.withdrawn",
    "review.added",
    "review.answered",
    "review.closed",
    "readiness_meeting.recorded",
    "partnership.made",
    "partnership.changed",
    "plan.created",
    "plan.corrected",
    "plan.content_changed",
    "plan.action_added",
    "plan.action_changed",
    "plan.update_added",
    "plan.submitted",
    "plan.approved",
    "plan.sent_back",
    "plan.reopened",
    "statement.raised",
    "statement.signatory_replaced",
    "statement.go_live_date_moved",
    "statement.signed",
    "statement.issued",
    "statement.lapsed",
    "statement.withdrawn",
    "statement.superseded",
    "statement.breached",
    "statement.recovered",
    "statement.live",
    "statement.service_ended",
)

_CURSOR = re.compile(r"([0-9]{1,19})-([0-9]{1,19})", re.ASCII)
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the feed: behind everything that committed up to it, in the feed's one order.

    `xid` is the transaction that announced the event (0 on SQLite), `id` the event.
    """

    xid: int = 0
    id: int = 0

    @property
    def cursor(self) -> str:
        return f"{self.xid}-{self.id}"


BEGINNING = Position()


def position_of(cursor: str) -> Position | None:
    """The place that a cursor stands for; None if the feed never gave such a cursor."""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        return None
    xid, event_id = int(found[1]), int(found[2])
    return None if max(xid, event_id) > _LARGEST else Position(xid, event_id)


@dataclass(frozen=True, slots=True)
class EventView:
    """One thing that changed. `cursor` is the place in the feed just behind it."""

    id: int
    cursor: str
    at: datetime
    kind: str
    prison: str
    region: RegionRef
    subject: str
    content: dict[str, Any]


EVENT_JSON = TypeAdapter(EventView)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events to read; None leaves a filter out. `region` is a slug, `prison` a code."""

    region: str | None = None
    prison: str | None = None
    kinds: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events in order, where to read on from, and whether more are there already."""

    items: list[EventView]
    position: Position
    more: bool


# What a transaction that may still commit could have written is left for later: nothing that has been
# read can have something put before it. On SQLite writers come one after another.
_SETTLED = col(ChangeEvent.xid) < oldest_open_transaction()
_ORDER = (col(ChangeEvent.xid), col(ChangeEvent.id))

EVENT_COLUMNS = columns_of(ChangeEvent, "xid id at kind prison_code region subject content")


def event_view(row: Sequence[Any]) -> EventView:
    """The event that a row of `EVENT_COLUMNS` stands for."""
    xid, event_id, at, kind, prison, region, *rest = row
    return EventView(event_id, Position(xid, event_id).cursor, at, kind, prison, REGION_REFS[region], *rest)


def read_events(session: Session, wanted: EventFilter, *, after: Position, limit: int) -> EventPage:
    """At most `limit` events behind `after`, in the order of the feed.

    Where these are all, the position moves to the end of the feed as this session sees it, past what the
    filter left out, so that the next reading begins there.
    """
    statement = select(*EVENT_COLUMNS).where(_SETTLED, tuple_(*_ORDER) > tuple_(after.xid, after.id))
    rows = session.execute(_filtered(statement, wanted).order_by(*_ORDER).limit(limit + 1)).all()
    items = [event_view(row) for row in rows[:limit]]
    if len(rows) > limit:
        return EventPage(items, Position(rows[limit - 1].xid, rows[limit - 1].id), more=True)
    return EventPage(items, max(after, end_of_feed(session)), more=False)


def end_of_feed(session: Session) -> Position:
    """The place behind the last event that can be read now."""
    last = session.execute(select(*_ORDER).where(_SETTLED).order_by(*(one.desc() for one in _ORDER)).limit(1)).first()
    return BEGINNING if last is None else Position(last.xid, last.id)


def _filtered(statement: Select[*tuple[Any, ...]], wanted: EventFilter) -> Select[*tuple[Any, ...]]:
    if wanted.region is not None:
        statement = statement.where(col(ChangeEvent.region) == wanted.region)
    if wanted.prison is not None:
        statement = statement.where(col(ChangeEvent.prison_code) == wanted.prison.upper())
    if wanted.kinds:
        statement = statement.where(col(ChangeEvent.kind).in_(wanted.kinds))
    return statement
