"""Whether verdicts and periods are what the rules say from the history, and making them so."""

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
    PrisonPeriod,
    ReadinessMeeting,
    ReviewEvent,
    SectionChange,
    ServiceEnd,
    StatementEvent,
    StoredVerdict,
)
from app.models.columns import columns_of
from app.queries.judged_by import outdated_prisons
from app.queries.soundness import fill_in_soundness
from app.queries.toolkits import read_book
from app.rules.moments import end_of_day, london_date
from app.rules.programme import STILL, Period
from app.services.programme.periods import period_values
from app.services.programme.replay import Happening, Replayed, replay
from app.services.verdicts import verdict_values, view_of
from app.storage.db import Database

# Prisons that are compared at a time.
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
    """Every prison, in the order in which they are gone through."""
    return list(session.scalars(select(col(Prison.id)).order_by(col(Prison.id))))


def check_batch(session: Session, ids: Sequence[int], at: datetime, findings: Findings) -> None:
    """Compare the verdict and the periods of some prisons with their history; `at` is now."""
    verdicts = {row.prison_id: row for row in session.scalars(_of(StoredVerdict, ids))}
    stored: dict[int, list[PrisonPeriod]] = defaultdict(list)
    for version in session.scalars(_of(PrisonPeriod, ids).order_by(col(PrisonPeriod.from_at))):
        stored[version.prison_id].append(version)
    for prison, replayed in _replayed(session, ids):
        assert prison.id is not None
        verdict = verdicts.get(prison.id)
        # One that the calendar has overtaken was right until then.
        is_overtaken = verdict is not None and verdict.fresh_until < london_date(at)
        day = end_of_day(verdict.fresh_until) if verdict is not None and is_overtaken else at
        for name in _differing(verdict, verdict_row(session, replayed, day)):
            findings.add(f"{prison.code}: the verdict's {name} is not what the history says")
        _compare_periods(prison, stored[prison.id], period_rows(prison.id, replayed.periods), findings)
    session.expunge_all()


def take_prison(session: Session, prison_id: int) -> None:
    """Lock a prison as whoever changes it does."""
    session.execute(select(col(Prison.id)).where(col(Prison.id) == prison_id).with_for_update())


def rebuild_prison(session: Session, prison_id: int, at: datetime) -> None:
    """Write a prison's verdict and periods again, from its history; `at` is now. The prison is locked by then."""
    ((_, replayed),) = _replayed(session, [prison_id])
    session.execute(delete(StoredVerdict).where(col(StoredVerdict.prison_id) == prison_id))
    session.execute(delete(PrisonPeriod).where(col(PrisonPeriod.prison_id) == prison_id))
    session.execute(insert(StoredVerdict).values(prison_id=prison_id, **verdict_row(session, replayed, at)))
    session.execute(insert(PrisonPeriod), period_rows(prison_id, replayed.periods))


def find_outdated(database: Database, at: datetime) -> list[int]:
    """The prisons whose stored verdict is not what the rules would say now."""
    with database.reading() as session:
        return outdated_prisons(session, london_date(at))


def settle_prison(database: Database, prison_id: int, at: datetime) -> None:
    """Work out a prison's verdict and periods again, in a transaction that locks it.

    Whoever comes second finds nothing to do: every worker of a service looks for the same prisons.
    """
    with database.session_scope() as session:
        take_prison(session, prison_id)
        if outdated_prisons(session, london_date(at), prison_id):
            rebuild_prison(session, prison_id, at)


def period_rows(prison_id: int, periods: Sequence[Period]) -> list[dict[str, Any]]:
    """The rows of `prison_period` that a prison's periods make."""
    ends = [*(period.from_at for period in periods[1:]), STILL]
    return [
        {"prison_id": prison_id, "from_at": from_at, **period_values(point, from_at, to_at)}
        for (from_at, point), to_at in zip(periods, ends, strict=True)
    ]


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
        *(col(SectionChange.moves_verdict), col(SectionChange.by_name), col(SectionChange.by_role)),
    )
    versions = session.execute(sections.where(col(SectionChange.prison_id).in_(ids)).order_by(col(SectionChange.id)))
    rows = versions.all()
    fill_in_soundness(session, ids, [row.state for row in rows])
    for prison_id, at, number, state, moved, *by in rows:
        yield prison_id, Happening(at, "section", number, state, moved, *by)
    steps = select(
        *(col(StatementEvent.prison_id), col(StatementEvent.at), col(StatementEvent.kind), col(StatementEvent.state)),
        col(StatementEvent.moves_verdict),
    )
    for prison_id, at, kind, state, moved in session.execute(
        steps.where(col(StatementEvent.prison_id).in_(ids)).order_by(col(StatementEvent.id))
    ):
        yield prison_id, Happening(at, "statement", state["id"], state, moved, kind=kind)
    reviews = select(
        *(col(ReviewEvent.prison_id), col(ReviewEvent.at), col(ReviewEvent.state), col(ReviewEvent.moves_verdict))
    )
    for prison_id, at, state, moved in session.execute(
        reviews.where(col(ReviewEvent.prison_id).in_(ids)).order_by(col(ReviewEvent.id))
    ):
        yield prison_id, Happening(at, "review", state["id"], state, moved)
    for row in session.execute(_of(ServiceEnd, ids).order_by(col(ServiceEnd.id))).scalars():
        yield row.prison_id, Happening(row.at, "service end", None, {}, row.moves_verdict)
    meetings = select(*columns_of(ReadinessMeeting, "prison_id at")).where(col(ReadinessMeeting.prison_id).in_(ids))
    for prison_id, at in session.execute(meetings):
        yield prison_id, Happening(at, "readiness meeting", None, {}, moved=False)


def verdict_row(session: Session, replayed: Replayed, at: datetime) -> dict[str, Any]:
    """The columns of `stored_verdict` at the end of a history, on the day of `at`."""
    settled_at = max(at, replayed.latest_at)
    view = replace(view_of(session, replayed.situation, settled_at), updated_at=replayed.updated_at)
    return verdict_values(session, replayed.situation, view, settled_at) | {"latest_at": replayed.latest_at}


def _differing(row: Any, wanted: dict[str, Any]) -> list[str]:
    if row is None:
        return ["row"]
    return [name for name, value in wanted.items() if getattr(row, name) != value]


def _compare_periods(
    prison: Prison, stored: Sequence[PrisonPeriod], wanted: Sequence[dict[str, Any]], findings: Findings
) -> None:
    if len(stored) != len(wanted):
        findings.add(f"{prison.code}: {len(stored)} periods are kept, the history makes {len(wanted)}")
        return
    for have, want in zip(stored, wanted, strict=True):
        for name in _differing(have, want):
            findings.add(f"{prison.code}: from {want['from_at']:%Y-%m-%dT%H:%M:%SZ} its {name} is not what it was")
