"""Every prison of a scope in code order, as it stands or stood: what the matrix and the returns are made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from app.models import Prison, StandingVersion
from app.queries.programme.standing_versions import POINT_COLUMNS, STANDING, Scope, point_from, standing
from app.rules.programme import Point

# Rows that are held at a time while everything is read.
BATCH = 500
SMALLEST_BATCH = 50


@dataclass(frozen=True, slots=True)
class Rows:
    """Which prisons: those of a scope that fit the conditions."""

    scope: Scope
    conditions: tuple[ColumnElement[bool], ...]


def read_points(session: Session, rows: Rows, *, after: str | None, limit: int) -> list[Point]:
    """The points that fit, in code order from the one after `after`."""
    found: list[Point] = []
    for batch in _batches(session, rows, after, limit):
        found += batch
        if len(found) >= limit:
            break
    return found[:limit]


def stream_points(session: Session, rows: Rows) -> Iterator[Point]:
    """All that fit, in code order, with at most `BATCH` in memory; one session reads one snapshot."""
    for batch in _batches(session, rows, None, BATCH):
        yield from batch


def read_point(session: Session, code: str, as_of: datetime) -> Point | None:
    """One prison at a moment; None where it was not registered then."""
    statement = (
        select(*POINT_COLUMNS)
        .join(Prison, col(Prison.id) == col(StandingVersion.prison_id))
        .where(col(Prison.code) == code, col(StandingVersion.from_at) <= as_of)
        .order_by(col(StandingVersion.from_at).desc())
        .limit(1)
    )
    row = session.execute(statement).first()
    return None if row is None else point_from(row)


def _batches(session: Session, rows: Rows, after: str | None, size: int) -> Iterator[list[Point]]:
    """Batches in code order until there is none left; one may be smaller than asked for, or empty."""
    size = max(size, SMALLEST_BATCH)
    while True:
        if rows.scope.as_of is None or rows.scope.region is not None:
            found = _standing(session, rows, after, size)
            last, is_last = (found[-1].code if found else None), len(found) < size
        else:
            found, last, is_last = _then(session, rows, after, size)
        yield found
        if is_last:
            return
        after = last


def _standing(session: Session, rows: Rows, after: str | None, limit: int) -> list[Point]:
    """Those that stand now, or of one region at a moment: the period's own code gives the order."""
    conditions = rows.conditions
    if after is not None:
        conditions = (*conditions, STANDING.c.code > after)
    statement = standing(POINT_COLUMNS, rows.scope.shape, *conditions).order_by("code").limit(limit)
    return [point_from(row) for row in session.execute(statement, rows.scope.values)]


def _then(session: Session, rows: Rows, after: str | None, limit: int) -> tuple[list[Point], str | None, bool]:
    """Those of all regions at a moment: the next prisons by code, and of each the latest period that had begun.

    Two look-ups a prison and nothing sorted, however many prisons there are. With the points come the code of
    the last prison looked at, and whether it was the last of all.
    """
    other = aliased(StandingVersion)
    begun = (
        select(func.max(col(other.from_at)))
        .where(col(other.prison_id) == col(Prison.id), col(other.from_at) <= rows.scope.as_of)
        .scalar_subquery()
    )
    prisons = select(col(Prison.id), col(Prison.code), begun.label("begun")).order_by(col(Prison.code)).limit(limit)
    if after is not None:
        prisons = prisons.where(col(Prison.code) > after)
    page = prisons.subquery()
    its_period = (col(StandingVersion.prison_id) == page.c.id) & (col(StandingVersion.from_at) == page.c.begun)
    statement = (
        select(page.c.code, col(StandingVersion.prison_id), *POINT_COLUMNS)
        .select_from(page)
        .outerjoin(StandingVersion, and_(its_period, *rows.conditions))
        .order_by(page.c.code)
    )
    found = session.execute(statement, rows.scope.values).all()
    points = [point_from(row[2:]) for row in found if row[1] is not None]
    return points, found[-1][0] if found else None, len(found) < limit


def is_open_within(first: date, last: date) -> ColumnElement[bool]:
    """Prisons that are open on at least one of the days."""
    opened_on, closed_by = col(StandingVersion.opened_on), col(StandingVersion.closed_by)
    return or_(opened_on.is_(None), opened_on <= last) & or_(closed_by.is_(None), closed_by >= first)
