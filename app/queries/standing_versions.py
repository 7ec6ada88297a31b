"""Which of the kept periods stand now or stood at a moment: the conditions that every dashboard shares."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col

from app.models import StandingVersion
from app.rules.moments import london_date
from app.rules.periods import ancestors
from app.rules.programme import Point
from app.rules.regions import REGIONS


@dataclass(frozen=True, slots=True)
class Scope:
    """What a dashboard is of: a region's slug or None for the nation, now (`at`) or at the moment `as_of`."""

    region: str | None
    at: datetime
    as_of: datetime | None = None

    @property
    def day(self) -> date:
        return london_date(self.as_of or self.at)

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(REGIONS) if self.region is None else (self.region,)


# What makes a `Point`, in its own order.
POINT_COLUMNS = tuple(StandingVersion.__table__.c[field.name] for field in fields(Point))  # type: ignore[attr-defined]


def point_from(values: Sequence[Any]) -> Point:
    """The point that a row of `POINT_COLUMNS` makes."""
    return Point(*values)


def stands_at(as_of: datetime | None) -> ColumnElement[bool]:
    """The periods that stand now (None), or that stood at a moment; together with a region this uses an index."""
    from_at, to_at, node = col(StandingVersion.from_at), col(StandingVersion.to_at), col(StandingVersion.node)
    if as_of is None:
        return to_at.is_(None)
    before, on, after = ancestors(as_of)
    return or_(
        and_(to_at.is_(None), from_at <= as_of),
        and_(node.in_(before), to_at > as_of),
        and_(node == on, to_at > as_of, from_at <= as_of),
        and_(node.in_(after), from_at <= as_of, to_at > as_of),
    )


def is_open(day: date) -> ColumnElement[bool]:
    """Prisons that are open on a day."""
    opened_on, closed_by = col(StandingVersion.opened_on), col(StandingVersion.closed_by)
    return and_(or_(opened_on.is_(None), opened_on <= day), or_(closed_by.is_(None), closed_by >= day))
