"""Which periods stand now or stood at a moment: what every dashboard, list and return is a question about."""

# Statements are built once and filled in for each question: to build them anew takes longer than the database
# needs to answer them.

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property
from hashlib import blake2b
from itertools import starmap
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, bindparam, func, select, union_all
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Prison, PrisonPeriod, table_of
from app.rules.moments import london_date
from app.rules.programme import STILL, Point, TrendPoint, TrendStep, month_number, trend_before
from app.rules.regions import REGIONS
from app.rules.types import Stage

PERIOD = table_of(PrisonPeriod)
# What makes a `Point`, in its own order.
POINT_COLUMNS = tuple(PERIOD.c[name] for name in Point._fields)
# Rows that are fetched at a time while all are read.
BATCH = 500


@dataclass(frozen=True)
class ProgrammeAt:
    """The programme, or one region of it (a slug), now (`at`) or at the moment `as_of`."""

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
    def values(self) -> dict[str, Any]:
        """What a statement is filled in with."""
        return {"regions": self.regions, "as_of": self.as_of, "still": STILL, "month": month_number(self.day)}


IN_REGIONS = PERIOD.c.region.in_(bindparam("regions", expanding=True))


def standing(is_past: bool) -> ColumnElement[bool]:
    """The periods of the programme that stand, or stood at the moment asked about."""
    if not is_past:
        return and_(IN_REGIONS, PERIOD.c.to_at == bindparam("still"))
    return and_(IN_REGIONS, PERIOD.c.to_at > bindparam("as_of"), PERIOD.c.from_at <= bindparam("as_of"))


@cache
def _at(is_past: bool) -> Select[Any]:
    """Every prison in it, as it stands or stood, in no order."""
    return select(*POINT_COLUMNS).where(standing(is_past))


@cache
def _told(is_past: bool) -> Select[Any]:
    """The same, as far as dashboards tell of it: moments take the longest to read."""
    return select(*POINT_COLUMNS[: -len(Point._field_defaults)]).where(standing(is_past))


def read_points(session: Session, programme: ProgrammeAt) -> list[Point]:
    """Every registered prison of the programme, without what returns alone tell of it."""
    return list(starmap(Point, session.execute(_told(programme.as_of is not None), programme.values)))


def read_page(
    session: Session, programme: ProgrammeAt, *wanted: ColumnElement[bool], after: str | None, limit: int
) -> list[Point]:
    """The prisons that fit, in code order from the one after `after`."""
    statement = _at(programme.as_of is not None).where(*wanted).order_by(PERIOD.c.code).limit(limit)
    if after is not None:
        statement = statement.where(PERIOD.c.code > after)
    return list(map(Point._make, session.execute(statement, programme.values)))


def stream_points(session: Session, programme: ProgrammeAt, *wanted: ColumnElement[bool]) -> Iterator[Point]:
    """All that fit, in code order, with a batch of them in memory; they are of one snapshot."""
    statement = _at(programme.as_of is not None).where(*wanted).order_by(PERIOD.c.code)
    return map(Point._make, session.execute(statement, programme.values, execution_options={"yield_per": BATCH}))


def digest_of(day: date, points: Iterable[Point]) -> str:
    """The same day and points, the same digest."""
    digest = blake2b(str(day).encode(), digest_size=16)
    for point in points:
        digest.update(repr(tuple(point)).encode())
    return digest.hexdigest()


def read_point(session: Session, code: str, as_of: datetime) -> Point | None:
    """One prison at a moment; None where it was not registered then."""
    of_prison = PERIOD.c.prison_id == select(col(Prison.id)).where(col(Prison.code) == code).scalar_subquery()
    begun = select(*POINT_COLUMNS).where(of_prison, PERIOD.c.from_at <= as_of)
    row = session.execute(begun.order_by(PERIOD.c.from_at.desc()).limit(1)).first()
    return None if row is None else Point._make(row)


def _trend_steps() -> CompoundSelect[Any]:
    """What is added at the ends of months, and what is taken off again, as far as periods stood at one."""
    kept = PERIOD.c
    counted = {
        "prisons": func.count(),
        "ready": func.count().filter(kept.is_commissioning_ready),
        "eligible": func.count().filter(kept.is_eligible),
        "live": func.count().filter(kept.stage == Stage.LIVE.value),
    }
    # Grouped in the order of the index, so that neither database sorts or looks a row up.
    alike = (
        select(
            *(kept.open_from, kept.open_until, func.min(kept.stood_from).label("first")),
            *(count.label(name) for name, count in counted.items()),
        )
        .where(IN_REGIONS, kept.stood_from < kept.stood_until, kept.stood_from < bindparam("month"))
        .group_by(kept.region, kept.open_from, kept.open_until)
        .cte("alike")
        .prefix_with("MATERIALIZED")
    )
    ends = alike.c
    sums = [func.sum(ends[name]) for name in counted]
    added = select(ends.open_from, func.min(ends.first), *sums).group_by(ends.open_from)
    taken_off = select(ends.open_until, func.min(ends.first), *(-one for one in sums)).group_by(ends.open_until)
    return union_all(added, taken_off)


_TREND_STEPS = _trend_steps()


def read_trend(session: Session, programme: ProgrammeAt) -> list[TrendPoint]:
    """One entry for each month's end before the programme's day, from the first that found a prison registered."""
    steps = map(TrendStep._make, session.execute(_TREND_STEPS, programme.values))
    return trend_before(steps, month_number(programme.day))


def is_open_within(first: date, last: date) -> ColumnElement[bool]:
    """Prisons that are open on at least one of the days."""
    opened_on, closed_by = PERIOD.c.opened_on, PERIOD.c.closed_by
    return (opened_on.is_(None) | (opened_on <= last)) & (closed_by.is_(None) | (closed_by >= first))
