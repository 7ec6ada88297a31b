"""Dashboards: a region's or the nation's figures now or at a past moment, counted from the periods of its prisons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from app.queries.programme.movement import Movement, read_movement
from app.queries.programme.periods import ProgrammeAt, read_points, read_trend
from app.queries.programme.prison_lists import (
    BreachingPrisons,
    NearPrison,
    OpenChallenges,
    OverdueTargets,
    PassedGoLives,
    PlannedGoLives,
    PrisonNames,
    QuietPrisons,
    breaching_of,
    challenges_of,
    eligible_without_statement,
    nearest_of,
    overdue_of,
    passed_of,
    planned_of,
    quiet_of,
)
from app.queries.programme.totals import (
    BlockingSection,
    FunctionTotals,
    GroupTotals,
    SectionTotals,
    StaffTotals,
    blocking_commissioning,
    blocking_go_live,
    function_totals,
    group_totals,
    section_totals,
    staff_totals,
)
from app.queries.programme.waiting import MovedDates, WaitingStatements, read_moved_dates, read_waiting
from app.queries.toolkits import current_version, read_book
from app.rules.programme import (
    Point,
    Totals,
    TrendPoint,
    by_section,
    counting_letters,
    is_open_on,
    month_name,
    month_number,
    totals_of,
)
from app.rules.regions import REGION_REFS, REGIONS, RegionRef
from app.rules.toolkit import Toolkit


@dataclass(frozen=True, slots=True)
class StatementTotals:
    """How many prisons have a statement that waits for signatures, is issued, or is issued and in breach."""

    raised: int
    issued: int
    in_breach: int


@dataclass(frozen=True, slots=True)
class RegionSummaryView:
    """A region in numbers. `prisons` are those open on the day; `closed` are registered and not open."""

    slug: str
    name: str
    prisons: int
    closed: int
    stages: dict[str, int]
    commissioning_ready: int
    eligible: int
    live: int
    statements: StatementTotals


@dataclass(frozen=True, slots=True)
class RegionListView:
    """The nine regions."""

    items: list[RegionSummaryView]


@dataclass(frozen=True, slots=True)
class DashboardView:
    """A region's figures, or the nation's (`region` null, with `regions`). `day` is their date in London."""

    region: RegionRef | None
    as_of: datetime | None
    day: date
    prisons: int
    closed: int
    stages: dict[str, int]
    commissioning_ready: int
    eligible: int
    live: int
    statements: StatementTotals
    sections: list[SectionTotals]
    groups: list[GroupTotals]
    functions: list[FunctionTotals]
    staff: list[StaffTotals]
    blocking: list[BlockingSection]
    blocking_commissioning: list[BlockingSection]
    nearest: list[NearPrison]
    eligible_without_statement: PrisonNames
    waiting: WaitingStatements
    in_breach: BreachingPrisons
    without_update: QuietPrisons
    overdue_targets: OverdueTargets
    open_challenges: OpenChallenges
    go_live_dates: PlannedGoLives
    passed_go_live_dates: PassedGoLives
    moved_go_live_dates: list[MovedDates]
    movement: Movement
    trend: list[TrendPoint]
    regions: list[RegionSummaryView] | None


DASHBOARD_JSON = TypeAdapter(DashboardView)
REGIONS_JSON = TypeAdapter(RegionListView)


def list_regions(session: Session, programme: ProgrammeAt) -> RegionListView:
    """The nine regions with their figures."""
    return RegionListView(_summaries(programme, read_points(session, programme)))


def read_dashboard(session: Session, programme: ProgrammeAt) -> DashboardView:
    """All that a dashboard shows; a fixed number of statements, whatever the number of prisons."""
    registered = read_points(session, programme)
    points = _open_ones(registered, programme.day)
    totals = totals_of(points)
    toolkit = read_book(session, current_version(session)).toolkit
    counting = [counting_letters(point.ratings, point.exempt) for point in points]
    words = by_section(counting)
    return DashboardView(
        region=REGION_REFS[programme.region] if programme.region else None,
        as_of=programme.as_of,
        day=programme.day,
        prisons=totals.prisons,
        closed=len(registered) - totals.prisons,
        stages=totals.stages,
        commissioning_ready=totals.commissioning_ready,
        eligible=totals.eligible,
        live=totals.live,
        statements=StatementTotals(totals.raised, totals.issued, totals.in_breach),
        sections=section_totals(toolkit, words),
        groups=group_totals(toolkit, words),
        functions=function_totals(points, counting),
        staff=staff_totals(toolkit, points),
        blocking=blocking_go_live(toolkit, points),
        blocking_commissioning=blocking_commissioning(_toolkits(session, points), toolkit, points),
        nearest=nearest_of(points),
        eligible_without_statement=eligible_without_statement(points),
        waiting=read_waiting(session, programme, points),
        in_breach=breaching_of(points),
        without_update=quiet_of(points, programme.day),
        overdue_targets=overdue_of(points, programme.day),
        open_challenges=challenges_of(points),
        go_live_dates=planned_of(points, programme.day),
        passed_go_live_dates=passed_of(points, programme.day),
        moved_go_live_dates=read_moved_dates(session, programme, toolkit, points),
        movement=read_movement(session, programme, points),
        trend=_trend(session, programme, totals if registered else None),
        regions=None if programme.region else _summaries(programme, registered),
    )


def _trend(session: Session, programme: ProgrammeAt, now: Totals | None) -> list[TrendPoint]:
    """The ends of months, and then how things stand; nothing before the first prison was registered."""
    trend = read_trend(session, programme)
    if trend or now:
        counts = (now.prisons, now.commissioning_ready, now.eligible, now.live) if now else (0, 0, 0, 0)
        trend.append(TrendPoint(month_name(month_number(programme.day)), *counts))
    return trend


def _open_ones(points: Sequence[Point], day: date) -> list[Point]:
    """The calendar opens and closes prisons without a write."""
    return [point for point in points if is_open_on(point.opened_on, point.closed_by, day)]


def _summaries(programme: ProgrammeAt, points: Sequence[Point]) -> list[RegionSummaryView]:
    by_region: dict[str, list[Point]] = {slug: [] for slug in programme.regions}
    for point in points:
        by_region[point.region].append(point)
    return [_summary(slug, registered, programme.day) for slug, registered in by_region.items()]


def _summary(slug: str, registered: Sequence[Point], day: date) -> RegionSummaryView:
    totals = totals_of(_open_ones(registered, day))
    return RegionSummaryView(
        slug=slug,
        name=REGIONS[slug],
        prisons=totals.prisons,
        closed=len(registered) - totals.prisons,
        stages=totals.stages,
        commissioning_ready=totals.commissioning_ready,
        eligible=totals.eligible,
        live=totals.live,
        statements=StatementTotals(totals.raised, totals.issued, totals.in_breach),
    )


def _toolkits(session: Session, points: Sequence[Point]) -> dict[str, Toolkit]:
    """The toolkits by which the prisons are judged."""
    return {version: read_book(session, version).toolkit for version in {point.toolkit_version for point in points}}
