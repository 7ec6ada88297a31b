"""Evidence with or without a file: added for one or several sections, and withdrawn, never deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import Conflict, FieldFault, Outdated, Refused, refusal
from app.models import Evidence, EvidenceFile, table_of
from app.queries.evidence import (
    EvidenceItemView,
    StoredFile,
    read_item,
    stored_file,
    title_of,
    unknown_item,
)
from app.queries.sections import SECTION_NUMBERS, SectionView, unknown_section
from app.rules.access import Caller
from app.rules.assessment import Assessment
from app.rules.evidence import supports, with_evidence, with_title, withdrawal_leaves_green_bare, without_evidence
from app.rules.moments import london_date, moment_text
from app.services.audit import Act
from app.services.opened import Entry, OpenedPrison, open_prison
from app.services.section_versions import NewEvidence, evidence_row, ref_of, store_sections
from app.storage.batch import Row, Write


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is in the store: what it is, and its name for people."""

    stored: StoredFile
    name: str


@dataclass(frozen=True, slots=True)
class EvidenceAfter:
    """An item after a change, the sections that the change was about, and the prison's verdict then, as JSON."""

    item: EvidenceItemView
    sections: list[SectionView]
    readiness: bytes


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
    opened = open_prison(session, code, caller, numbers)
    for number in numbers:
        if number not in SECTION_NUMBERS:
            raise unknown_section(number)
    if reason := item.thin(has_file=file is not None):
        raise refusal([FieldFault(reason.pointer or "", reason.detail, reason.code)])
    kept = {"sha256": file.stored.sha256 if file else None, "file_name": file.name if file else None}
    row = evidence_row(opened, item) | kept
    if file is not None:
        _keep_content(session, file.stored, opened.at)
    ref = ref_of(row, opened.at)
    after = {number: with_evidence(opened.answers.of(number), ref) for number in dict.fromkeys(numbers)}
    stored = _Item(row["id"], {name: row[name] for name in _TOLD}, withdrawn=None)
    return _stored(session, opened, stored, after, "evidence.added", evidence=[row])


def support_sections(
    session: Session, code: str, item_id: str, numbers: Sequence[int], *, caller: Caller
) -> EvidenceAfter:
    """Let an item support further sections. It goes on supporting those that it supports now."""
    opened = open_prison(session, code, caller)
    row = _counting_row(session, opened, item_id)
    ref = replace(ref_of(row._mapping, row.received_at), title=title_of(row) if row.corrections else None)
    after = {number: with_evidence(opened.answers.of(number), ref) for number in dict.fromkeys(numbers)}
    return _stored(session, opened, _item(row), after, "evidence.extended")


def correct_title(
    session: Session,
    code: str,
    item_id: str,
    title: str,
    *,
    caller: Caller,
    versions: frozenset[int] | None = None,
) -> EvidenceAfter:
    """Put another title in the place of an item's; a version of each section that it supports, the first one stays.

    Outdated where the caller's copy is of none of the `versions`. The same title again changes nothing.
    """
    opened = open_prison(session, code, caller)
    row = _counting_row(session, opened, item_id)
    item, corrections = _item(row), row.corrections or []
    if versions is not None and len(corrections) + 1 not in versions:
        detail = "Someone has corrected this title since you read it. Read the item again first."
        raise Outdated("outdated-copy", detail)
    after = {one.number: one for one in opened.answers.assessments if supports(one, row.id)}
    if title != item.told["title"]:
        after = {number: with_title(one, row.id, title) for number, one in after.items()}
    correction = {"title": title, "at": moment_text(opened.at), "by": caller.by.name}
    values = {"of_item": row.id, "corrections": [*corrections, correction]}
    item = replace(item, told={**item.told, "title": title})
    return _stored(session, opened, item, after, "evidence.corrected", (_CHANGE, values))


def withdraw_evidence(
    session: Session, code: str, item_id: str, reason: str, *, caller: Caller, accept_lapse: bool = False
) -> EvidenceAfter:
    """Withdraw an item from all the sections that it supports; it stays with who, when and why.

    Refused where that would leave a GREEN section without evidence, Conflict where it was withdrawn before.
    """
    opened = open_prison(session, code, caller, accept_lapse=accept_lapse)
    row = _counting_row(session, opened, item_id)
    after = {one.number: without_evidence(one, row.id) for one in opened.answers.assessments if supports(one, row.id)}
    refusal = withdrawal_leaves_green_bare(opened.toolkit, after.values())
    if refusal is not None:
        raise Refused(refusal.code, refusal.detail)
    values = {
        "of_item": row.id,
        "withdrawn_at": opened.at,
        "withdrawn_by": caller.by.name,
        "withdrawal_reason": reason,
        "withdrawn_from": sorted(after),
    }
    return _stored(
        session, opened, replace(_item(row), withdrawn=reason), after, "evidence.withdrawn", (_CHANGE, values)
    )


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


# What the audit trail's digest of an item covers of its row.
_TOLD = ("kind", "title", "reference", "text", "effective_on", "sha256")
_EVIDENCE = table_of(Evidence)
_CHANGE = update(_EVIDENCE).where(_EVIDENCE.c.id == bindparam("of_item"))


@dataclass(frozen=True, slots=True)
class _Item:
    """An item as the audit trail tells of it: `told` are the columns of `_TOLD`."""

    id: str
    told: Mapping[str, Any]
    withdrawn: str | None

    def document(self, sections: Sequence[int]) -> dict[str, Any]:
        """What it is, its content, and where it counts."""
        on = self.told["effective_on"]
        plain = {"kind": self.told["kind"].value, "effective_on": on.isoformat() if on else None}
        return {"id": self.id, **self.told, **plain, "sections": list(sections), "withdrawn": self.withdrawn}


def _item(row: Any) -> _Item:
    told = {name: getattr(row, name) for name in _TOLD} | {"title": title_of(row)}
    return _Item(row.id, told, withdrawn=None)


def _counting_row(session: Session, opened: OpenedPrison, item_id: str) -> Any:
    wanted = _EVIDENCE.c.prison_id == opened.facts.id, _EVIDENCE.c.id == item_id
    row: Any = session.execute(select(_EVIDENCE).where(*wanted)).first()
    if row is None:
        raise unknown_item(opened.facts.code, item_id)
    if row.withdrawn_at is not None:
        raise Conflict(
            "evidence-withdrawn",
            f"This item was withdrawn on {london_date(row.withdrawn_at)} and no longer applies. "
            "Add the evidence again if it applies after all.",
        )
    return row


def _stored(
    session: Session,
    opened: OpenedPrison,
    item: _Item,
    after: Mapping[int, Assessment],
    action: str,
    *writes: Write,
    evidence: Sequence[Row] = (),
) -> EvidenceAfter:
    """Store the sections' new versions, what else is to be written, and an audit entry about the item itself."""
    before = [one.number for one in opened.answers.assessments if supports(one, item.id)]
    changed = {number for number, one in after.items() if one != opened.answers.of(number)}
    sections = sorted(set(before) - changed if action == "evidence.withdrawn" else set(before) | changed)
    act = Act(
        action,
        f"/v1/prisons/{opened.facts.code}/evidence/{item.id}",
        {"sections": before} if before else None,
        item.document(sections),
    )
    own = Entry(act, None, writes)
    written = store_sections(session, opened, after, action=action, evidence=evidence, more=[own])
    view = read_item(session, opened.facts, item.id, opened.at)
    return EvidenceAfter(view, written.sections, written.readiness)
