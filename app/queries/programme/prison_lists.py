"""The lists of a dashboard: prisons near to go-live, prisons gone quiet, go-live dates ahead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import nsmallest

from app.rules.moments import end_of_day
from app.rules.programme import AHEAD_DAYS, QUIET_DAYS, Point, quiet_from
from app.rules.regions import REGION_REFS, RegionRef

NEAREST = 10
QUIETEST = 10
SOONEST = 50


@dataclass(frozen=True, slots=True)
class NearPrison:
    """A prison that is not yet eligible, and how many sections are in its way."""

    code: str
    name: str
    region: RegionRef
    stage: str
    blockers: int


@dataclass(frozen=True, slots=True)
class QuietPrison:
    """A prison that has changed no section for a long time. `last_update` is null if it never has."""

    code: str
    name: str
    region: RegionRef
    last_update: datetime | None


@dataclass(frozen=True, slots=True)
class QuietPrisons:
    """`prisons` is how many there are; `items` are those that have been quiet the longest."""

    days: int
    prisons: int
    items: list[QuietPrison]


@dataclass(frozen=True, slots=True)
class PlannedGoLive:
    """The date on a statement that is raised or issued."""

    code: str
    name: str
    region: RegionRef
    go_live_date: date
    statement_status: str
    serial: str | None


@dataclass(frozen=True, slots=True)
class PlannedGoLives:
    """`prisons` is how many there are; `items` are the earliest."""

    days: int
    prisons: int
    items: list[PlannedGoLive]


def nearest_of(points: Sequence[Point]) -> list[NearPrison]:
    """Not yet eligible, which is to have blockers, and without an open statement; the fewest blockers first."""
    near = [point for point in points if point.blocker_count and point.statement_status is None]
    return [
        NearPrison(point.code, point.name, REGION_REFS[point.region], point.stage, point.blocker_count)
        for point in nsmallest(NEAREST, near, key=lambda point: (point.blocker_count, point.code))
    ]


def quiet_of(points: Sequence[Point], day: date) -> QuietPrisons:
    """Those that are quiet on a day, the longest first."""
    until = end_of_day(quiet_from(day))
    quiet = [point for point in points if point.quiet_since <= until]
    quietest = nsmallest(QUIETEST, quiet, key=lambda point: (point.quiet_since, point.code))
    items = [
        QuietPrison(point.code, point.name, REGION_REFS[point.region], point.section_changed_at) for point in quietest
    ]
    return QuietPrisons(QUIET_DAYS, len(quiet), items)


def planned_of(points: Sequence[Point], day: date) -> PlannedGoLives:
    """Dates from the day on that stand on a raised or issued statement of a prison that is not live; soonest first."""
    until = day + timedelta(days=AHEAD_DAYS)
    planned = [
        (point.go_live_date, point.code, point)
        for point in points
        if point.go_live_date is not None and point.live_on is None and day <= point.go_live_date <= until
    ]
    items = [
        PlannedGoLive(
            code, point.name, REGION_REFS[point.region], on, point.statement_status or "", point.statement_serial
        )
        for on, code, point in sorted(planned)[:SOONEST]
    ]
    return PlannedGoLives(AHEAD_DAYS, len(planned), items)
