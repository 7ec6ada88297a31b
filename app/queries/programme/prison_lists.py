"""The lists of a dashboard: prisons near to go-live, prisons gone quiet, dates ahead; one statement for all of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, cast, func, literal, null, select, union_all
from sqlalchemy.orm import Session

from app.queries.programme.standing_versions import STANDING, Scope, Shape, is_open, standing
from app.rules.programme import AHEAD_DAYS, QUIET_DAYS, Point, is_quiet

NEAREST = 10
QUIETEST = 10
SOONEST = 50


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
class PrisonLists:
    """The three lists."""

    nearest: list[NearPrison]
    without_update: QuietPrisons
    go_live_dates: PlannedGoLives


# What any of the lists shows or is ordered by.
_NAMES = (
    *("code", "name", "region", "stage", "blocker_count", "section_changed_at", "quiet_since"),
    *("go_live_date", "statement_status", "statement_serial"),
)
_COLUMNS = STANDING.c
# What decides on a list besides.
_DECIDING = ("live_on", "opened_on", "closed_by")


def read_lists(session: Session, scope: Scope, closed: Sequence[Point]) -> PrisonLists:
    """The lists of a scope. `closed` are the prisons that are not open on its day."""
    found: dict[str, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in session.execute((_then if scope.shape.is_past else _now)(scope.shape), scope.values):
        found[row.kind].append(row)
    near = sorted(found["near"], key=lambda row: (row.blocker_count, row.code))
    quiet = sorted(found["quiet"], key=lambda row: (row.quiet_since, row.code))
    planned = sorted(found["planned"], key=lambda row: (row.go_live_date, row.code))
    gone_quiet = sum(1 for point in closed if is_quiet(point.quiet_since, scope.day))
    return PrisonLists(
        [NearPrison(row.code, row.name, row.region, row.stage, row.blocker_count) for row in near],
        QuietPrisons(
            QUIET_DAYS,
            found["quiet count"][0].blocker_count - gone_quiet,
            [QuietPrison(row.code, row.name, row.region, row.section_changed_at) for row in quiet],
        ),
        PlannedGoLives(
            AHEAD_DAYS,
            found["planned count"][0].blocker_count,
            [
                PlannedGoLive(
                    *(row.code, row.name, row.region, row.go_live_date, row.statement_status, row.statement_serial)
                )
                for row in planned
            ],
        ),
    )


@cache
def _now(shape: Shape) -> Select[Any]:
    """Each list from the index that has it in order."""

    def listed(kind: str, wanted: ColumnElement[bool], order: str, limit: int) -> Select[Any]:
        chosen = standing([literal(kind).label("kind"), *_named(_COLUMNS)], shape, wanted, is_open())
        return select(chosen.order_by(_COLUMNS[order], _COLUMNS["code"]).limit(limit).subquery())

    def counted(kind: str, *wanted: ColumnElement[bool]) -> Select[Any]:
        return _count(kind, standing([func.count()], shape, *wanted).scalar_subquery())

    near, quiet, planned = _near(_COLUMNS), _quiet(_COLUMNS), _planned(_COLUMNS)
    return _together(
        listed("near", near, "blocker_count", NEAREST),
        listed("quiet", quiet, "quiet_since", QUIETEST),
        listed("planned", planned, "go_live_date", SOONEST),
        counted("quiet count", quiet),
        counted("planned count", planned, is_open()),
    )


@cache
def _then(shape: Shape) -> Select[Any]:
    """Each list from the periods that stood at the moment, which are looked up once."""
    stood = standing(_named(_COLUMNS, *_DECIDING), shape).cte("stood").prefix_with("MATERIALIZED")
    columns = stood.c

    def listed(kind: str, wanted: ColumnElement[bool], order: str, limit: int) -> Select[Any]:
        chosen = select(literal(kind).label("kind"), *_named(columns)).where(wanted, is_open(columns))
        return select(chosen.order_by(columns[order], columns.code).limit(limit).subquery())

    def counted(kind: str, *wanted: ColumnElement[bool]) -> Select[Any]:
        return _count(kind, select(func.count()).select_from(stood).where(*wanted).scalar_subquery())

    near, quiet, planned = _near(columns), _quiet(columns), _planned(columns)
    return _together(
        listed("near", near, "blocker_count", NEAREST),
        listed("quiet", quiet, "quiet_since", QUIETEST),
        listed("planned", planned, "go_live_date", SOONEST),
        counted("quiet count", quiet),
        counted("planned count", planned, is_open(columns)),
    )


def _together(*parts: Select[Any]) -> Select[Any]:
    return select(union_all(*parts).subquery())


def _named(columns: Any, *more: str) -> list[Any]:
    return [columns[name] for name in (*_NAMES, *more)]


def _count(kind: str, counts: Any) -> Select[Any]:
    """A row that holds only a number, in the shape of the others."""
    empty = {name: cast(null(), _COLUMNS[name].type).label(name) for name in _NAMES}
    columns: list[Any] = [
        literal(kind).label("kind"),
        *(empty | {"blocker_count": counts.label("blocker_count")}).values(),
    ]
    return select(*columns)


def _near(columns: Any) -> ColumnElement[bool]:
    """Not yet eligible, which is to have blockers, and without an open statement."""
    return and_(columns.blocker_count > 0, columns.statement_status.is_(None))


def _quiet(columns: Any) -> ColumnElement[bool]:
    return and_(columns.quiet_since <= bindparam("quiet_until"))


def _planned(columns: Any) -> ColumnElement[bool]:
    """Dates from the day on that stand on a raised or issued statement of a prison that is not live yet."""
    return and_(
        columns.go_live_date >= bindparam("day"),
        columns.go_live_date <= bindparam("ahead_until"),
        columns.live_on.is_(None),
    )
