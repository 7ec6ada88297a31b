"""What has moved since statements were raised, for those that are raised or issued and not live yet."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Review, SectionAssessment, Statement
from app.rules.review import ReviewKind
from app.rules.since_raised import Now, since_raised
from app.rules.statement import OPEN, StatementWarning
from app.rules.types import Rating


def moved_since_raised(session: Session, rows: Sequence[Any]) -> dict[str, list[StatementWarning]]:
    """By statement, what is to be told; `rows` are of `select_statements`."""
    waiting = [row for row in rows if row.Statement.status in OPEN and row.Statement.live_on is None]
    if not waiting:
        return {}
    of_these, prison = col(Statement.id).in_([row.Statement.id for row in waiting]), col(Statement.prison_id)
    sections: dict[str, dict[int, tuple[Rating, bool]]] = defaultdict(dict)
    rated = select(
        col(Statement.id),
        col(SectionAssessment.number),
        col(SectionAssessment.rating),
        col(SectionAssessment.exemption),
    ).join(SectionAssessment, col(SectionAssessment.prison_id) == prison)
    for one, number, rating, exemption in session.execute(rated.where(of_these)):
        sections[one][number] = (rating, exemption is not None)
    challenged: dict[str, set[int]] = defaultdict(set)
    reviews = select(col(Statement.id), col(Review.section)).join(Review, col(Review.prison_id) == prison)
    is_open = (col(Review.kind) == ReviewKind.CHALLENGED) & col(Review.closed).is_(None)
    for one, number in session.execute(reviews.where(of_these, is_open)):
        challenged[one].add(number)
    return {
        (found := row.Statement).id: since_raised(
            json.loads(found.payload), Now(sections[found.id], challenged[found.id], row.toolkit_version)
        )
        for row in waiting
    }
