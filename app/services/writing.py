"""One writer a prison at a time: lock it, decide, then append the new versions and settle the verdict."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import Forbidden
from app.models import Prison, SectionAssessment, SectionChange, table_of
from app.queries.prisons import facts_of, unknown_prison
from app.queries.sections import read_answers
from app.queries.statements import read_open_statements
from app.queries.toolkits import read_book
from app.rules.access import scope_refusal
from app.rules.assessment import Answers, Assessment, Stamp, changes_between, exemption_document, state_document
from app.rules.caller import Caller
from app.rules.moments import strictly_after
from app.rules.prison import PrisonFacts
from app.rules.readiness import ReadinessView, Situation
from app.rules.statement import StatementFacts
from app.rules.toolkit import Toolkit
from app.services.audit import Act, record_all
from app.services.events import announce_sections
from app.services.rows import one_or_many
from app.services.standing import present_readiness, settle

_LOCK_PRISON = select(Prison).where(col(Prison.code) == bindparam("of_code")).with_for_update()
_SECTION = table_of(SectionAssessment)
_TOUCH_SECTION = insert(_SECTION)
_CHANGE_SECTION = update(_SECTION).where(
    _SECTION.c.prison_id == bindparam("of_prison"), _SECTION.c.number == bindparam("of_number")
)
_APPEND_VERSIONS = insert(table_of(SectionChange))


@dataclass(frozen=True, slots=True)
class OpenedPrison:
    """A prison locked for writing, with all that is decided upon. `at` is when the change counts from."""

    row: Prison
    facts: PrisonFacts
    answers: Answers
    statements: tuple[StatementFacts, ...]
    toolkit: Toolkit
    caller: Caller
    at: datetime

    @property
    def situation(self) -> Situation:
        return Situation(self.facts, self.answers, self.statements)


def lock_prison(session: Session, code: str, caller: Caller) -> Prison:
    """The prison's row, locked until the transaction ends; Forbidden if it is outside the caller's scope."""
    prison = session.scalar(_LOCK_PRISON, {"of_code": code.upper()})
    if prison is None:
        raise unknown_prison(code)
    if (reason := scope_refusal(caller.by, prison=prison.code, region=prison.region)) is not None:
        raise Forbidden(reason.code, reason.detail)
    return prison


def open_prison(session: Session, code: str, caller: Caller) -> OpenedPrison:
    """Lock a prison and load its answers. Its clock only runs forward, whatever the machine's does."""
    row = lock_prison(session, code, caller)
    facts = facts_of(row)
    return OpenedPrison(
        row=row,
        facts=facts,
        answers=read_answers(session, facts.id),
        statements=read_open_statements(session, facts.id),
        toolkit=read_book(session, facts.toolkit_version).toolkit,
        caller=caller,
        at=strictly_after(row.latest_at, caller.moment()),
    )


def write_versions(
    session: Session, opened: OpenedPrison, after: Mapping[int, Assessment], *, action: str = "section.rated"
) -> tuple[Answers, ReadinessView]:
    """Append a version for each section in `after` that differs, and settle the verdict on them all."""
    changed = {number: one for number, one in after.items() if one != opened.answers.of(number)}
    if not changed:
        return opened.answers, present_readiness(session, opened.situation, opened.at)
    answers = _with_versions(opened, changed)
    opened.row.latest_at = opened.at
    prefix = f"/v1/prisons/{opened.facts.code}/sections"
    acts = []
    for number, one in changed.items():
        _store_present(session, opened, one)
        before = state_document(opened.answers.of(number))
        acts.append(Act(action, f"{prefix}/{number}", before, state_document(one)))
    record_all(session, acts, caller=opened.caller, at=opened.at, prison=opened.facts.code)
    situation = replace(opened.situation, answers=answers)
    settled = settle(session, opened.situation, situation, caller=opened.caller, at=opened.at)
    rows = [_history_row(opened, number, one, settled.moved) for number, one in changed.items()]
    session.execute(_APPEND_VERSIONS, one_or_many(rows))
    announce_sections(session, opened.facts, opened.answers, changed, settled.readiness, kind=action, at=opened.at)
    return answers, settled.readiness


def _with_versions(opened: OpenedPrison, changed: Mapping[int, Assessment]) -> Answers:
    stamp = Stamp(opened.at, opened.caller.by.name)
    return Answers(
        tuple(changed.get(one.number, one) for one in opened.answers.assessments),
        {**opened.answers.stamps, **dict.fromkeys(changed, stamp)},
    )


def _store_present(session: Session, opened: OpenedPrison, one: Assessment) -> None:
    values: dict[str, Any] = state_document(one) | {
        "target_date": one.target_date,
        "exemption": exemption_document(one.exemption),
        "updated_at": opened.at,
        "updated_by": opened.caller.by.name,
    }
    if one.version == 1:
        session.execute(_TOUCH_SECTION, {"prison_id": opened.facts.id, "number": one.number, **values})
        return
    session.execute(_CHANGE_SECTION, {"of_prison": opened.facts.id, "of_number": one.number, **values})


def _history_row(opened: OpenedPrison, number: int, one: Assessment, moved: bool) -> dict[str, Any]:
    by = opened.caller.by
    return {
        "prison_id": opened.facts.id,
        "number": number,
        "version": one.version,
        "at": opened.at,
        "by_id": by.id,
        "by_name": by.name,
        "by_role": by.role,
        "request_id": opened.caller.request_id,
        "rating": one.rating,
        "changes": changes_between(opened.answers.of(number), one),
        "state": state_document(one),
        "moves_verdict": moved,
    }
