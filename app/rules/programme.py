"""The programme in numbers: how prisons add up, which are open, and what dashboards call quiet or near."""

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from app.rules.moments import london_date
from app.rules.types import Stage

SECTION_COUNT = 35
# The sections that count staff (rule 3).
STAFFED = (14, 16)
# From this many days in which it has changed no section a prison is listed as quiet, and its row in a return as stale.
QUIET_DAYS = 28
# How far ahead go-live dates are listed.
AHEAD_DAYS = 90
# When the present period ends: not yet.
STILL = datetime.max.replace(tzinfo=UTC)


class Point(NamedTuple):
    """How a prison stands, as far as dashboards and returns tell of it.

    `ratings` has one letter a section, a small r where the prison has never worked on it (rule 9); `blocking` and
    `exempt` have bit n - 1 set for section n. `quiet_since` is when the prison last changed a section, or its
    registration. `closed_by` is the last day on which it can be open. `targets` are those of `targets_of`. Staff are
    hundredths of whole-time equivalents. The last three are what returns tell of it and dashboards do not.
    """

    code: str
    name: str
    region: str
    function: str
    opened_on: date | None
    closed_by: date | None
    toolkit_version: str
    stage: str
    is_commissioning_ready: bool
    is_eligible: bool
    ratings: str
    blocking: int
    exempt: int
    blocker_count: int
    quiet_since: datetime
    statement_serial: str | None
    statement_status: str | None
    statement_standing: str | None
    go_live_date: date | None
    live_on: date | None
    open_challenges: int
    targets: str | None
    staff_in_post_14: int | None
    staff_required_14: int | None
    staff_in_post_16: int | None
    staff_required_16: int | None
    section_changed_at: datetime | None = None
    statement_raised_at: datetime | None = None
    statement_issued_at: datetime | None = None

    @property
    def last_update(self) -> datetime | None:
        """When the prison last worked on a section; None where it never did. Known without `section_changed_at`."""
        return self.quiet_since if self.ratings.strip("r") else None


class Period(NamedTuple):
    """How a prison has stood since a moment."""

    from_at: datetime
    point: Point


def mask_of(numbers: Iterable[int]) -> int:
    """Section numbers as bits."""
    return sum(1 << (number - 1) for number in set(numbers))


def targets_of(dates: Iterable[tuple[date, int]]) -> str | None:
    """Target dates of sections as one text, earliest first, such as `2026-03-01/05 2026-04-30/14`; None for none."""
    return " ".join(f"{day}/{number:02}" for day, number in sorted(dates)) or None


def overdue_in(targets: str | None, day: date) -> list[str]:
    """Those of `targets_of` that lie before a day, earliest first."""
    if targets is None or targets[:10] >= str(day):
        return []
    return [one for one in targets.split() if one[:10] < str(day)]


def target_in(text: str) -> tuple[date, int]:
    """The date and the section of one of `targets_of`."""
    return date.fromisoformat(text[:10]), int(text[11:])


def counting_letters(ratings: str, exempt: int) -> str:
    """What each section counts as: its letter in `ratings`, or X where it is exempt (rule 5)."""
    # Few sections can be exempt: one step for each bit that is set.
    while exempt:
        place = exempt.bit_length() - 1
        ratings = f"{ratings[:place]}X{ratings[place + 1 :]}"
        exempt ^= 1 << place
    return ratings


def numbers_in(mask: int) -> list[int]:
    """The section numbers of a mask, in order."""
    return [number for number in range(1, SECTION_COUNT + 1) if mask >> (number - 1) & 1]


def is_open_on(opened_on: date | None, closed_by: date | None, day: date) -> bool:
    """Open from the day it opens to the last day on which it can have been open; unknown means always."""
    return (opened_on is None or opened_on <= day) and (closed_by is None or closed_by >= day)


def is_open_during(opened_on: date | None, closed_by: date | None, first: date, last: date) -> bool:
    """Whether the prison is open on at least one of the days."""
    return (opened_on is None or opened_on <= last) and (closed_by is None or closed_by >= first)


def quiet_from(day: date) -> date:
    """The last day for a change after which a prison is quiet on `day`."""
    return day - timedelta(days=QUIET_DAYS)


def is_quiet(quiet_since: datetime, day: date) -> bool:
    """The prison has changed no section for 28 days, counted in London dates."""
    return london_date(quiet_since) <= quiet_from(day)


