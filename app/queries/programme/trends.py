"""The trend month by month, and the periods that the calendar alone opens or closes."""

from bisect import bisect_left
from calendar import monthrange
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import CompoundSelect, Select, bindparam, func, not_, select, union_all
from sqlalchemy.orm import Session

from app.models import TrendStep, table_of
from app.queries.programme.standing_versions import POINT_COLUMNS, STANDING, Scope, in_regions, is_open, point_from
from app.rules.moments import end_of_day
from app.rules.programme import TREND, Point, Totals, added, is_open_on, taken_off, trend_of


@cache
def _closed(is_past: bool) -> Select[Any] | CompoundSelect[Any]:
    """The marked periods that stand, or stood, and whose prison is not open on the day."""
    kept = STANDING.c
    marked = _marked(*POINT_COLUMNS).where(not_(is_open()))
    stands = kept.to_at.is_(None)
    if not is_past:
        return marked.where(stands)
    has_begun, goes_on = kept.from_at <= bindparam("as_of"), kept.to_at > bindparam("as_of")
    return union_all(marked.where(stands, has_begun), marked.where(goes_on, has_begun))


def _marked(*columns: Any) -> Select[Any]:
    """Periods of the scope's regions that touch days on which their prison is not open; a few in a hundred."""
    # SQLite knows nothing of how few they are.
    hint = "INDEXED BY ix_standing_version_region_bounded"
    found = select(*columns).where(in_regions(STANDING.c.region), STANDING.c.is_bounded)
    return found.with_hint(STANDING, hint, "sqlite")


def read_closed(session: Session, scope: Scope) -> list[Point]:
    """The registered prisons in scope that are not open on its day: a few in a hundred."""
    return [point_from(row) for row in session.execute(_closed(scope.shape.is_past), scope.values)]


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The prisons that were open at the end of a month (London), or at the moment asked for in the last one."""

    month: str
    prisons: int
    commissioning_ready: int
    eligible: int
    live: int


TREND_STEP = table_of(TrendStep)
_STEPS = (
    select(TREND_STEP.c.month, *(func.sum(TREND_STEP.c[name]) for name in TREND))
    .where(in_regions(TREND_STEP.c.region), TREND_STEP.c.month < bindparam("month"))
    .group_by(TREND_STEP.c.month)
    .order_by(TREND_STEP.c.month)
)


def read_trend(session: Session, scope: Scope, totals: Totals) -> list[TrendPoint]:
    """One point a month since the first registration in scope; the last is `totals`."""
    rows = session.execute(_STEPS, {**scope.values, "month": f"{scope.day:%Y-%m}"}).all()
    steps = {month: [int(one) for one in step] for month, *step in rows}
    months = _months(min(steps), scope.day.year, scope.day.month) if steps else ()
    running: Sequence[int] = _NONE
    found = []
    for end, closed in zip(months, _closed_at_ends(session, scope, months), strict=True):
        if (step := steps.get(end.month)) is not None:
            running = added(running, step)
        found.append(TrendPoint(end.month, *taken_off(running, closed)))
    if steps or totals.prisons:
        now = (totals.prisons, totals.commissioning_ready, totals.eligible, totals.live)
        found.append(TrendPoint(f"{scope.day:%Y-%m}", *now))
    return found


_NONE = (0,) * len(TREND)


class MonthEnd(NamedTuple):
    """A month with its last day, and the moment at which that ends in London."""

    month: str
    day: date
    at: datetime


@lru_cache(maxsize=64)
def _months(first: str, until_year: int, until_month: int) -> tuple[MonthEnd, ...]:
    """Every month from the first to the one before `until`."""
    year, month = map(int, first.split("-"))
    found = []
    while (year, month) < (until_year, until_month):
        last = date(year, month, monthrange(year, month)[1])
        found.append(MonthEnd(f"{year:04}-{month:02}", last, end_of_day(last)))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return tuple(found)


_BOUNDED = _marked(
    *(STANDING.c.from_at, STANDING.c.to_at, STANDING.c.opened_on, STANDING.c.closed_by),
    *(STANDING.c.is_commissioning_ready, STANDING.c.is_eligible, STANDING.c.stage),
)


def _closed_at_ends(session: Session, scope: Scope, months: Sequence[MonthEnd]) -> list[list[int]]:
    """What the prisons that were registered but not open add to each month's end."""
    ends = [end.at for end in months]
    # They are many and alike: counted first, and only then made parts of a trend.
    alike: Counter[tuple[int, bool, bool, str]] = Counter()
    # In small parts: all at once would keep the garbage collector busy.
    rows = chain.from_iterable(session.execute(_BOUNDED, scope.values).partitions(200))
    for from_at, to_at, opened_on, closed_by, is_ready, is_eligible, stage in rows:
        first = bisect_left(ends, from_at)
        after = bisect_left(ends, to_at) if to_at is not None else len(ends)
        for place in range(first, after):
            if not is_open_on(opened_on, closed_by, months[place].day):
                alike[place, is_ready, is_eligible, stage] += 1
    found = [[0] * len(TREND) for _ in months]
    for (place, is_ready, is_eligible, stage), prisons in alike.items():
        found[place] = added(found[place], [prisons * one for one in trend_of(is_ready, is_eligible, stage)])
    return found
