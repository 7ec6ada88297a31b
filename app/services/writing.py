"""The one way in which a change of a prison is stored, whatever it is a change of."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from app.errors import FieldFault, refusal
from app.queries.readiness import READINESS_JSON
from app.rules.decision import Decision
from app.rules.programme import Point
from app.rules.readiness import ReadinessView
from app.rules.statement import StatementStatus, would_lapse
from app.services.audit import chain_writes
from app.services.events import feed_writes
from app.services.opened import Entry, OpenedPrison
from app.services.programme.periods import period_writes, point_of, worked_on_by
from app.services.statement_steps import step_entry
from app.services.verdicts import KEEP, KEEP_FIRST, verdict_values
from app.storage.batch import Write, send_all


def append_change(
    session: Session,
    opened: OpenedPrison,
    decision: Decision,
    entries: Sequence[Entry] = (),
    *,
    details: Mapping[str, Any] | None = None,
) -> bytes:
    """Store what was decided: every entry's rows, the audit trail, the feed and its outbox, and the verdict.

    The answer is the verdict, as JSON.

    The steps of statements are entries too: those decided on, and those that the ratings made them take (rule 7).
    A change that leaves the verdict as it was leaves its bytes and its ETag too. `details` are the prison's own
    columns, where they change. Refused where it would lapse a statement and the caller has not accepted that.
    """
    reason = None if opened.accept_lapse else would_lapse(decision.followed, decision.readiness.go_live)
    if reason is not None:
        raise refusal([FieldFault(reason.pointer or "", reason.detail, reason.code)])
    moved = decision.moves_verdict
    followed = [step_entry(opened, step, moves_verdict=moved) for step in decision.followed]
    steps = [step_entry(opened, step, moves_verdict=moved) for step in decision.steps]
    at, chain = opened.at, opened.facts.code
    view = replace(decision.readiness, updated_at=at if moved else opened.present.verdict_at)
    writes: list[Write] = [write for entry in (*entries, *steps, *followed) for write in entry.writes]
    acts = [entry.act for entry in (*entries, *steps, *followed) if entry.act is not None]
    writes += chain_writes(acts, chain, opened.present.chain_end, caller=opened.caller, at=at)
    values = verdict_values(session, decision.after, view, at)
    if opened.present.latest_at is None:
        writes.append((KEEP_FIRST, {"prison_id": opened.facts.id, **values}))
    else:
        writes.append((KEEP, {"of_prison": opened.facts.id, **values}))
    told = [entry.event for entry in (*followed, *steps, *entries) if entry.event is not None]
    writes += feed_writes(session, told, has_webhooks=opened.present.has_webhooks)
    writes += period_writes(opened.facts.id, opened.present.period, _point(opened, decision, view, details), at)
    send_all(session.connection(), writes)
    body: bytes = values["body"]
    return body


def present_readiness(opened: OpenedPrison, decision: Decision) -> bytes:
    """The verdict where nothing changes, as JSON."""
    return READINESS_JSON.dump_json(replace(decision.readiness, updated_at=opened.present.verdict_at))


def _point(opened: OpenedPrison, decision: Decision, view: ReadinessView, details: Mapping[str, Any] | None) -> Point:
    """How the prison stands from now on, as dashboards and returns tell of it."""
    after, own = decision.after, details or opened.present.details
    raised_at, issued_at = None, None
    if (statement := view.statement) is not None:
        raised_at, issued_at = opened.present.statement_times.get(statement.id, (opened.at, None))
        # The step that issues it is being taken.
        issued_at = issued_at or (opened.at if statement.status is StatementStatus.ISSUED else None)
    before = opened.present.period
    worked_on = worked_on_by(before.point if before else None)
    if after.answers.worked_at != opened.answers.worked_at:
        worked_on |= decision.sections.keys()
    return point_of(
        view,
        after,
        opened_on=own["opened_on"],
        closed_by=own["closed_by"],
        statement_times=(raised_at, issued_at),
        worked_on=worked_on,
    )
