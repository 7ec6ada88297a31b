"""Storing new versions of sections, whatever changed them: a rating, an exemption, or evidence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session

from app.errors import FieldFault, Invalid
from app.models import Evidence, SectionAssessment, SectionChange, table_of
from app.queries.evidence import Freshness, added_view, counting_view
from app.queries.sections import SectionView, section_views
from app.rules.access import Role
from app.rules.assessment import (
    Assessment,
    EvidenceRef,
    Stamp,
    differences,
    exemption_document,
    state_document,
)
from app.rules.decision import Change, Decision
from app.rules.moments import london_date
from app.rules.substance import Item, lacks_substance
from app.rules.types import EvidenceKind, Reason
from app.services.audit import Act
from app.services.events import Announcement, verdict_content
from app.services.opened import Entry, OpenedPrison
from app.services.writing import append_change, present_readiness
from app.storage.batch import Write

_SECTION = table_of(SectionAssessment)
_TOUCH = insert(_SECTION).inline()
_CHANGE = update(_SECTION).where(
    _SECTION.c.prison_id == bindparam("of_prison"), _SECTION.c.number == bindparam("of_number")
)
_APPEND = insert(table_of(SectionChange)).inline()
_ADD_EVIDENCE = insert(table_of(Evidence)).inline()


@dataclass(frozen=True, slots=True)
class NewEvidence:
    """An item to add to a section; `effective_on` is the date that it is about."""

    kind: EvidenceKind
    title: str
    reference: str | None
    effective_on: date | None
    text: str | None = None

    def thin(self, *, has_file: bool) -> Reason | None:
        """Why nobody could look at it, if so (rule 4)."""
        return lacks_substance(Item(self.kind, self.reference, self.text, has_file))


@dataclass(frozen=True, slots=True)
class SectionsAfter:
    """The sections that a write named, as they are after it, and the prison's verdict then, as JSON."""

    sections: list[SectionView]
    readiness: bytes


def store_sections(
    session: Session,
    opened: OpenedPrison,
    after: Mapping[int, Assessment],
    *,
    action: str = "section.rated",
    evidence: Sequence[Mapping[str, Any]] = (),
    more: Sequence[Entry] = (),
) -> SectionsAfter:
    """Append a version for each section in `after` that differs, and settle the verdict on them all.

    `evidence` are rows to add; `more` is what else the change is about. Where nothing differs nothing is stored.
    """
    by = opened.caller.by
    decision = opened.decide(Change(after, Stamp(opened.at, by.name), is_own_work=by.role is Role.PRISON))
    if decision.sections:
        entries = section_entries(opened, decision, action)
        added = [Entry(None, None, [(_ADD_EVIDENCE, list(evidence))])] if evidence else []
        readiness = append_change(session, opened, decision, [*added, *entries, *more])
    else:
        readiness = present_readiness(opened, decision)
    fresh = Freshness(opened.toolkit.evidence_stale_after_months, london_date(opened.at))
    items = [counting_view(columns, fresh) for columns in opened.present.evidence]
    items += [added_view(row, fresh) for row in evidence if row.get("sha256") is None]
    known = {item.id: item for item in items}
    after_it = decision.after
    return SectionsAfter(
        section_views(
            session, after_it.prison, after_it.answers, list(after), opened.at, known, opened.present.reviews
        ),
        readiness,
    )


def thin_evidence(items: Sequence[NewEvidence]) -> Iterator[Reason]:
    """Why items that are to be added show nothing; each pointer begins with the item's place."""
    for place, item in enumerate(items):
        if reason := item.thin(has_file=False):
            yield replace(reason, pointer=f"/evidence/{place}{reason.pointer}")


def ref_of(row: Mapping[str, Any], at: datetime) -> EvidenceRef:
    """An item that counts for a section, from its row; `at` is when it was received."""
    item = Item(row["kind"], row["reference"], row["text"], row.get("sha256") is not None)
    return EvidenceRef(row["id"], row["effective_on"] or london_date(at), lacks_substance(item) is None)


def evidence_row(opened: OpenedPrison, item: NewEvidence, pointer: str = "") -> dict[str, Any]:
    """A row of `evidence` for an item that is added now; `pointer` is where it stands in the caller's body.

    Evidence shows what is so: an item about a day to come shows nothing yet, and would grow stale too late.
    """
    if item.effective_on is not None and item.effective_on > london_date(opened.at):
        detail = "Evidence is about today or an earlier date: effective_on is in the future."
        raise Invalid("invalid-input", detail, [FieldFault(f"{pointer}/effective_on", "give today or an earlier date")])
    return {
        "id": str(uuid4()),
        "prison_id": opened.facts.id,
        "kind": item.kind,
        "title": item.title,
        "reference": item.reference,
        "text": item.text,
        "effective_on": item.effective_on,
        "received_at": opened.at,
        "added_by": opened.caller.by.name,
    }


def section_entries(opened: OpenedPrison, decision: Decision, action: str) -> list[Entry]:
    """What stores a new version of each section that a decision changes, and tells of it."""
    return [_entry(opened, decision, one, action) for one in decision.sections.values()]


def _entry(opened: OpenedPrison, decision: Decision, one: Assessment, action: str) -> Entry:
    before = opened.answers.of(one.number)
    old, new = state_document(before), state_document(one)
    subject = f"/v1/prisons/{opened.facts.code}/sections/{one.number}"
    content = {
        "number": one.number,
        "version": one.version,
        "rating": {"from": before.rating.value, "to": one.rating.value},
        **verdict_content(decision.readiness),
    }
    writes: list[Write] = [_present(opened, one, new), (_APPEND, _version(opened, decision, one, old, new))]
    return Entry(
        Act(action, subject, old, new), Announcement(action, opened.facts, opened.at, subject, content), writes
    )


def _present(opened: OpenedPrison, one: Assessment, state: Mapping[str, Any]) -> Write:
    values = {
        **state,
        "target_date": one.target_date,
        "staff_in_post": one.staff_in_post,
        "staff_required": one.staff_required,
        "exemption": exemption_document(one.exemption),
        "updated_at": opened.at,
        "updated_by": opened.caller.by.name,
    }
    if one.version == 1:
        return _TOUCH, {"prison_id": opened.facts.id, "number": one.number, **values}
    return _CHANGE, {"of_prison": opened.facts.id, "of_number": one.number, **values}


def _version(
    opened: OpenedPrison, decision: Decision, one: Assessment, old: Mapping[str, Any], new: Mapping[str, Any]
) -> dict[str, Any]:
    by = opened.caller.by
    return {
        "prison_id": opened.facts.id,
        "number": one.number,
        "version": one.version,
        "at": opened.at,
        "by_id": by.id,
        "by_name": by.name,
        "by_role": by.role,
        "request_id": opened.caller.request_id,
        "rating": one.rating,
        "changes": differences(old, new),
        "state": new,
        "moves_verdict": decision.moves_verdict,
    }
