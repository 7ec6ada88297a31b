"""Dashboards: a region's or the nation's figures now or at a past moment, from totals that are kept ready."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Select, func, select, union_all
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import StandingVersion
from app.queries.standing_versions import Scope, is_open, stands_at
from app.queries.tallies import read_totals
from app.queries.toolkits import current_version, read_book
from app.queries.trends import BoundedPeriod, TrendPoint, read_bounded, read_trend
from app.rules.moments import end_of_day
from app.rules.programme import AHEAD_DAYS, QUIET_DAYS, Totals, added, is_quiet, quiet_from, totals_of
from app.rules.regions import REGIONS
from app.rules.toolkit import Toolkit

NEAREST = 10
QUIETEST = 10
SOONEST = 50


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
class NearPrison:
    """A prison that is not yet eligible, with how many sections are in its way."""

    code: str
    name: str
    region: str
    stage: str
    blockers: int


@dataclass(frozen=True, slots=True)
class QuietPrison:
    """A prison of which no section has changed for long; `last_update` is null where none ever has."""

    code: str
    name: str
    region: str
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
    region: str
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
    bounded = read_bounded(session, scope.regions)
    return RegionListView(_summaries(scope, read_totals(session, scope, bounded), bounded))


def read_dashboard(session: Session, scope: Scope) -> DashboardView:
    """All that a dashboard shows; a fixed number of statements, whatever the number of prisons."""
    bounded = read_bounded(session, scope.regions)
    by_region = read_totals(session, scope, bounded)
    totals = totals_of(added(*by_region.values()))
    toolkit = read_book(session, current_version(session)).toolkit
    return DashboardView(
        region=RegionRef(scope.region, REGIONS[scope.region]) if scope.region else None,
        as_of=scope.as_of,
        day=scope.day,
        prisons=totals.prisons,
        closed=len(_closed(scope, bounded)),
        stages=totals.stages,
        commissioning_ready=totals.commissioning_ready,
        eligible=totals.eligible,
        live=totals.live,
        statements=StatementTotals(totals.raised, totals.issued, totals.in_breach),
        sections=_sections(toolkit, totals),
        blocking=_blocking(toolkit, totals),
        nearest=_nearest(session, scope),
        without_update=_quiet(session, scope, bounded),
        go_live_dates=_planned(session, scope),
        trend=read_trend(session, scope, totals, bounded),
        regions=None if scope.region else _summaries(scope, by_region, bounded),
    )


def _closed(scope: Scope, bounded: Sequence[BoundedPeriod]) -> list[BoundedPeriod]:
    return [one for one in bounded if one.stands_at(scope.as_of) and not one.is_open_on(scope.day)]


def _summaries(
    scope: Scope, by_region: dict[str, list[int]], bounded: Sequence[BoundedPeriod]
) -> list[RegionSummaryView]:
    closed = [one.point.region for one in _closed(scope, bounded)]
    found = []
    for slug in scope.regions:
        totals = totals_of(by_region[slug])
        found.append(
            RegionSummaryView(
                slug=slug,
                name=REGIONS[slug],
                prisons=totals.prisons,
                closed=closed.count(slug),
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


def _in_each_region(scope: Scope, ranked: Select[Any], limit: int) -> Select[Any]:
    """The first rows of every region, so that each region's index gives its own and nothing is sorted."""
    parts = [
        select(ranked.where(col(StandingVersion.region) == region).limit(limit).subquery()) for region in scope.regions
    ]
    return parts[0] if len(parts) == 1 else select(union_all(*parts).subquery())


def _nearest(session: Session, scope: Scope) -> list[NearPrison]:
    """Not yet eligible and without an open statement; fewest blockers first, then by code."""
    ranked = (
        select(*_columns("code", "name", "region", "stage", "blocker_count"))
        .where(stands_at(scope.as_of), is_open(scope.day))
        .where(col(StandingVersion.is_eligible).is_(False), col(StandingVersion.statement_status).is_(None))
        .order_by(col(StandingVersion.blocker_count), col(StandingVersion.code))
    )
    found = [NearPrison(*row) for row in session.execute(_in_each_region(scope, ranked, NEAREST))]
    return sorted(found, key=lambda one: (one.blockers, one.code))[:NEAREST]


def _quiet(session: Session, scope: Scope, bounded: Sequence[BoundedPeriod]) -> QuietPrisons:
    quiet_since = col(StandingVersion.quiet_since)
    until = end_of_day(quiet_from(scope.day))
    standing = (stands_at(scope.as_of), quiet_since <= until)
    # Counted by the index alone; those that are not open are few and known already.
    count = select(func.count()).where(col(StandingVersion.region).in_(scope.regions), *standing)
    closed = sum(1 for one in _closed(scope, bounded) if is_quiet(one.point.quiet_since, scope.day))
    ranked = (
        select(*_columns("code", "name", "region", "section_changed_at", "quiet_since"))
        .where(*standing, is_open(scope.day))
        .order_by(quiet_since, col(StandingVersion.code))
    )
    rows = session.execute(_in_each_region(scope, ranked, QUIETEST)).all()
    longest = sorted(rows, key=lambda row: (row.quiet_since, row.code))[:QUIETEST]
    items = [QuietPrison(row.code, row.name, row.region, row.section_changed_at) for row in longest]
    return QuietPrisons(QUIET_DAYS, (session.scalar(count) or 0) - closed, items)


def _planned(session: Session, scope: Scope) -> PlannedGoLives:
    """Dates from the day on that stand on a raised or issued statement of a prison that is not live yet."""
    planned = col(StandingVersion.go_live_date)
    wanted = (
        stands_at(scope.as_of),
        is_open(scope.day),
        planned >= scope.day,
        planned <= scope.day + timedelta(days=AHEAD_DAYS),
        col(StandingVersion.live_on).is_(None),
    )
    ranked = (
        select(*_columns("code", "name", "region", "go_live_date", "statement_status", "statement_serial"))
        .where(*wanted)
        .order_by(planned, col(StandingVersion.code))
    )
    count = session.scalar(select(func.count()).where(col(StandingVersion.region).in_(scope.regions), *wanted))
    found = [PlannedGoLive(*row) for row in session.execute(_in_each_region(scope, ranked, SOONEST))]
    items = sorted(found, key=lambda one: (one.go_live_date, one.code))[:SOONEST]
    return PlannedGoLives(AHEAD_DAYS, count or 0, items)


def _columns(*names: str) -> list[Any]:
    return [StandingVersion.__table__.c[name] for name in names]  # type: ignore[attr-defined]
