"""Evidence items, as a section shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Evidence
from app.rules.moments import london_date
from app.rules.staleness import is_stale
from app.rules.types import EvidenceKind


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One piece of evidence. `effective_on` is the date that it is about, `received_at` when it came."""

    id: str
    kind: EvidenceKind
    title: str
    reference: str | None
    effective_on: date | None
    received_at: datetime
    added_by: str
    stale: bool


def evidence_of(
    session: Session, prison_id: int, ids: Sequence[str], stale_after_months: int, today: date
) -> dict[str, EvidenceView]:
    """The named items of a prison by id; one statement, none where no item is named."""
    if not ids:
        return {}
    statement = select(
        col(Evidence.id),
        col(Evidence.kind),
        col(Evidence.title),
        col(Evidence.reference),
        col(Evidence.effective_on),
        col(Evidence.received_at),
        col(Evidence.added_by),
    ).where(col(Evidence.prison_id) == prison_id)
    # The whole prison's evidence is quicker to read than a long list of ids is to send.
    if len(set(ids)) <= 100:
        statement = statement.where(col(Evidence.id).in_(sorted(set(ids))))
    return {
        row.id: EvidenceView(
            *row, is_stale(row.effective_on or london_date(row.received_at), today, stale_after_months)
        )
        for row in session.execute(statement)
    }
