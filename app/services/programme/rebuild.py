"""Whether what is kept ready beside the history equals what the rules say from it, and making it so."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import (
    Prison,
    PrisonChange,
    PrisonStanding,
    SectionChange,
    StandingVersion,
    StatementEvent,
    Tally,
    TrendStep,
)
from app.queries.toolkits import read_book
from app.rules.programme import PRESENT, TREND, Point
from app.services.programme.ledger import Ledger
from app.services.programme.periods_and_totals import ended_values, opened_values
from app.services.programme.replay import Happening, Replayed, replay
from app.services.standing import standing_values, view_of

# Prisons that are gone through at a time.
BATCH = 200


@dataclass(slots=True)
class Findings:
    """What differs, in sentences; the first hundred are kept, all are counted."""

    count: int = 0
    kept: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.count += 1
        if len(self.kept) < 100:
            self.kept.append(text)


def prison_ids(session: Session) -> list[int]:
    """Every prison, in the order in which a rebuild goes through them."""
    return list(session.scalars(select(col(Prison.id)).order_by(col(Prison.id))))


def check_batch(session: Session, ids: Sequence[int], ledger: Ledger, findings: Findings) -> None:
    """Compare the standing and the periods of some prisons with their history, and count them in the ledger."""
    standings = {row.prison_id: row for row in session.scalars(_of(PrisonStanding, ids))}
    stored: dict[int, list[StandingVersion]] = defaultdict(list)
    for version in session.scalars(_of(StandingVersion, ids).order_by(col(StandingVersion.from_at))):
        stored[version.prison_id].append(version)
    for prison, replayed in _replayed(session, ids):
        assert prison.id is not None
        ledger.add(prison.id, replayed.periods)
        wanted = standing_row(session, replayed)
        for name in _differing(standings.get(prison.id), wanted):
            findings.add(f"{prison.code}: the standing's {name} is not what the history says")
        _compare_periods(prison, stored[prison.id], period_rows(prison.id, replayed.periods), findings)
    session.expunge_all()


def rebuild_batch(session: Session, ids: Sequence[int], ledger: Ledger) -> None:
    """Write the standing and the periods of some prisons anew; their rows are locked meanwhile."""
    session.execute(select(col(Prison.id)).where(col(Prison.id).in_(ids)).order_by(col(Prison.id)).with_for_update())
    found = list(_replayed(session, ids))
    session.execute(delete(PrisonStanding).where(col(PrisonStanding.prison_id).in_(ids)))
    session.execute(delete(StandingVersion).where(col(StandingVersion.prison_id).in_(ids)))
    standings, periods = [], []
    for prison, replayed in found:
        assert prison.id is not None
        ledger.add(prison.id, replayed.periods)
        standings.append({"prison_id": prison.id, **standing_row(session, replayed)})
        periods += period_rows(prison.id, replayed.periods)
    session.execute(insert(PrisonStanding), standings)
    session.execute(insert(StandingVersion), periods)
    session.expunge_all()


def check_totals(session: Session, ledger: Ledger, findings: Findings) -> None:
    """Compare every shard's totals, day by day, and every month's trend."""
    wanted = {(row["region"], row["shard"], row["day"]): row for row in ledger.tally_rows({})}
    kept = {(row.region, row.shard, row.day): row for row in session.scalars(select(Tally))}
    for key in sorted(wanted.keys() | kept.keys()):
        have, want = kept.get(key), wanted.get(key)
        same = have is not None and want is not None and json.loads(have.numbers) == json.loads(want["numbers"])
        if not same or (have is not None and want is not None and have.latest_on != want["latest_on"]):
            day = "now" if key[2] == PRESENT else str(key[2])
            findings.add(f"{key[0]}, shard {key[1]}: the totals of {day} are not what the history says")
    steps = {(row["region"], row["month"], row["shard"]): row for row in ledger.trend_rows()}
    have_steps = {
        (row.region, row.month, row.shard): row
        for row in session.scalars(select(TrendStep))
        if any(getattr(row, name) for name in TREND)
    }
    for step in sorted(steps.keys() | have_steps.keys()):
        have_step, want_step = have_steps.get(step), steps.get(step)
        if have_step is None or want_step is None or any(getattr(have_step, n) != want_step[n] for n in TREND):
            findings.add(f"{step[0]}, shard {step[2]}: the trend of {step[1]} is not what the history says")


def rebuild_totals(session: Session, ledger: Ledger) -> None:
    """Write every shard's totals and trend anew. The counts of changes go on, so that no kept answer outlives this."""
    heads = select(col(Tally.region), col(Tally.shard), col(Tally.changes)).where(col(Tally.day) == PRESENT)
    locked = session.execute(heads.order_by(col(Tally.region), col(Tally.shard)).with_for_update())
    changes = {(region, shard): count + 1 for region, shard, count in locked}
    session.execute(delete(Tally))
    session.execute(delete(TrendStep))
    session.execute(insert(Tally), list(ledger.tally_rows(changes)))
    if trend := list(ledger.trend_rows()):
        session.execute(insert(TrendStep), trend)


