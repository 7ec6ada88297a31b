"""The verdict kept ready beside the history, settled anew in the transaction of every change."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import PrisonStanding
from app.queries.prisons import PrisonFacts
from app.queries.readiness import READINESS_JSON, ReadinessView, readiness_view
from app.queries.sections import Answers
from app.queries.toolkits import read_book
from app.rules.digests import etag_of
from app.rules.moments import london_date
from app.rules.staleness import fresh_until


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a verdict rests on."""

    prison: PrisonFacts
    answers: Answers

    def view(self, session: Session, at: datetime) -> ReadinessView:
        book = read_book(session, self.prison.toolkit_version)
        return readiness_view(book, self.prison, self.answers, london_date(at))


@dataclass(frozen=True, slots=True)
class Settled:
    """The verdict after a change, and whether the change moved it."""

    readiness: ReadinessView
    moved: bool


def settle(session: Session, before: Situation, after: Situation, at: datetime) -> Settled:
    """Bring the stored verdict up to date with a change made at `at`.

    A change that leaves the verdict as it was leaves its bytes and its ETag too. Where nothing changed
    (`after` is `before`) nothing is written.
    """
    view = after.view(session, at)
    moved = after is not before and view != before.view(session, at)
    updated_at = at if moved else _updated_at(session, after.prison.id)
    view = replace(view, updated_at=updated_at)
    if after is before:
        return Settled(view, moved)
    session.execute(
        update(PrisonStanding)
        .where(col(PrisonStanding.prison_id) == after.prison.id)
        .values(standing_values(session, after, view, at))
    )
    return Settled(view, moved)


def open_standing(session: Session, situation: Situation, at: datetime) -> ReadinessView:
    """The first verdict on a newly registered prison."""
    view = situation.view(session, at)
    values = standing_values(session, situation, view, at)
    session.execute(insert(PrisonStanding).values(prison_id=situation.prison.id, **values))
    return view


def standing_values(session: Session, situation: Situation, view: ReadinessView, at: datetime) -> dict[str, object]:
    """The row that a verdict makes; `view` has its `updated_at`."""
    body = READINESS_JSON.dump_json(view)
    answers = situation.answers
    toolkit = read_book(session, situation.prison.toolkit_version).toolkit
    return {
        "code": situation.prison.code,
        "stage": view.stage,
        "is_commissioning_ready": view.commissioning.ready,
        "is_eligible": view.go_live.eligible,
        "blocker_count": len(view.go_live.blockers),
        "ratings": "".join(one.rating[0] for one in answers.assessments),
        "updated_at": view.updated_at,
        "section_changed_at": max((stamp.at for stamp in answers.stamps.values()), default=None),
        "etag": etag_of(body),
        "body": body,
        "fresh_until": fresh_until(toolkit, answers.assessments, london_date(at)),
    }


def _updated_at(session: Session, prison_id: int) -> datetime | None:
    return session.scalar(select(col(PrisonStanding.updated_at)).where(col(PrisonStanding.prison_id) == prison_id))
