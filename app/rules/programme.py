"""The programme in numbers: how one prison counts, whether it is open, and what dashboards call quiet or near."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import sub

from app.rules.moments import london_date
from app.rules.types import Stage

SECTION_COUNT = 35
# From this many days without a change to a section a prison is listed as quiet, and its row in a return as stale.
QUIET_DAYS = 28
# How far ahead go-live dates are listed.
AHEAD_DAYS = 90
SHARDS = 8
# The day of the row that holds a shard's totals of now.
PRESENT = date.max

STAGES = tuple(stage.value for stage in Stage)


@dataclass(frozen=True, slots=True)
class Point:
    """How a prison stands, as far as dashboards and returns tell of it.

    `ratings` has one letter a section; `blocking` and `exempt` have bit n - 1 set for section n. `quiet_since`
    is the last change to a section, or the registration. `closed_by` is the last day on which it can be open.
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
    updated_at: datetime | None
    section_changed_at: datetime | None
    quiet_since: datetime
    statement_id: str | None
    statement_serial: str | None
    statement_status: str | None
    statement_standing: str | None
    statement_raised_at: datetime | None
    statement_issued_at: datetime | None
    go_live_date: date | None
    live_on: date | None


def mask_of(numbers: Iterable[int]) -> int:
    """Section numbers as bits."""
    return sum(1 << (number - 1) for number in set(numbers))


def numbers_in(mask: int) -> list[int]:
    """The section numbers of a mask, in order."""
    return [number for number in range(1, SECTION_COUNT + 1) if mask >> (number - 1) & 1]


def is_open_on(opened_on: date | None, closed_by: date | None, day: date) -> bool:
    """Open from the day it opens to the last day on which it can have been open; unknown means always."""
    return (opened_on is None or opened_on <= day) and (closed_by is None or closed_by >= day)


def is_open_during(opened_on: date | None, closed_by: date | None, first: date, last: date) -> bool:
    """Whether the prison is open on at least one of the days."""
    return (opened_on is None or opened_on <= last) and (closed_by is None or closed_by >= first)


def touches_closed_days(point: Point, from_at: datetime, to_at: datetime | None) -> bool:
    """Whether there is, or may yet be, a day in the period on which the prison is not open."""
    if point.opened_on is not None and point.opened_on > london_date(from_at):
        return True
    return point.closed_by is not None and (to_at is None or point.closed_by < london_date(to_at))


def quiet_from(day: date) -> date:
    """The last day for a change after which a prison is quiet on `day`."""
    return day - timedelta(days=QUIET_DAYS)


def is_quiet(quiet_since: datetime, day: date) -> bool:
    """No section changed for 28 days, counted in London dates."""
    return london_date(quiet_since) <= quiet_from(day)


# The totals that are kept, in the order of a tally's numbers; then red, amber and blocking for each section.
PLAIN_COUNTERS = (
    "prisons",
    *(f"stage {stage}" for stage in STAGES),
    *("commissioning_ready", "eligible", "raised", "issued", "in_breach"),
)
_SECTIONS_AT = len(PLAIN_COUNTERS)
COUNTERS = (
    *PLAIN_COUNTERS,
    *(f"{kind} {number}" for kind in ("red", "amber", "blocking") for number in range(1, SECTION_COUNT + 1)),
)
NOTHING = (0,) * len(COUNTERS)


def contribution(point: Point) -> list[int]:
    """What one prison adds to every total."""
    return [
        1,
        *(int(point.stage == stage) for stage in STAGES),
        int(point.is_commissioning_ready),
        int(point.is_eligible),
        int(point.statement_status == "raised"),
        int(point.statement_status == "issued"),
        int(point.statement_standing == "in_breach"),
        *(int(letter == "R") for letter in point.ratings),
        *(int(letter == "A") for letter in point.ratings),
        *(point.blocking >> place & 1 for place in range(SECTION_COUNT)),
    ]


def added(*vectors: Sequence[int]) -> list[int]:
    return list(map(sum, zip(*vectors, strict=True)))


def taken_off(total: Sequence[int], part: Sequence[int]) -> list[int]:
    return list(map(sub, total, part))


@dataclass(frozen=True, slots=True)
class Totals:
    """The totals of a set of prisons, unpacked. The tuples have one entry a section."""

    prisons: int
    stages: dict[str, int]
    commissioning_ready: int
    eligible: int
    live: int
    raised: int
    issued: int
    in_breach: int
    red: tuple[int, ...]
    amber: tuple[int, ...]
    blocking: tuple[int, ...]


def totals_of(numbers: Sequence[int]) -> Totals:
    """A tally's numbers by their names."""
    plain = dict(zip(PLAIN_COUNTERS, numbers[:_SECTIONS_AT], strict=True))
    red, amber, blocking = (
        tuple(numbers[_SECTIONS_AT + place * SECTION_COUNT : _SECTIONS_AT + (place + 1) * SECTION_COUNT])
        for place in range(3)
    )
    return Totals(
        prisons=plain["prisons"],
        stages={stage: plain[f"stage {stage}"] for stage in STAGES},
        commissioning_ready=plain["commissioning_ready"],
        eligible=plain["eligible"],
        live=plain[f"stage {Stage.LIVE}"],
        raised=plain["raised"],
        issued=plain["issued"],
        in_breach=plain["in_breach"],
        red=red,
        amber=amber,
        blocking=blocking,
    )


TREND = ("prisons", "commissioning_ready", "eligible", "live")


def trend_part(point: Point) -> tuple[int, int, int, int]:
    """What one prison adds to a month's trend, in the order of `TREND`."""
    return trend_of(point.is_commissioning_ready, point.is_eligible, point.stage)


def trend_of(is_commissioning_ready: bool, is_eligible: bool, stage: str) -> tuple[int, int, int, int]:
    """The same from what it rests on."""
    return 1, int(is_commissioning_ready), int(is_eligible), int(stage == Stage.LIVE.value)
