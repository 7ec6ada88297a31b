"""What dashboards and returns read, kept up in the transaction of every change: periods, totals, trends."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Prison, StandingVersion, Statement, Tally, TrendStep
from app.queries.readiness import ReadinessView
from app.queries.standing_versions import POINT_COLUMNS, point_from
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

if TYPE_CHECKING:
    from app.services.standing import Situation


def record_standing(session: Session, situation: "Situation", view: ReadinessView, at: datetime) -> None:
    """End the prison's present period at `at` and begin the next; nothing where it stands as it stood.

    The prison's row is locked by then. Totals are shifted under the locks of the shards that they belong to,
    always taken in the order of their names.
    """
    prison_id = situation.prison.id
    row = session.execute(
        select(col(StandingVersion.from_at), *POINT_COLUMNS).where(
            col(StandingVersion.prison_id) == prison_id, col(StandingVersion.to_at).is_(None)
        )
    ).first()
    before = point_from(row[1:]) if row is not None else None
    after = _point_of(session, situation, view, before, at)
    if after == before:
        return
    if row is not None and row.from_at == at:
        # A second step of the same change, such as a statement that takes another's place.
        session.execute(_current(prison_id).values(**asdict(after), is_bounded=touches_closed_days(after, at, None)))
    else:
        if row is not None and before is not None:
            session.execute(_current(prison_id).values(**ended_values(before, row.from_at, at)))
        session.execute(insert(StandingVersion).values(prison_id=prison_id, from_at=at, **opened_values(after, at)))
    _shift_totals(session, prison_id % SHARDS, before, after, london_date(at))


def opened_values(point: Point, at: datetime) -> dict[str, Any]:
    """The columns of a period that begins at `at` and has not ended."""
    is_bounded = touches_closed_days(point, at, None)
    return {**asdict(point), "to_at": None, "node": CURRENT_NODE, "is_bounded": is_bounded}


def ended_values(point: Point, from_at: datetime, to_at: datetime) -> dict[str, Any]:
    """The columns of a period that change when it ends."""
    is_bounded = touches_closed_days(point, from_at, to_at)
    return {"to_at": to_at, "node": node_of(from_at, to_at), "is_bounded": is_bounded}


def _current(prison_id: int) -> Any:
    return update(StandingVersion).where(
        col(StandingVersion.prison_id) == prison_id, col(StandingVersion.to_at).is_(None)
    )


def _point_of(
    session: Session, situation: "Situation", view: ReadinessView, before: Point | None, at: datetime
) -> Point:
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
        times = select(col(Statement.raised_at), col(Statement.issued_at))
        raised_at, issued_at = session.execute(times.where(col(Statement.id) == statement.id)).one()
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
    here = (col(Tally.region) == region, col(Tally.shard) == shard)
    columns = select(col(Tally.day), col(Tally.latest_on), col(Tally.changes), col(Tally.numbers))
    head = session.execute(columns.where(*here, col(Tally.day) == PRESENT).with_for_update()).one()
    changes = head.changes + 1
    rows = [(PRESENT, max(head.latest_on, day), added(json.loads(head.numbers), shift))]
    if head.latest_on <= day:
        rows.append((day, day, rows[0][2]))
    else:
        # A change from before midnight that comes to be written after the first one of the new day.
        later = session.execute(columns.where(*here, col(Tally.day) >= day, col(Tally.day) < PRESENT)).all()
        rows += [(one.day, one.day, added(json.loads(one.numbers), shift)) for one in later]
        if all(one.day != day for one in later):
            earlier = columns.where(*here, col(Tally.day) < day).order_by(col(Tally.day).desc()).limit(1)
            base = session.execute(earlier).first()
            rows.append((day, day, added(json.loads(base.numbers) if base else NOTHING, shift)))
    statement = upsert(session, Tally, [tally_row(region, shard, on, last, changes, sums) for on, last, sums in rows])
    kept = {name: statement.excluded[name] for name in ("latest_on", "changes", "numbers")}
    session.execute(statement.on_conflict_do_update(index_elements=["region", "shard", "day"], set_=kept))


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
    statement = upsert(session, TrendStep, [row])
    sums = {name: getattr(TrendStep, name) + statement.excluded[name] for name in TREND}
    session.execute(statement.on_conflict_do_update(index_elements=["region", "month", "shard"], set_=sums))


def upsert(session: Session, table: Any, rows: list[dict[str, Any]]) -> Any:
    """An insert that can be told what to do where the row is there already."""
    target: Table = table.__table__
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(target).values(rows)
    return sqlite.insert(target).values(rows)
