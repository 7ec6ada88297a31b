"""The totals of a scope, now or at a past moment, added up from the shards that writers keep."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from app.models import StandingVersion, Tally
from app.queries.standing_versions import POINT_COLUMNS, Scope, point_from
from app.queries.toolkits import current_version
from app.queries.trends import BoundedPeriod
from app.rules.moments import end_of_day
from app.rules.programme import NOTHING, PRESENT, added, contribution, taken_off


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

    Every change to a prison in scope changes one of the rows, so they also tell whether an answer still holds.
    """
    head = Tally
    columns = (col(head.region), col(head.shard), col(head.day), col(head.changes), col(head.numbers))
    if scope.as_of is None:
        statement = select(*columns).where(col(head.day) == PRESENT, col(head.region).in_(scope.regions))
    else:
        whole = scope.day if scope.as_of == end_of_day(scope.day) else scope.day - timedelta(days=1)
        shard, other = aliased(Tally), aliased(Tally)
        latest = (
            select(func.max(col(other.day)))
            .where(col(other.region) == col(shard.region), col(other.shard) == col(shard.shard))
            .where(col(other.day) <= whole)
            .scalar_subquery()
        )
        statement = (
            select(*columns)
            .join(shard, (col(shard.region) == col(head.region)) & (col(shard.shard) == col(head.shard)))
            .where(col(shard.day) == PRESENT, col(shard.region).in_(scope.regions), col(head.day) == latest)
        )
    rows = [TallyRow(*row) for row in session.execute(statement)]
    return sorted(rows, key=lambda row: (row.region, row.shard))


def read_mark(session: Session, scope: Scope) -> str:
    """A fingerprint of all that a dashboard of the scope rests on, but for the day and the moment asked for.

    The same fingerprint, the same figures: every change to a prison changes it, and so does a new toolkit.
    """
    rows = [(row.region, row.shard, row.day.toordinal(), row.changes) for row in read_tallies(session, scope)]
    text = repr((current_version(session), rows))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def read_totals(session: Session, scope: Scope, bounded: Sequence[BoundedPeriod]) -> dict[str, list[int]]:
    """Each region's totals over the prisons that are open on the day.

    The shards count every registered prison, since the calendar opens and closes prisons without a write;
    those that are not open on the day are taken off here.
    """
    found = {region: list(NOTHING) for region in scope.regions}
    for row in read_tallies(session, scope):
        found[row.region] = added(found[row.region], json.loads(row.numbers))
    _follow_part_of_a_day(session, scope, found)
    for one in bounded:
        if one.stands_at(scope.as_of) and not one.is_open_on(scope.day):
            found[one.point.region] = taken_off(found[one.point.region], contribution(one.point))
    return found


def _follow_part_of_a_day(session: Session, scope: Scope, found: dict[str, list[int]]) -> None:
    """What changed between the start of the day and a moment within it."""
    if scope.as_of is None or scope.as_of == end_of_day(scope.day):
        return
    began = end_of_day(scope.day - timedelta(days=1))
    in_scope = select(*POINT_COLUMNS).where(col(StandingVersion.region).in_(scope.regions))
    for moment, change in ((col(StandingVersion.to_at), taken_off), (col(StandingVersion.from_at), added)):
        for row in session.execute(in_scope.where(moment > began, moment <= scope.as_of)):
            point = point_from(row)
            found[point.region] = change(found[point.region], contribution(point))
