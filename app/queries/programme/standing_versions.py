"""Which of the kept periods stand now or stood at a moment: what every dashboard is a question about."""

# Statements are built once for each shape of scope and filled in for each question: to build them anew takes
# longer than the database needs to answer them.

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    bindparam,
    or_,
    select,
    union_all,
)

from app.models import StandingVersion, table_of
from app.rules.moments import end_of_day, london_date
from app.rules.periods import CURRENT_NODE, ancestors
from app.rules.programme import AHEAD_DAYS, Point, quiet_from
from app.rules.regions import REGIONS

STANDING = table_of(StandingVersion)
# What makes a `Point`, in its own order.
POINT_COLUMNS = tuple(STANDING.c[field.name] for field in fields(Point))


def point_from(values: Sequence[Any]) -> Point:
    """The point that a row of `POINT_COLUMNS` makes."""
    return Point(*values)


class Shape(NamedTuple):
    """What decides on the wording of a statement: of one region or of all, now or at a moment."""

    is_regional: bool
    is_past: bool


@dataclass(frozen=True)
class Scope:
    """What a dashboard is of: a region's slug or None for the nation, now (`at`) or at the moment `as_of`."""

    region: str | None
    at: datetime
    as_of: datetime | None = None

    @cached_property
    def day(self) -> date:
        return london_date(self.as_of or self.at)

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(REGIONS) if self.region is None else (self.region,)

    @property
    def shape(self) -> Shape:
        return Shape(self.region is not None, self.as_of is not None)

    @cached_property
    def values(self) -> dict[str, Any]:
        """What a statement of this shape is filled in with."""
        found: dict[str, Any] = {
            "region": self.region,
            "regions": self.regions,
            "day": self.day,
            "quiet_until": end_of_day(quiet_from(self.day)),
            "ahead_until": self.day + timedelta(days=AHEAD_DAYS),
        }
        if self.as_of is not None:
            before, on, after = ancestors(self.as_of)
            found |= {"as_of": self.as_of, "before": before, "on": on, "after": after}
        return found


def in_regions(column: ColumnElement[Any]) -> ColumnElement[bool]:
    return column.in_(bindparam("regions", expanding=True))


def standing(columns: Sequence[Any], shape: Shape, *wanted: ColumnElement[bool]) -> Select[Any] | CompoundSelect[Any]:
    """The periods in scope that stand now, or that stood at its moment, as far as they fit; by an index either way."""
    kept = STANDING.c
    chosen = select(*columns).where(*wanted)
    if not shape.is_past:
        # The nation has indexes of its own.
        regional = [kept.region == bindparam("region")] if shape.is_regional else []
        return chosen.where(kept.to_at.is_(None), *regional)
    chosen = chosen.where(in_regions(kept.region))
    has_begun, goes_on = kept.from_at <= bindparam("as_of"), kept.to_at > bindparam("as_of")
    # One select for each kind of node: a database takes the whole index for each, and none for all in one.
    return union_all(
        chosen.where(kept.node == CURRENT_NODE, kept.to_at.is_(None), has_begun),
        chosen.where(kept.node.in_(bindparam("before", expanding=True)), goes_on),
        chosen.where(kept.node == bindparam("on"), goes_on, has_begun),
        chosen.where(kept.node.in_(bindparam("after", expanding=True)), goes_on, has_begun),
    )


def is_open(columns: Any = STANDING.c) -> ColumnElement[bool]:
    """Prisons that are open on the scope's day."""
    day: BindParameter[date] = bindparam("day")
    return and_(
        or_(columns.opened_on.is_(None), columns.opened_on <= day),
        or_(columns.closed_by.is_(None), columns.closed_by >= day),
    )