def period_rows(prison_id: int, periods: Sequence[tuple[datetime, Point]]) -> list[dict[str, Any]]:
    """The rows of `standing_version` that a prison's periods make."""
    found = []
    for place, (from_at, point) in enumerate(periods):
        row = {"prison_id": prison_id, "from_at": from_at, **opened_values(point, from_at)}
        if place + 1 < len(periods):
            row |= ended_values(point, from_at, periods[place + 1][0])
        found.append(row)
    return found


def _of(table: Any, ids: Sequence[int]) -> Any:
    return select(table).where(table.prison_id.in_(ids))


def _replayed(session: Session, ids: Sequence[int]) -> Iterator[tuple[Prison, Replayed]]:
    history: dict[int, list[Happening]] = defaultdict(list)
    for prison_id, happening in _happenings(session, ids):
        history[prison_id].append(happening)
    for prison in session.scalars(select(Prison).where(col(Prison.id).in_(ids)).order_by(col(Prison.id))):
        assert prison.id is not None
        happenings = sorted(history[prison.id], key=lambda one: one.at)
        yield prison, replay(prison, happenings, lambda version: read_book(session, version))


def _happenings(session: Session, ids: Sequence[int]) -> Iterator[tuple[int, Happening]]:
    details = select(
        *(col(PrisonChange.prison_id), col(PrisonChange.at), col(PrisonChange.state), col(PrisonChange.moves_verdict))
    )
    for prison_id, at, state, moved in session.execute(
        details.where(col(PrisonChange.prison_id).in_(ids)).order_by(col(PrisonChange.id))
    ):
        yield prison_id, Happening(at, "prison", None, state, moved)
    sections = select(
        *(col(SectionChange.prison_id), col(SectionChange.at), col(SectionChange.number), col(SectionChange.state)),
        *(col(SectionChange.moves_verdict), col(SectionChange.by_name)),
    )
    for prison_id, at, number, state, moved, by_name in session.execute(
        sections.where(col(SectionChange.prison_id).in_(ids)).order_by(col(SectionChange.id))
    ):
        yield prison_id, Happening(at, "section", number, state, moved, by_name)
    steps = select(
        *(col(StatementEvent.prison_id), col(StatementEvent.at), col(StatementEvent.kind), col(StatementEvent.state)),
        col(StatementEvent.moves_verdict),
    )
    for prison_id, at, kind, state, moved in session.execute(
        steps.where(col(StatementEvent.prison_id).in_(ids)).order_by(col(StatementEvent.id))
    ):
        yield prison_id, Happening(at, "statement", state["id"], state, moved, kind=kind)


def standing_row(session: Session, replayed: Replayed) -> dict[str, Any]:
    """The columns of `prison_standing` at the end of a history."""
    view = replace(view_of(session, replayed.situation, replayed.latest_at), updated_at=replayed.updated_at)
    return standing_values(session, replayed.situation, view, replayed.latest_at)


def _differing(row: Any, wanted: dict[str, Any]) -> list[str]:
    if row is None:
        return ["row"]
    return [name for name, value in wanted.items() if getattr(row, name) != value]


def _compare_periods(
    prison: Prison, stored: Sequence[StandingVersion], wanted: Sequence[dict[str, Any]], findings: Findings
) -> None:
    if len(stored) != len(wanted):
        findings.add(f"{prison.code}: {len(stored)} periods are kept, the history makes {len(wanted)}")
        return
    for have, want in zip(stored, wanted, strict=True):
        for name in _differing(have, want):
            findings.add(f"{prison.code}: from {want['from_at']:%Y-%m-%dT%H:%M:%SZ} its {name} is not what it was")
