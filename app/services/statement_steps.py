"""Writing one step of a statement's life: its row, its history and the audit trail."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Statement, StatementEvent
from app.queries.prisons import PrisonFacts
from app.queries.statements import state_of
from app.rules.statement import OPEN, StatementFacts
from app.services.audit import record
from app.services.callers import Caller


def store_step(
    session: Session,
    prison: PrisonFacts,
    before: StatementFacts | None,
    after: StatementFacts,
    *,
    kind: str,
    caller: Caller,
    at: datetime,
    moved: bool,
    reason: str | None = None,
    **columns: Any,
) -> None:
    """Append a step named `kind` and bring the statement's row up to it; `columns` are further values of the row."""
    values = {
        "status": after.status,
        "serial": after.serial,
        "live_on": after.live_on,
        "breached_sections": list(after.breached_sections),
        "version": Statement.__table__.c.version + 1,  # type: ignore[attr-defined]
        **columns,
    }
    if after.status not in OPEN:
        values |= {"ended_at": at, "ended_by": caller.by.name, "end_reason": reason}
    session.execute(update(Statement).where(col(Statement.id) == after.id).values(**values))
    session.execute(
        insert(StatementEvent).values(
            statement_id=after.id,
            prison_id=prison.id,
            at=at,
            by_id=caller.by.id,
            by_name=caller.by.name,
            by_role=caller.by.role,
            kind=kind,
            reason=reason,
            state=state_of(after),
            moves_verdict=moved,
        )
    )
    record(
        session,
        caller=caller,
        at=at,
        action=f"statement.{kind}",
        subject=f"/v1/statements/{after.id}",
        prison=prison.code,
        before=state_of(before) if before else None,
        after=state_of(after) | {"reason": reason},
    )
