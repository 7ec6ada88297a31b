"""Dashboards: a region's or the nation's figures now or at a past moment, from totals that are kept ready."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from app.queries.programme.prison_lists import NearPrison, PlannedGoLives, QuietPrisons, read_lists
from app.queries.programme.standing_versions import Scope
from app.queries.programme.tallies import read_totals
from app.queries.programme.trends import TrendPoint, read_closed, read_trend
from app.queries.toolkits import current_version, read_book
from app.rules.programme import Point, Totals, added, totals_of
from app.rules.regions import REGIONS
from app.rules.toolkit import Toolkit


@dataclass(frozen=True, slots=True)
class StatementTotals:
    """Prisons by their statement: waiting for signatures, issued, and of those in breach."""

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
class RegionRef:
    slug: str
    name: str


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
    """A region's figures, or the nation's (`region` null, with `regions`). `day` is the London date they are of."""

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


def list_regions(session: Session, scope: Scope) -> RegionListView:
    """The nine regions with their figures."""
    closed = read_closed(session, scope)
    return RegionListView(_summaries(scope, read_totals(session, scope, closed), closed))


def read_dashboard(session: Session, scope: Scope) -> DashboardView:
    """All that a dashboard shows; a fixed number of statements, whatever the number of prisons."""
    closed = read_closed(session, scope)
    by_region = read_totals(session, scope, closed)
    totals = totals_of(added(*by_region.values()))
    toolkit = read_book(session, current_version(session)).toolkit
    lists = read_lists(session, scope, closed)
    return DashboardView(
        region=RegionRef(scope.region, REGIONS[scope.region]) if scope.region else None,
        as_of=scope.as_of,
        day=scope.day,
        prisons=totals.prisons,
        closed=len(closed),
        stages=totals.stages,
        commissioning_ready=totals.commissioning_ready,
        eligible=totals.eligible,
        live=totals.live,
        statements=StatementTotals(totals.raised, totals.issued, totals.in_breach),
        sections=_sections(toolkit, totals),
        blocking=_blocking(toolkit, totals),
        nearest=lists.nearest,
        without_update=lists.without_update,
        go_live_dates=lists.go_live_dates,
        trend=read_trend(session, scope, totals),
        regions=None if scope.region else _summaries(scope, by_region, closed),
    )


def _summaries(scope: Scope, by_region: dict[str, list[int]], closed: Sequence[Point]) -> list[RegionSummaryView]:
    regions = [point.region for point in closed]
    found = []
    for slug in scope.regions:
        totals = totals_of(by_region[slug])
        found.append(
            RegionSummaryView(
                slug=slug,
                name=REGIONS[slug],
                prisons=totals.prisons,
                closed=regions.count(slug),
                stages=totals.stages,
                commissioning_ready=totals.commissioning_ready,
                eligible=totals.eligible,
                live=totals.live,
                statements=StatementTotals(totals.raised, totals.issued, totals.in_breach),
            )
        )
    return found


def _sections(toolkit: Toolkit, totals: Totals) -> list[SectionTotals]:
    return [
        SectionTotals(section.number, section.title, red, amber, totals.prisons - red - amber)
        for section, red, amber in zip(toolkit.sections, totals.red, totals.amber, strict=True)
    ]


def _blocking(toolkit: Toolkit, totals: Totals) -> list[BlockingSection]:
    """Most prisons first; sections that block as many stay in number order."""
    found = [
        BlockingSection(section.number, section.title, prisons)
        for section, prisons in zip(toolkit.sections, totals.blocking, strict=True)
        if prisons
    ]
    return sorted(found, key=lambda one: -one.prisons)
