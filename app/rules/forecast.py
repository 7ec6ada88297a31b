"""When a prison will be ready to go live: by its plan's dates, and by its own pace so far."""

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

# Under either, a pace is not yet a pace.
LEAST_WEEKS = 4
LEAST_MOVED = 5
# Under this, the region's pace counts as a few weeks of the prison's own.
WEEKS_WITHOUT_PRIOR = 8
PRIOR_WEEKS = 2
EVEN = 0.5
# Progress that comes in clusters makes the method 5 to 10 points too sure, so that its 85 % is said as 4 in 5.
FOUR_IN_FIVE = 0.85
# Beyond this, a date says nothing.
LONGEST_WEEKS = 520


@dataclass(frozen=True, slots=True)
class Pace:
    """What a prison has done so far: whole weeks since its first own change, and the sections moved in them.

    `met` counts sections that came to meet their go-live minimum, `fell_back` those that lost it again.
    """

    weeks: int
    met: int
    fell_back: int

    @property
    def moved(self) -> int:
        return max(self.met - self.fell_back, 0)


@dataclass(frozen=True, slots=True)
class PaceForecast:
    """The days by which the remaining sections are met; both null where nobody can tell yet, and `reason` says why.

    `uses_region` says whether the region's pace stood in for a part of the prison's own.
    """

    even_chance_by: date | None
    four_in_five_by: date | None
    uses_region: bool
    reason: str


def forecast_by_pace(pace: Pace, left: int, regional_rate: float | None, today: date) -> PaceForecast:
    """A gamma-Poisson prediction of when `left` more sections will have met their minimum.

    `regional_rate` is sections a week over the region's other prisons, null where there are none. The answer is worked
    out exactly (the count of sections in t weeks is negative binomial), so that the same facts give the same days.
    """
    if left == 0:
        return PaceForecast(today, today, uses_region=False, reason="Every section meets its minimum for go-live.")
    if pace.weeks < LEAST_WEEKS or pace.moved < LEAST_MOVED:
        return PaceForecast(None, None, uses_region=False, reason=f"Cannot tell yet: {_so_far(pace)}.")
    uses_region = pace.weeks < WEEKS_WITHOUT_PRIOR and regional_rate is not None
    # Jeffreys' prior where there is none from the region.
    shape, weeks = 0.5 + pace.moved, float(pace.weeks)
    if uses_region and regional_rate is not None:
        shape, weeks = pace.moved + PRIOR_WEEKS * regional_rate, pace.weeks + PRIOR_WEEKS
    even, likely = (_weeks_until(left, shape, weeks, chance) for chance in (EVEN, FOUR_IN_FIVE))
    reason = f"{_so_far(pace).capitalize()}; {left} {'is' if left == 1 else 'are'} left."
    if uses_region:
        reason += (
            f" As that is under {WEEKS_WITHOUT_PRIOR} weeks, the region's pace counts as {PRIOR_WEEKS} weeks more."
        )
    if likely is None:
        reason += " At this pace the end is more than ten years away."
    return PaceForecast(_after(today, even), _after(today, likely), uses_region, reason)


def chance_of(left: int, shape: float, weeks: float, ahead: float) -> float:
    """The chance that `left` or more sections are met within `ahead` weeks, after `shape` of them in `weeks` weeks."""
    probability = (weeks / (weeks + ahead)) ** shape
    fewer = 0.0
    for met in range(left):
        fewer += probability
        probability *= (shape + met) / (met + 1) * (ahead / (weeks + ahead))
    return max(1.0 - fewer, 0.0)


def _weeks_until(left: int, shape: float, weeks: float, chance: float) -> float | None:
    """The first day, in weeks from now, on which that chance is reached; null beyond ten years."""
    first, last = 0, LONGEST_WEEKS * 7
    if chance_of(left, shape, weeks, last / 7) < chance:
        return None
    while first < last:
        middle = (first + last) // 2
        first, last = (first, middle) if chance_of(left, shape, weeks, middle / 7) >= chance else (middle + 1, last)
    return last / 7


def _after(today: date, weeks: float | None) -> date | None:
    return None if weeks is None else today + timedelta(days=ceil(weeks * 7 - 1e-9))


def _so_far(pace: Pace) -> str:
    moved = f"{pace.moved} section{' has' if pace.moved == 1 else 's have'} moved"
    return f"{moved} in {pace.weeks} week{'' if pace.weeks == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class DatedAction:
    """An open action of a plan that names a section; `latest` is the last day of its "by when", null without one."""

    section: int
    latest: date | None


@dataclass(frozen=True, slots=True)
class PlanForecast:
    """The earliest go-live that a plan supports: the latest day of the open actions on sections that block.

    `earliest` is null while no blocking section has a dated action. `decided_by` are the sections whose action has
    that day, `undated` those that block and have no dated action, `overdue` those whose day has passed.
    """

    earliest: date | None
    decided_by: tuple[int, ...]
    undated: tuple[int, ...]
    overdue: tuple[int, ...]


def forecast_by_plan(blocking: frozenset[int], actions: tuple[DatedAction, ...], today: date) -> PlanForecast:
    """What the dates of a plan add up to; a day that has passed cannot be kept, so today is the earliest."""
    last_days: dict[int, date] = {}
    for action in actions:
        if action.section in blocking and action.latest is not None:
            last_days[action.section] = max(action.latest, last_days.get(action.section, action.latest))
    undated = tuple(sorted(blocking - last_days.keys()))
    overdue = tuple(sorted(section for section, day in last_days.items() if day < today))
    if not blocking:
        return PlanForecast(today, (), (), ())
    if not last_days:
        return PlanForecast(None, (), undated, ())
    latest = max(last_days.values())
    decided_by = tuple(sorted(section for section, day in last_days.items() if day == latest))
    return PlanForecast(max(latest, today), decided_by, undated, overdue)
