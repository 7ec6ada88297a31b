"""Every prison of a scope in code order, as it stands or stood: what the matrix and the returns are made of."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from app.models import Prison, StandingVersion
from app.queries.standing_versions import POINT_COLUMNS, point_from
from app.rules.programme import Point

# Rows that are held at a time while everything is read.
BATCH = 1000


def read_points(
    session: Session, as_of: datetime | None, *wanted: ColumnElement[bool], after: str | None, limit: int
) -> list[Point]:
    """The points that fit, in code order from the one after `after`; now (`as_of` None) or at a moment."""
    statement = (_now() if as_of is None else _then(as_of)).where(*wanted)
    code = col(StandingVersion.code) if as_of is None else col(Prison.code)
    if after is not None:
        statement = statement.where(code > after)
    return [point_from(row) for row in session.execute(statement.order_by(code).limit(limit))]


def stream_points(session: Session, as_of: datetime | None, *wanted: ColumnElement[bool]) -> Iterator[Point]:
    """All that fit, in code order, with at most `BATCH` in memory; one session reads one snapshot."""
    after = None
    while batch := read_points(session, as_of, *wanted, after=after, limit=BATCH):
        yield from batch
        after = batch[-1].code


def _now() -> Select[Any]:
    return select(*POINT_COLUMNS).where(col(StandingVersion.to_at).is_(None))


def _then(as_of: datetime) -> Select[Any]:
    """From each prison in code order to its latest period that had begun: two look-ups a prison, nothing sorted."""
    other = aliased(StandingVersion)
    latest = (
        select(func.max(col(other.from_at)))
        .where(col(other.prison_id) == col(Prison.id), col(other.from_at) <= as_of)
        .correlate(Prison)
        .scalar_subquery()
    )
    return (
        select(*POINT_COLUMNS)
        .select_from(Prison)
        .join(
            StandingVersion,
            (col(StandingVersion.prison_id) == col(Prison.id)) & (col(StandingVersion.from_at) == latest),
        )
    )


def is_open_within(first: date, last: date) -> ColumnElement[bool]:
    """Prisons that are open on at least one of the days."""
    opened_on, closed_by = col(StandingVersion.opened_on), col(StandingVersion.closed_by)
    return or_(opened_on.is_(None), opened_on <= last) & or_(closed_by.is_(None), closed_by >= first)
