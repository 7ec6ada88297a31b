"""The verdict kept ready beside the history: the row that it makes."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session

from app.models import StoredVerdict, table_of
from app.queries.etags import etag_of
from app.queries.judged_by import judged_by
from app.queries.readiness import READINESS_JSON
from app.queries.toolkits import read_book
from app.rules.moments import london_date
from app.rules.readiness import ReadinessView, Situation
from app.rules.staleness import fresh_until

_VERDICT = table_of(StoredVerdict)
KEEP = update(_VERDICT).where(_VERDICT.c.prison_id == bindparam("of_prison"))
KEEP_FIRST = insert(_VERDICT).inline()


def view_of(session: Session, situation: Situation, at: datetime) -> ReadinessView:
    """What the rules make of a situation at a moment; the moments in it are left for the caller to fill."""
    return situation.view(read_book(session, situation.prison.toolkit_version), london_date(at))


def verdict_values(session: Session, situation: Situation, view: ReadinessView, at: datetime) -> dict[str, Any]:
    """The row that a verdict makes where the prison was last changed at `at`; `view` has its `updated_at`."""
    body = READINESS_JSON.dump_json(view)
    toolkit = read_book(session, situation.prison.toolkit_version).toolkit
    answers = situation.answers
    return {
        "code": situation.prison.code,
        "stage": view.stage,
        "is_commissioning_ready": view.commissioning.ready,
        "is_eligible": view.go_live.eligible,
        "blocker_count": len(view.go_live.blockers),
        "ratings": answers.letters,
        "updated_at": view.updated_at,
        "section_changed_at": answers.worked_at,
        "latest_at": at,
        "etag": etag_of(body),
        "body": body,
        "fresh_until": fresh_until(toolkit, answers.assessments, london_date(at)),
        "judged_by": judged_by(session, situation.prison.toolkit_version),
    }
