"""The lists of a dashboard: prisons that are near, quiet, overdue, in breach or eligible, and planned dates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import nsmallest

from app.rules.moments import end_of_day
from app.rules.programme import AHEAD_DAYS, QUIET_DAYS, Point, numbers_in, overdue_in, quiet_from, target_in
from app.rules.regions import REGION_REFS, RegionRef
from app.rules.statement import Standing

# A list names so many at most, and counts all.
SHORT = 10
LONG = 50


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


@dataclass(frozen=True, slots=True)
class PassedGoLives:
    """Planned dates that have passed without a go-live. `items` are the earliest."""

    prisons: int
    items: list[PlannedGoLive]


@dataclass(frozen=True, slots=True)
class OverduePrison:
    """A prison with target dates that have passed before their sections were GREEN."""

    code: str
    name: str
    region: RegionRef
    sections: list[int]
    earliest: date


@dataclass(frozen=True, slots=True)
class OverdueTargets:
    """`sections` counts the target dates of all `prisons`; `items` are the prisons with the most."""

    prisons: int
    sections: int
    items: list[OverduePrison]


@dataclass(frozen=True, slots=True)
class BreachingPrison:
    """A prison whose issued statement is in breach, and the sections below their minimum."""

    code: str
    name: str
    region: RegionRef
    serial: str | None
    sections: list[int]


@dataclass(frozen=True, slots=True)
class BreachingPrisons:
    """`items` are those with the most sections below their minimum."""

    prisons: int
    items: list[BreachingPrison]


@dataclass(frozen=True, slots=True)
class PrisonName:
    """A prison, named."""

    code: str
    name: str
    region: RegionRef


@dataclass(frozen=True, slots=True)
class PrisonNames:
    """`items` are the first of them by code."""

    prisons: int
    items: list[PrisonName]


@dataclass(frozen=True, slots=True)
class ChallengedPrison:
    """A prison with challenges that the region has not closed."""

    code: str
    name: str
    region: RegionRef
    challenges: int


@dataclass(frozen=True, slots=True)
class OpenChallenges:
    """`challenges` counts those of all `prisons`; `items` are the prisons with the most."""

    prisons: int
    challenges: int
    items: list[ChallengedPrison]


Named = tuple[str, str, RegionRef]


def named(point: Point) -> Named:
    return point.code, point.name, REGION_REFS[point.region]


def nearest_of(points: Sequence[Point]) -> list[NearPrison]:
    """Not yet eligible (with blockers, not live, without an open statement); the fewest blockers first."""
    near = [point for point in points if point.blocker_count and point.statement_status is None and not point.live_on]
    return [
        NearPrison(*named(point), point.stage, point.blocker_count)
        for point in nsmallest(SHORT, near, key=lambda point: (point.blocker_count, point.code))
    ]


def quiet_of(points: Sequence[Point], day: date) -> QuietPrisons:
    """Those that are quiet on a day, the longest first."""
    until = end_of_day(quiet_from(day))
    quiet = [point for point in points if point.quiet_since <= until]
    quietest = nsmallest(SHORT, quiet, key=lambda point: (point.quiet_since, point.code))
    items = [QuietPrison(*named(point), point.last_update) for point in quietest]
    return QuietPrisons(QUIET_DAYS, len(quiet), items)


def planned_of(points: Sequence[Point], day: date) -> PlannedGoLives:
    """Dates from the day on that stand on a raised or issued statement of a prison that is not live; soonest first."""
    until = day + timedelta(days=AHEAD_DAYS)
    planned = [one for one in _planned(points) if day <= one[0] <= until]
    return PlannedGoLives(AHEAD_DAYS, len(planned), _earliest(planned))


def passed_of(points: Sequence[Point], day: date) -> PassedGoLives:
    """Dates that have passed, likewise."""
    passed = [one for one in _planned(points) if one[0] < day]
    return PassedGoLives(len(passed), _earliest(passed))


Planned = tuple[date, str, Point]


def _planned(points: Iterable[Point]) -> list[Planned]:
    return [
        (point.go_live_date, point.code, point)
        for point in points
        if point.go_live_date is not None and point.live_on is None
    ]


def _earliest(planned: list[Planned]) -> list[PlannedGoLive]:
    return [
        PlannedGoLive(*named(point), on, point.statement_status or "", point.statement_serial)
        for on, _, point in sorted(planned)[:LONG]
    ]


def overdue_of(points: Sequence[Point], day: date) -> OverdueTargets:
    """The prisons with the most overdue target dates first."""
    found = [(overdue, point) for point in points if (overdue := overdue_in(point.targets, day))]
    worst = nsmallest(LONG, found, key=lambda one: (-len(one[0]), one[0][0], one[1].code))
    items = [
        OverduePrison(*named(point), sorted(target_in(one)[1] for one in overdue), target_in(overdue[0])[0])
        for overdue, point in worst
    ]
    return OverdueTargets(len(found), sum(len(overdue) for overdue, _ in found), items)


def breaching_of(points: Sequence[Point]) -> BreachingPrisons:
    found = [point for point in points if point.statement_standing == Standing.IN_BREACH]
    worst = nsmallest(LONG, found, key=lambda point: (-point.blocker_count, point.code))
    items = [BreachingPrison(*named(point), point.statement_serial, numbers_in(point.blocking)) for point in worst]
    return BreachingPrisons(len(found), items)


def eligible_without_statement(points: Sequence[Point]) -> PrisonNames:
    """Those that could raise one today; a prison that is live needs none."""
    found = [point for point in points if point.is_eligible and not point.statement_status and point.live_on is None]
    first = nsmallest(LONG, found, key=lambda point: point.code)
    return PrisonNames(len(found), [PrisonName(*named(point)) for point in first])


def challenges_of(points: Sequence[Point]) -> OpenChallenges:
    found = [point for point in points if point.open_challenges]
    most = nsmallest(LONG, found, key=lambda point: (-point.open_challenges, point.code))
    items = [ChallengedPrison(*named(point), point.open_challenges) for point in most]
    return OpenChallenges(len(found), sum(point.open_challenges for point in found), items)
