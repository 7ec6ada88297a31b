"""The trend month by month, and the periods that the calendar alone opens or closes."""

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.orm import Session

from app.models import TrendStep
from app.queries.standing_versions import POINT_COLUMNS, STANDING, Scope, in_regions, point_from
from app.rules.moments import end_of_day
from app.rules.programme import TREND, Point, Totals, added, is_open_on, taken_off, trend_part


@dataclass(frozen=True, slots=True)
class BoundedPeriod:
    """A period in which the prison is not open on every day, or may come not to be."""

    from_at: datetime
    to_at: datetime | None
    point: Point

    def stands_at(self, as_of: datetime | None) -> bool:
        """Whether it stands now (None) or stood at a moment."""
        if as_of is None:
            return self.to_at is None
        return self.from_at <= as_of and (self.to_at is None or self.to_at > as_of)

    def is_open_on(self, day: date) -> bool:
        return is_open_on(self.point.opened_on, self.point.closed_by, day)


_BOUNDED = select(STANDING.c.from_at, STANDING.c.to_at, *POINT_COLUMNS).where(
    in_regions(STANDING.c.region), STANDING.c.is_bounded
)


def read_bounded(session: Session, scope: Scope) -> list[BoundedPeriod]:
    """The few periods in scope that touch days on which the prison is not open."""
    rows = session.execute(_BOUNDED, scope.values)
    return [BoundedPeriod(from_at, to_at, point_from(point)) for from_at, to_at, *point in rows]


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The prisons that were open at the end of a month (London), or at the moment asked for in the last one."""

    month: str
    prisons: int
    commissioning_ready: int
    eligible: int
    live: int


TREND_STEP: Table = TrendStep.__table__  # type: ignore[attr-defined]
_STEPS = (
    select(TREND_STEP.c.month, *(func.sum(TREND_STEP.c[name]) for name in TREND))
    .where(in_regions(TREND_STEP.c.region), TREND_STEP.c.month < bindparam("month"))
    .group_by(TREND_STEP.c.month)
    .order_by(TREND_STEP.c.month)
)


def read_trend(session: Session, scope: Scope, totals: Totals, bounded: Sequence[BoundedPeriod]) -> list[TrendPoint]:
    """One point a month since the first registration in scope; the last is `totals`."""
    rows = session.execute(_STEPS, {**scope.values, "month": f"{scope.day:%Y-%m}"}).all()
    steps = {month: [int(one) for one in step] for month, *step in rows}
    months = _months(min(steps), scope.day) if steps else []
    running = [0] * len(TREND)
    found = []
    for (month, _), closed in zip(months, _closed_at_ends(months, bounded), strict=True):
        running = added(running, steps.get(month, [0] * len(TREND)))
        found.append(TrendPoint(month, *taken_off(running, closed)))
    if steps or totals.prisons:
        now = (totals.prisons, totals.commissioning_ready, totals.eligible, totals.live)
        found.append(TrendPoint(f"{scope.day:%Y-%m}", *now))
    return found


def _months(first: str, day: date) -> list[tuple[str, date]]:
    """Every month from the first to the one before `day`'s, with its last day."""
    year, month = map(int, first.split("-"))
    found = []
    while (year, month) < (day.year, day.month):
        found.append((f"{year:04}-{month:02}", date(year, month, monthrange(year, month)[1])))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return found


def _closed_at_ends(months: Sequence[tuple[str, date]], bounded: Sequence[BoundedPeriod]) -> list[list[int]]:
    """What the prisons that were registered but not open add to each month's end."""
    ends = [end_of_day(last) for _, last in months]
    found = [[0] * len(TREND) for _ in months]
    for one in bounded:
        first = bisect_left(ends, one.from_at)
        after = bisect_left(ends, one.to_at) if one.to_at is not None else len(ends)
        for place in range(first, after):
            if not one.is_open_on(months[place][1]):
                found[place] = added(found[place], trend_part(one.point))
    return found
