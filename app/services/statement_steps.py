"""A step of a statement's life as it is kept: its row, its history, and what is told of it."""

from typing import Any

from sqlalchemy import bindparam, insert, update

from app.models import Statement, StatementEvent, table_of
from app.queries.statements import state_of
from app.rules.statement import OPEN, Step
from app.services.audit import Act
from app.services.events import Announcement
from app.services.opened import Entry, OpenedPrison
from app.storage.batch import Write

_STATEMENT = table_of(Statement)
_CHANGE = (
    update(_STATEMENT).where(_STATEMENT.c.id == bindparam("of_statement")).values(version=_STATEMENT.c.version + 1)
)
_APPEND = insert(table_of(StatementEvent)).inline()


def step_entry(opened: OpenedPrison, step: Step, *, moves_verdict: bool) -> Entry:
    """What stores a step that is taken at `opened.at`, and tells of it."""
    after, by = step.after, opened.caller.by
    action, subject, state = f"statement.{step.kind}", f"/v1/statements/{after.id}", state_of(after)
    event = {
        "statement_id": after.id,
        "prison_id": opened.facts.id,
        "at": opened.at,
        "by_id": by.id,
        "by_name": by.name,
        "by_role": by.role,
        "kind": step.kind,
        "reason": step.reason,
        "state": state,
        "details": step.details,
        "moves_verdict": moves_verdict,
    }
    before = state_of(step.before) if step.before else None
    writes: list[Write] = [(_CHANGE, _row_values(opened, step)), (_APPEND, event)]
    return Entry(
        Act(action, subject, before, state | {"reason": step.reason, **(step.details or {})}),
        Announcement(action, opened.facts, opened.at, subject, state),
        writes,
    )


def _row_values(opened: OpenedPrison, step: Step) -> dict[str, Any]:
    after = step.after
    values = {
        "of_statement": after.id,
        "status": after.status,
        "serial": after.serial,
        "go_live_date": after.go_live_date,
        "live_on": after.live_on,
        "service_ended_on": after.service_ended_on,
        "breached_sections": list(after.breached_sections),
        **step.columns,
    }
    if after.status not in OPEN:
        values |= {"ended_at": opened.at, "ended_by": opened.caller.by.name, "end_reason": step.reason}
    return values
