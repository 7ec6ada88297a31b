"""The totals of a scope, now or at a past moment, added up from the shards that writers keep."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal_column, select
from sqlalchemy.orm import Session

from app.models import Tally, table_of
from app.queries.programme.standing_versions import POINT_COLUMNS, STANDING, Scope, in_regions, point_from
from app.queries.toolkits import CURRENT_VERSION, current_version
from app.rules.moments import end_of_day
from app.rules.programme import NOTHING, PRESENT, SHARDS, Point, added, contribution, taken_off
from app.rules.regions import REGIONS

TALLY = table_of(Tally)


@dataclass(frozen=True, slots=True)
class TallyRow:
    """One shard's totals, and the count of changes behind them."""

    region: str
    shard: int
    day: date
    changes: int
    numbers: str


def read_tallies(session: Session, scope: Scope) -> list[TallyRow]:
    """The totals of every shard in scope: of now, or of the last whole day that is over at the moment asked for.

    Of a moment within a day they are those of the evening before.
    """
    is_whole = scope.as_of is None or scope.as_of == end_of_day(scope.day)
    return _tallies_until(session, scope, scope.day if is_whole else scope.day - timedelta(days=1))


def _tallies_until(session: Session, scope: Scope, whole: date) -> list[TallyRow]:
    values = {**scope.values, "present": PRESENT, "shards": range(SHARDS), "whole": whole}
    rows = [TallyRow(*row) for row in session.execute(_statement(scope.shape.is_past), values)]
    return sorted(rows, key=lambda row: (row.region, row.shard))


@cache
def _statement(is_past: bool) -> Select[Any]:
    """The rows of now, one a shard; of the past the latest of each shard until the day."""
    kept, shard, other = TALLY.alias("kept"), TALLY.alias("shard"), TALLY.alias("other")
    columns = select(kept.c.region, kept.c.shard, kept.c.day, kept.c.changes, kept.c.numbers)
    # The shards are named so that each is one look-up.
    present = shard if is_past else kept
    heads = and_(
        in_regions(present.c.region),
        present.c.shard.in_(bindparam("shards", expanding=True)),
        present.c.day == bindparam("present"),
    )
    if not is_past:
        return columns.where(heads)
    latest = (
        select(func.max(other.c.day))
        .where(other.c.region == shard.c.region, other.c.shard == shard.c.shard, other.c.day <= bindparam("whole"))
        .scalar_subquery()
    )
    same_shard = (kept.c.region == shard.c.region) & (kept.c.shard == shard.c.shard)
    return columns.join(shard, same_shard).where(heads, kept.c.day == latest)


def read_mark(session: Session, scope: Scope) -> tuple[Any, ...]:
    """A fingerprint of all that a dashboard of the scope rests on, but for the day and the moment asked for.

    The same fingerprint, the same figures: every change to a prison changes it, and so does a new toolkit.
    """
    if scope.as_of is None:
        return tuple(session.execute(*mark_asked(scope)).one())
    # The moment's own day counts too: a change from before the moment may be committed after it.
    tallies = _tallies_until(session, scope, scope.day)
    rows = [(row.region, row.shard, row.day.toordinal(), row.changes) for row in tallies]
    text = repr((current_version(session), rows))
    return (hashlib.blake2b(text.encode(), digest_size=16).hexdigest(),)


def mark_asked(scope: Scope) -> tuple[Select[Any], dict[str, Any]]:
    """The one statement whose row is the mark of the present, and what it is filled in with."""
    given = {} if scope.region is None else {"region": scope.region}
    return _marks(scope.shape.is_regional), given


# One for each region, close together, and steps between the shards that are wider: no two shards weigh the same.
_PRIMES = (999_983, 999_979, 999_961, 999_959, 999_953, 999_931, 999_917, 999_907, 999_883)
_WEIGHTS = (
    "(CASE tally.region "
    + " ".join(f"WHEN '{region}' THEN {prime}" for region, prime in zip(REGIONS, _PRIMES, strict=True))
    + " END + tally.shard * 7919)"
)


@cache
def _marks(is_regional: bool) -> Select[Any]:
    """The current toolkit, and a sum of the scope's counts of changes, which only ever grow.

    Each shard weighs in differently, so that different counts do not come to the same sum. The shards of now are
    named so that each is one look-up.
    """
    region = [TALLY.c.region == bindparam("region")] if is_regional else [TALLY.c.region.in_(_literals(REGIONS))]
    heads = and_(*region, TALLY.c.shard.in_(_literals(range(SHARDS))), TALLY.c.day == literal_column(f"'{PRESENT}'"))
    weight: ColumnElement[int] = literal_column(_WEIGHTS)
    changes = select(func.sum(TALLY.c.changes * weight)).where(heads).scalar_subquery()
    return select(CURRENT_VERSION.scalar_subquery(), changes)


def _literals(values: Iterable[str | int]) -> list[ColumnElement[Any]]:
    """Constants of ours as they stand in SQL."""
    return [literal_column(f"'{one}'" if isinstance(one, str) else str(one)) for one in values]


def read_totals(session: Session, scope: Scope, closed: Sequence[Point]) -> dict[str, list[int]]:
    """Each region's totals over the prisons that are open on the day.

    The shards count every registered prison, since the calendar opens and closes prisons without a write;
    those that are not open on the day are taken off here.
    """
    shards: dict[str, list[Sequence[int]]] = {region: [NOTHING] for region in scope.regions}
    for row in read_tallies(session, scope):
        shards[row.region].append(json.loads(row.numbers))
    found = {region: added(*vectors) for region, vectors in shards.items()}
    _follow_part_of_a_day(session, scope, found)
    parts: dict[str, list[Sequence[int]]] = {region: [NOTHING] for region in scope.regions}
    for point in closed:
        parts[point.region].append(contribution(point))
    return {region: taken_off(total, added(*parts[region])) for region, total in found.items()}


def _follow_part_of_a_day(session: Session, scope: Scope, found: dict[str, list[int]]) -> None:
    """What changed between the start of the day and a moment within it."""
    if scope.as_of is None or scope.as_of == end_of_day(scope.day):
        return
    values = {**scope.values, "began": end_of_day(scope.day - timedelta(days=1))}
    for statement, change in ((_ENDED, taken_off), (_BEGUN, added)):
        for row in session.execute(statement, values):
            point = point_from(row)
            found[point.region] = change(found[point.region], contribution(point))


def _since_midnight(moment: ColumnElement[Any]) -> Select[Any]:
    within = and_(moment > bindparam("began"), moment <= bindparam("as_of"))
    return select(*POINT_COLUMNS).where(in_regions(STANDING.c.region), within)


_ENDED, _BEGUN = _since_midnight(STANDING.c.to_at), _since_midnight(STANDING.c.from_at)
