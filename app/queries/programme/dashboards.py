"""Dashboards: a region's or the nation's figures now or at a past moment, counted from the periods of its prisons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from app.queries.programme.periods import ProgrammeAt, read_points, read_trend
from app.queries.programme.prison_lists import (
    NearPrison,
    PlannedGoLives,
    QuietPrisons,
    nearest_of,
    planned_of,
    quiet_of,
)
from app.queries.toolkits import current_version, read_book
from app.rules.programme import (
    Point,
    TrendPoint,
    blocking_letters,
    count_by_section,
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
class SectionTotals:
    """How many prisons have a section at each rating."""

    number: int
    title: str
    red: int
    amber: int
    green: int


@dataclass(frozen=True, slots=True)
class BlockingSection:
    """How many prisons a section keeps from going live."""

    number: int
    title: str
    prisons: int


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
    blocking: list[BlockingSection]
    nearest: list[NearPrison]
    without_update: QuietPrisons
    go_live_dates: PlannedGoLives
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
    trend = read_trend(session, programme)
    if trend or registered:
        now = totals.prisons, totals.commissioning_ready, totals.eligible, totals.live
        trend.append(TrendPoint(month_name(month_number(programme.day)), *now))
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
        sections=_sections(toolkit, points),
        blocking=_blocking(toolkit, points),
        nearest=nearest_of(points),
        without_update=quiet_of(points, programme.day),
        go_live_dates=planned_of(points, programme.day),
        trend=trend,
        regions=None if programme.region else _summaries(programme, registered),
    )


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


def _sections(toolkit: Toolkit, points: Sequence[Point]) -> list[SectionTotals]:
    words = [point.ratings for point in points]
    counts = (count_by_section(words, letter) for letter in "RAG")
    return [
        SectionTotals(section.number, section.title, red, amber, green)
        for section, red, amber, green in zip(toolkit.sections, *counts, strict=True)
    ]


def _blocking(toolkit: Toolkit, points: Sequence[Point]) -> list[BlockingSection]:
    """Most prisons first; sections that block as many stay in number order."""
    counts = count_by_section([blocking_letters(point.blocking) for point in points], "1")
    found = [
        BlockingSection(section.number, section.title, prisons)
        for section, prisons in zip(toolkit.sections, counts, strict=True)
        if prisons
    ]
    return sorted(found, key=lambda one: -one.prisons)
