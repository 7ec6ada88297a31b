"""Evidence with or without a file: added for one or several sections, and withdrawn, never deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import Conflict, Refused
from app.models import Evidence, EvidenceFile
from app.queries.evidence import (
    EvidenceItemView,
    StoredFile,
    read_item,
    stored_file,
    unknown_item,
)
from app.queries.sections import SECTION_NUMBERS, SectionView, section_views, unknown_section
from app.rules.assessment import Assessment, EvidenceRef
from app.rules.caller import Caller
from app.rules.evidence import supports, with_evidence, withdrawal_leaves_green_bare, without_evidence
from app.rules.moments import london_date
from app.rules.readiness import ReadinessView
from app.services.audit import record
from app.services.sections import NewEvidence, refuse_what_is_to_come
from app.services.writing import OpenedPrison, open_prison, write_versions


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is in the store: what it is, and its name for people."""

    stored: StoredFile
    name: str


@dataclass(frozen=True, slots=True)
class EvidenceAfter:
    """An item after a change, the sections that the change was about, and the prison's verdict then."""

    item: EvidenceItemView
    sections: list[SectionView]
    readiness: ReadinessView


def add_evidence(
    session: Session,
    code: str,
    numbers: Sequence[int],
    item: NewEvidence,
    *,
    caller: Caller,
    file: NewFile | None = None,
) -> EvidenceAfter:
    """Add an item to the named sections, the first of which it was sent to; a history version each.

    Its content is recorded as kept where `file` says, unless the same content is kept somewhere already.
    """
    opened = open_prison(session, code, caller)
    for number in numbers:
        if number not in SECTION_NUMBERS:
            raise unknown_section(number)
    refuse_what_is_to_come(item, opened.at)
    if file is not None:
        _keep_content(session, file.stored, opened.at)
    row: dict[str, Any] = {
        "id": str(uuid4()),
        "prison_id": opened.facts.id,
        "kind": item.kind,
        "title": item.title,
        "reference": item.reference,
        "effective_on": item.effective_on,
        "received_at": opened.at,
        "added_by": caller.by.name,
        "sha256": file.stored.sha256 if file else None,
        "file_name": file.name if file else None,
    }
    session.execute(insert(Evidence).values(row))
    ref = EvidenceRef(row["id"], item.effective_on or london_date(opened.at))
    after = {number: with_evidence(opened.answers.of(number), ref) for number in dict.fromkeys(numbers)}
    return _written(session, opened, row["id"], after, action="evidence.added")


def support_sections(
    session: Session, code: str, item_id: str, numbers: Sequence[int], *, caller: Caller
) -> EvidenceAfter:
    """Let an item support further sections; those that it supports already stay as they are."""
    opened = open_prison(session, code, caller)
    row = _counting_row(session, opened, item_id)
    ref = EvidenceRef(row.id, row.effective_on or london_date(row.received_at))
    after = {number: with_evidence(opened.answers.of(number), ref) for number in dict.fromkeys(numbers)}
    return _written(session, opened, row.id, after, action="evidence.extended")


def withdraw_evidence(session: Session, code: str, item_id: str, reason: str, *, caller: Caller) -> EvidenceAfter:
    """Let an item count no longer, in all the sections that it supports; it stays with who, when and why.

    Refused where that would leave a GREEN section without evidence, Conflict where it was withdrawn before.
    """
    opened = open_prison(session, code, caller)
    row = _counting_row(session, opened, item_id)
    after = {one.number: without_evidence(one, row.id) for one in opened.answers.assessments if supports(one, row.id)}
    refusal = withdrawal_leaves_green_bare(opened.toolkit, after.values())
    if refusal is not None:
        raise Refused(refusal.code, refusal.detail)
    session.execute(
        update(Evidence)
        .where(col(Evidence.id) == row.id)
        .values(
            withdrawn_at=opened.at,
            withdrawn_by=caller.by.name,
            withdrawal_reason=reason,
            withdrawn_from=sorted(after),
        )
    )
    return _written(session, opened, row.id, after, action="evidence.withdrawn")


def is_kept(session: Session, stored: StoredFile, at: datetime) -> bool:
    """Whether the object under `stored.store_key` is the one that its content is kept in.

    For a session that is rolled back: the question is put by trying to keep it, so that it waits for another
    transaction with the same content, also for one whose end the caller was not told.
    """
    if _keep_content(session, stored, at):
        return False
    found = stored_file(session, stored.sha256)
    return found is not None and found.store_key == stored.store_key


def _keep_content(session: Session, stored: StoredFile, at: datetime) -> bool:
    """Record where a content is kept; False where the same content is kept already."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    row = {
        "sha256": stored.sha256,
        "size": stored.size,
        "media_type": stored.media_type,
        "store_key": stored.store_key,
        "stored_at": at,
    }
    statement = dialect.insert(EvidenceFile).values(row).on_conflict_do_nothing().returning(col(EvidenceFile.sha256))
    return session.scalar(statement) is not None


def _counting_row(session: Session, opened: OpenedPrison, item_id: str) -> Any:
    row: Any = session.execute(
        select(
            col(Evidence.id), col(Evidence.effective_on), col(Evidence.received_at), col(Evidence.withdrawn_at)
        ).where(col(Evidence.prison_id) == opened.facts.id, col(Evidence.id) == item_id)
    ).first()
    if row is None:
        raise unknown_item(opened.facts.code, item_id)
    if row.withdrawn_at is not None:
        raise Conflict(
            "evidence-withdrawn",
            f"This item was withdrawn on {london_date(row.withdrawn_at)} and counts no longer. "
            "Add the evidence anew if it counts after all.",
        )
    return row


def _written(
    session: Session, opened: OpenedPrison, item_id: str, after: Mapping[int, Assessment], *, action: str
) -> EvidenceAfter:
    code = opened.facts.code
    before = [one.number for one in opened.answers.assessments if supports(one, item_id)]
    answers, readiness = write_versions(session, opened, after, action=action)
    item = read_item(session, opened.facts, item_id, opened.at)
    if item.sections != before or action == "evidence.withdrawn":
        record(
            session,
            caller=opened.caller,
            at=opened.at,
            action=action,
            subject=f"/v1/prisons/{code}/evidence/{item_id}",
            prison=code,
            before={"sections": before} if before else None,
            after=_document(item),
        )
    return EvidenceAfter(item, section_views(session, opened.facts, answers, list(after), opened.at), readiness)


def _document(item: EvidenceItemView) -> dict[str, Any]:
    """What the audit trail's digest of an item covers: what it is, its content, and where it counts."""
    return {
        "id": item.id,
        "kind": item.kind.value,
        "title": item.title,
        "reference": item.reference,
        "effective_on": item.effective_on.isoformat() if item.effective_on else None,
        "sha256": item.sha256,
        "sections": item.sections,
        "withdrawn": item.withdrawn.reason if item.withdrawn else None,
    }
