"""Writing one step of a statement's life: its row, its history, the audit trail and the change feed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Statement, StatementEvent
from app.queries.statements import state_of
from app.rules.caller import Caller
from app.rules.prison import PrisonFacts
from app.rules.statement import OPEN, StatementFacts
from app.services.audit import record
from app.services.events import announce


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to a statement. `before` is None where it is raised; `columns` are further values of its row."""

    kind: str
    before: StatementFacts | None
    after: StatementFacts
    reason: str | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)


def store_step(session: Session, prison: PrisonFacts, step: Step, *, caller: Caller, at: datetime, moved: bool) -> None:
    """Bring the statement's row up to the step, and append the step to everything that is only ever appended to.

    `moved` says whether the prison's verdict reads differently after it.
    """
    after = step.after
    session.execute(update(Statement).where(col(Statement.id) == after.id).values(**_row_values(step, caller, at)))
    session.execute(
        insert(StatementEvent).values(
            statement_id=after.id,
            prison_id=prison.id,
            at=at,
            by_id=caller.by.id,
            by_name=caller.by.name,
            by_role=caller.by.role,
            kind=step.kind,
            reason=step.reason,
            state=state_of(after),
            moves_verdict=moved,
        )
    )
    action, subject = f"statement.{step.kind}", f"/v1/statements/{after.id}"
    before = state_of(step.before) if step.before else None
    told = state_of(after) | {"reason": step.reason}
    record(session, caller=caller, at=at, action=action, subject=subject, prison=prison.code, before=before, after=told)
    announce(session, kind=action, prison=prison, at=at, subject=subject, content=state_of(after))


def _row_values(step: Step, caller: Caller, at: datetime) -> dict[str, Any]:
    after = step.after
    values = {
        "status": after.status,
        "serial": after.serial,
        "live_on": after.live_on,
        "breached_sections": list(after.breached_sections),
        "version": col(Statement.version) + 1,
        **step.columns,
    }
    if after.status not in OPEN:
        values |= {"ended_at": at, "ended_by": caller.by.name, "end_reason": step.reason}
    return values
