"""The verdict kept ready beside the history, settled anew in the transaction of every change."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.models import Prison, PrisonStanding, Statement, table_of
from app.queries.programme.periods import read_period
from app.queries.readiness import READINESS_JSON
from app.queries.toolkits import read_book
from app.rules.caller import Caller
from app.rules.digests import etag_of
from app.rules.go_live import GoLive
from app.rules.moments import london_date
from app.rules.programme import Period
from app.rules.readiness import ReadinessView, Situation
from app.rules.staleness import fresh_until
from app.rules.statement import OPEN, event_kind, follow
from app.services.programme.periods import point_of, record_standing
from app.services.statement_steps import Step, store_step

_STANDING = table_of(PrisonStanding)
_KEEP = update(_STANDING).where(_STANDING.c.prison_id == bindparam("of_prison"))
_KEEP_FIRST = insert(_STANDING)
_STATEMENT = table_of(Statement)
_READ_TIMES = select(_STATEMENT.c.raised_at, _STATEMENT.c.issued_at).where(_STATEMENT.c.id == bindparam("of"))
_READ_UPDATED_AT = select(_STANDING.c.updated_at).where(_STANDING.c.prison_id == bindparam("of_prison"))


def view_of(session: Session, situation: Situation, at: datetime) -> ReadinessView:
    """What the rules make of a situation at a moment; the moments in it are left for the caller to fill."""
    return situation.view(read_book(session, situation.prison.toolkit_version), london_date(at))


@dataclass(frozen=True, slots=True)
class Settled:
    """The verdict after a change, and whether the change moved it."""

    readiness: ReadinessView
    moved: bool


def present_readiness(session: Session, situation: Situation, at: datetime) -> ReadinessView:
    """The verdict where nothing changes."""
    return replace(view_of(session, situation, at), updated_at=_updated_at(session, situation.prison.id))


def settle(session: Session, before: Situation, after: Situation, *, caller: Caller, at: datetime) -> Settled:
    """Bring the stored verdict up to date with a change made at `at`, and the statements after it.

    A raised statement lapses and an issued one is breached or recovers as the ratings now say (rule 7).
    A change that leaves the verdict as it was leaves its bytes and its ETag too.
    """
    go_live = view_of(session, after, at).go_live
    followed = [(one, follow(one, go_live)) for one in after.statements]
    after = replace(after, statements=tuple(one for _, one in followed if one.status in OPEN))
    view = view_of(session, after, at)
    moved = view != view_of(session, before, at)
    view = replace(view, updated_at=at if moved else _updated_at(session, after.prison.id))
    for old, new in followed:
        if new != old:
            kind = event_kind(old, new)
            reason = FOLLOWED[kind].format(sections=", ".join(map(str, new.breached_sections or _below(go_live))))
            step = Step(kind, old, new, reason)
            store_step(session, after.prison, step, caller=caller, at=at, moved=moved)
    session.execute(_KEEP, {"of_prison": after.prison.id, **standing_values(session, after, view, at)})
    _record(session, after, view, at)
    return Settled(view, moved)


FOLLOWED = {
    "lapsed": "below their minimum before issue: section {sections}",
    "breached": "below their minimum after issue: section {sections}",
    "recovered": "every section meets its minimum again",
}


def _below(go_live: GoLive) -> list[int]:
    return [blocker.section for blocker in go_live.blockers]


def open_standing(session: Session, situation: Situation, at: datetime) -> ReadinessView:
    """The first verdict on a newly registered prison."""
    view = view_of(session, situation, at)
    values = standing_values(session, situation, view, at)
    session.execute(_KEEP_FIRST, {"prison_id": situation.prison.id, **values})
    _record(session, situation, view, at)
    return view


def _record(session: Session, situation: Situation, view: ReadinessView, at: datetime) -> None:
    prison = session.get_one(Prison, situation.prison.id)
    before = read_period(session, situation.prison.id)
    point = point_of(
        view,
        situation,
        opened_on=prison.opened_on,
        closed_by=prison.closed_by,
        statement_times=_statement_times(session, view, before, at),
    )
    record_standing(session, situation.prison.id, before, point, at)


def _statement_times(
    session: Session, view: ReadinessView, before: Period | None, at: datetime
) -> tuple[datetime | None, datetime | None]:
    statement = view.statement
    if statement is None:
        return None, None
    if before is not None and before.point.statement_id == statement.id:
        raised_at, issued_at = before.point.statement_raised_at, before.point.statement_issued_at
    else:
        raised_at, issued_at = session.execute(_READ_TIMES, {"of": statement.id}).one()
    # The step that issues it is settled before the statement's row says so.
    return raised_at, issued_at or (at if statement.status == "issued" else None)


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
    return session.scalar(_READ_UPDATED_AT, {"of_prison": prison_id})
