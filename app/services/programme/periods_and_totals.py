"""What dashboards and returns read, kept up in the transaction of every change: periods, totals, trends."""

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.models import Prison, Statement, table_of
from app.queries.programme.standing_versions import POINT_COLUMNS, STANDING, point_from
from app.queries.programme.tallies import TALLY
from app.queries.programme.trends import TREND_STEP
from app.rules.moments import london_date
from app.rules.periods import CURRENT_NODE, node_of
from app.rules.programme import (
    NOTHING,
    PRESENT,
    SHARDS,
    TREND,
    Point,
    added,
    contribution,
    mask_of,
    touches_closed_days,
    trend_part,
)
from app.rules.readiness import ReadinessView, Situation

# Every change comes through here: statements are built once and filled in, which takes less than half as long.
_NAMES = tuple(field.name for field in fields(Point))
_PRESENT = (STANDING.c.prison_id == bindparam("of_prison")) & STANDING.c.to_at.is_(None)
_READ_PERIOD = select(STANDING.c.from_at, *POINT_COLUMNS).where(_PRESENT)
_CHANGE_PERIOD = update(STANDING).where(_PRESENT)
_BEGIN_PERIOD = insert(STANDING)
_STATEMENT = table_of(Statement)
_READ_TIMES = select(_STATEMENT.c.raised_at, _STATEMENT.c.issued_at).where(_STATEMENT.c.id == bindparam("of"))
_SHARD = (TALLY.c.region == bindparam("of_region")) & (TALLY.c.shard == bindparam("of_shard"))
_READ_DAYS = select(TALLY.c.day, TALLY.c.latest_on, TALLY.c.changes, TALLY.c.numbers).where(_SHARD)
_READ_HEAD = _READ_DAYS.where(TALLY.c.day == PRESENT).with_for_update()
_READ_LATER = _READ_DAYS.where(TALLY.c.day >= bindparam("from_day"), TALLY.c.day < PRESENT)
_READ_EARLIER = _READ_DAYS.where(TALLY.c.day < bindparam("from_day")).order_by(TALLY.c.day.desc()).limit(1)


def record_standing(session: Session, situation: Situation, view: ReadinessView, at: datetime) -> None:
    """End the prison's present period at `at` and begin the next; nothing where it stands as it stood.

    The prison's row is locked by then. Totals are shifted under the locks of the shards that they belong to,
    always taken in the order of their names.
    """
    prison_id = situation.prison.id
    of_prison = {"of_prison": prison_id}
    row = session.execute(_READ_PERIOD, of_prison).first()
    before = point_from(row[1:]) if row is not None else None
    after = _point_of(session, situation, view, before, at)
    if after == before:
        return
    if row is not None and row.from_at == at:
        # A second step of the same change, such as a statement that takes another's place.
        session.execute(_CHANGE_PERIOD, of_prison | opened_values(after, at))
    else:
        if row is not None and before is not None:
            session.execute(_CHANGE_PERIOD, of_prison | ended_values(before, row.from_at, at))
        session.execute(_BEGIN_PERIOD, {"prison_id": prison_id, "from_at": at, **opened_values(after, at)})
    _shift_totals(session, prison_id % SHARDS, before, after, london_date(at))


def opened_values(point: Point, at: datetime) -> dict[str, Any]:
    """The columns of a period that begins at `at` and has not ended."""
    is_bounded = touches_closed_days(point, at, None)
    values = {name: getattr(point, name) for name in _NAMES}
    return {**values, "to_at": None, "node": CURRENT_NODE, "is_bounded": is_bounded}


def ended_values(point: Point, from_at: datetime, to_at: datetime) -> dict[str, Any]:
    """The columns of a period that change when it ends."""
    is_bounded = touches_closed_days(point, from_at, to_at)
    return {"to_at": to_at, "node": node_of(from_at, to_at), "is_bounded": is_bounded}


def _point_of(session: Session, situation: Situation, view: ReadinessView, before: Point | None, at: datetime) -> Point:
    prison = session.get_one(Prison, situation.prison.id)
    changed_at = max((stamp.at for stamp in situation.answers.stamps.values()), default=None)
    return point_of(
        view,
        region=situation.prison.region,
        opened_on=prison.opened_on,
        closed_by=prison.closed_by,
        ratings="".join(one.rating[0] for one in situation.answers.assessments),
        section_changed_at=changed_at,
        registered_at=situation.prison.registered_at,
        statement_times=_statement_times(session, view, before, at),
    )