@dataclass(frozen=True, slots=True)
class Totals:
    """The counts of a set of prisons. `red`, `amber` and `blocking` have one entry a section."""

    prisons: int
    stages: dict[str, int]
    commissioning_ready: int
    eligible: int
    live: int
    raised: int
    issued: int
    in_breach: int


def totals_of(points: Sequence[Point]) -> Totals:
    """How many of the prisons are at each stage, ready, eligible, live, and have a statement that stands how."""
    stages = Counter([point.stage for point in points])
    statuses = Counter([point.statement_status for point in points])
    return Totals(
        prisons=len(points),
        stages={stage.value: stages[stage.value] for stage in Stage},
        commissioning_ready=sum([point.is_commissioning_ready for point in points]),
        eligible=sum([point.is_eligible for point in points]),
        live=stages[Stage.LIVE.value],
        raised=statuses["raised"],
        issued=statuses["issued"],
        in_breach=[point.statement_standing for point in points].count("in_breach"),
    )


class RatingTotals(NamedTuple):
    """How many sections of some prisons are at each rating, exempt ones apart. The RED include the `never_updated`."""

    red: int
    amber: int
    green: int
    exempt: int
    never_updated: int


def rating_totals(letters: str) -> RatingTotals:
    """Counted from what the sections count as, a letter each."""
    never = letters.count("r")
    amber, green, exempt = map(letters.count, "AGX")
    return RatingTotals(never + letters.count("R"), amber, green, exempt, never)


def by_section(words: Iterable[str]) -> list[str]:
    """Words with a letter a section, turned: for each section a word with a letter of each."""
    text = "".join(words)
    return [text[place::SECTION_COUNT] for place in range(SECTION_COUNT)]


def blocking_letters(mask: int) -> str:
    """A mask as a word with a letter a section: 1 where it is in the way, else 0."""
    return format(mask, f"0{SECTION_COUNT}b")[::-1]


class MonthEnds(NamedTuple):
    """At which ends of London months a period stood, and at which of them the prison was open.

    It stood at the ends of the months from `stood_from` to before `stood_until`; the prison was open at those from
    `open_from` to before `open_until`. Months are numbered as in `month_number`.
    """

    stood_from: int
    stood_until: int
    open_from: int
    open_until: int


def month_number(day: date) -> int:
    """The number of a month: those since the start of the year 0."""
    return day.year * 12 + day.month - 1


def month_name(number: int) -> str:
    """The month of a number, such as `2026-10`."""
    return f"{number // 12:04}-{number % 12 + 1:02}"


def month_ends(point: Point, from_at: datetime, to_at: datetime) -> MonthEnds:
    """The ends of months that lie in a period, and those of them on which the prison is open."""
    stood_from, stood_until = month_number(london_date(from_at)), month_number(london_date(to_at))
    open_from = max(stood_from, month_number(point.opened_on)) if point.opened_on else stood_from
    open_until = min(stood_until, _closed_from(point.closed_by)) if point.closed_by else stood_until
    return MonthEnds(stood_from, stood_until, open_from, max(open_from, open_until))


def _closed_from(closed_by: date) -> int:
    """The first month at whose end a prison is not open that can be open until that day."""
    is_last_of_month = closed_by.day == monthrange(closed_by.year, closed_by.month)[1]
    return month_number(closed_by) + is_last_of_month


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The prisons that were open at the end of a month (London), or at the moment asked for in the last one."""

    month: str
    prisons: int
    commissioning_ready: int
    eligible: int
    live: int


class TrendStep(NamedTuple):
    """What changes in a trend at a month's end. `first` is the first month at whose end one of the periods stood."""

    month: int
    first: int
    prisons: int
    commissioning_ready: int
    eligible: int
    live: int


def trend_before(steps: Iterable[TrendStep], month: int) -> list[TrendPoint]:
    """One entry for each month's end before a month, from the first at which any period stood."""
    by_month: dict[int, list[TrendStep]] = {}
    for step in steps:
        by_month.setdefault(step.month, []).append(step)
    first = min((step.first for found in by_month.values() for step in found), default=month)
    running, trend = [0, 0, 0, 0], []
    for number in range(first, month):
        for step in by_month.get(number, ()):
            running = [count + int(change) for count, change in zip(running, step[2:], strict=True)]
        trend.append(TrendPoint(month_name(number), *running))
    return trend