def point_of(
    view: ReadinessView,
    *,
    region: str,
    opened_on: date | None,
    closed_by: date | None,
    ratings: str,
    section_changed_at: datetime | None,
    registered_at: datetime,
    statement_times: tuple[datetime | None, datetime | None],
) -> Point:
    """How a prison stands by its verdict; `statement_times` are when its statement was raised and issued."""
    statement = view.statement
    return Point(
        code=view.prison.code,
        name=view.prison.name,
        region=region,
        function=view.prison.function.value,
        opened_on=opened_on,
        closed_by=closed_by,
        toolkit_version=view.toolkit_version,
        stage=view.stage.value,
        is_commissioning_ready=view.commissioning.ready,
        is_eligible=view.go_live.eligible,
        ratings=ratings,
        blocking=mask_of(blocker.section for blocker in view.go_live.blockers),
        exempt=mask_of(one.section for one in view.go_live.exempt),
        blocker_count=len(view.go_live.blockers),
        updated_at=view.updated_at,
        section_changed_at=section_changed_at,
        quiet_since=section_changed_at or registered_at,
        statement_id=statement.id if statement else None,
        statement_serial=statement.serial if statement else None,
        statement_status=statement.status.value if statement else None,
        statement_standing=statement.standing.value if statement and statement.standing else None,
        statement_raised_at=statement_times[0],
        statement_issued_at=statement_times[1],
        go_live_date=statement.go_live_date if statement else None,
        live_on=statement.live_on if statement else None,
    )


def _statement_times(
    session: Session, view: ReadinessView, before: Point | None, at: datetime
) -> tuple[datetime | None, datetime | None]:
    statement = view.statement
    if statement is None:
        return None, None
    if before is not None and before.statement_id == statement.id:
        raised_at, issued_at = before.statement_raised_at, before.statement_issued_at
    else:
        raised_at, issued_at = session.execute(_READ_TIMES, {"of": statement.id}).one()
    # The step that issues it is settled before the statement's row says so.
    return raised_at, issued_at or (at if statement.status == "issued" else None)


def _shift_totals(session: Session, shard: int, before: Point | None, after: Point, day: date) -> None:
    shifts: dict[str, list[int]] = {}
    trends: dict[str, list[int]] = {}
    for point, sign in ((before, -1), (after, 1)):
        if point is not None:
            part = [sign * one for one in contribution(point)]
            shifts[point.region] = added(shifts.get(point.region, NOTHING), part)
            step = [sign * one for one in trend_part(point)]
            trends[point.region] = added(trends.get(point.region, (0,) * len(TREND)), step)
    for region in sorted(shifts):
        _shift_tally(session, region, shard, day, shifts[region])
        if any(trends[region]):
            _shift_trend(session, region, shard, day, trends[region])


def _shift_tally(session: Session, region: str, shard: int, day: date, shift: Sequence[int]) -> None:
    """Add to the totals of now and of every day from `day` on."""
    here = {"of_region": region, "of_shard": shard}
    head = session.execute(_READ_HEAD, here).one()
    changes = head.changes + 1
    rows = [(PRESENT, max(head.latest_on, day), added(json.loads(head.numbers), shift))]
    if head.latest_on <= day:
        rows.append((day, day, rows[0][2]))
    else:
        # A change from before midnight that comes to be written after the first one of the new day.
        later = session.execute(_READ_LATER, here | {"from_day": day}).all()
        rows += [(one.day, one.day, added(json.loads(one.numbers), shift)) for one in later]
        if all(one.day != day for one in later):
            base = session.execute(_READ_EARLIER, here | {"from_day": day}).first()
            rows.append((day, day, added(json.loads(base.numbers) if base else NOTHING, shift)))
    stored = [tally_row(region, shard, on, last, changes, sums) for on, last, sums in rows]
    session.execute(_store_tallies(session.get_bind().dialect.name), stored)


def tally_row(
    region: str, shard: int, day: date, latest_on: date, changes: int, numbers: Sequence[int]
) -> dict[str, Any]:
    """A row of `tally`."""
    packed = json.dumps(list(numbers), separators=(",", ":"))
    return {
        "region": region,
        "shard": shard,
        "day": day,
        "latest_on": latest_on,
        "changes": changes,
        "numbers": packed,
    }


def _shift_trend(session: Session, region: str, shard: int, day: date, step: Sequence[int]) -> None:
    row = {"region": region, "month": f"{day:%Y-%m}", "shard": shard, **dict(zip(TREND, step, strict=True))}
    session.execute(_add_trends(session.get_bind().dialect.name), row)


@cache
def _store_tallies(dialect: str) -> Any:
    statement = _insert(dialect, TALLY)
    kept = {name: statement.excluded[name] for name in ("latest_on", "changes", "numbers")}
    return statement.on_conflict_do_update(index_elements=["region", "shard", "day"], set_=kept)


@cache
def _add_trends(dialect: str) -> Any:
    statement = _insert(dialect, TREND_STEP)
    sums = {name: TREND_STEP.c[name] + statement.excluded[name] for name in TREND}
    return statement.on_conflict_do_update(index_elements=["region", "month", "shard"], set_=sums)


def _insert(dialect: str, table: Table) -> Any:
    """An insert that can be told what to do where the row is there already."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
