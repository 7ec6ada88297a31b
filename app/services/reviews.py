"""Reviews of sections by the region, and the prison's answers to its challenges (rule 8)."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session

from app.errors import Conflict, FieldFault, Invalid
from app.models import Review as ReviewRow
from app.models import ReviewEvent, table_of
from app.queries.reviews import ReviewView, find_review, review_view
from app.queries.sections import SECTION_NUMBERS, unknown_section
from app.rules.access import Caller
from app.rules.decision import Change, Decision
from app.rules.moments import london_date
from app.rules.review import (
    Review,
    ReviewKind,
    Said,
    malformed_review,
    may_be_answered,
    may_be_closed,
    review_document,
    said_document,
)
from app.rules.types import Rating, Reason
from app.services.audit import Act
from app.services.events import Announcement, verdict_content
from app.services.opened import Entry, OpenedPrison, open_prison
from app.services.sections import refuse_outdated
from app.services.writing import append_change
from app.storage.batch import Write

_REVIEW = table_of(ReviewRow)
_ADD = insert(_REVIEW).inline()
_CHANGE = update(_REVIEW).where(_REVIEW.c.id == bindparam("of_review"))
_APPEND = insert(table_of(ReviewEvent)).inline()


@dataclass(frozen=True, slots=True)
class NewReview:
    """What a reviewer says of the present version of a section. `rating` is the one that they would give."""

    kind: ReviewKind
    text: str | None = None
    rating: Rating | None = None
    recommendation: str | None = None
    due_on: date | None = None


def add_review(
    session: Session,
    code: str,
    number: int,
    new: NewReview,
    *,
    caller: Caller,
    versions: frozenset[int] | None = None,
) -> ReviewView:
    """Say something of a section as it is now. The section, its rating and its history stay as they are.

    Invalid where a challenge has no text, or a day to answer by that has passed or stands with anything else;
    Outdated where the reviewer's copy of the section is of none of the `versions`.
    """
    opened = open_prison(session, code, caller)
    if number not in SECTION_NUMBERS:
        raise unknown_section(number)
    refuse_outdated(opened, [number], versions)
    fault = malformed_review(new.kind, new.text, new.due_on, london_date(opened.at))
    if fault is not None:
        raise Invalid(fault.code, fault.detail, [FieldFault(fault.pointer or "", fault.detail)])
    review = Review(
        id=str(uuid4()),
        section=number,
        version=opened.answers.of(number).version,
        kind=new.kind,
        text=new.text,
        rating=new.rating,
        recommendation=new.recommendation,
        due_on=new.due_on,
        by=caller.by.name,
        at=opened.at,
    )
    return _store(session, opened, "added", None, review, (_ADD, {**asdict(review), "prison_id": opened.facts.id}))


@dataclass(frozen=True, slots=True)
class ReviewAddress:
    """Where a review stands: the prison's code, the section's number, the review's id."""

    code: str
    number: int
    review_id: str


def answer_review(session: Session, of: ReviewAddress, text: str, *, caller: Caller) -> ReviewView:
    """Answer a challenge. A later answer takes the place of an earlier one, and the history keeps both.

    Conflict for what is no challenge, and for one that is closed.
    """
    opened, before = _opened(session, of, may_be_answered, caller)
    said = Said(text, caller.by.name, opened.at)
    row: Write = (_CHANGE, {"of_review": before.id, "answer": said_document(said)})
    return _store(session, opened, "answered", before, replace(before, answer=said), row)


def close_review(session: Session, of: ReviewAddress, text: str | None, *, caller: Caller) -> ReviewView:
    """Close a challenge, answered or not. Conflict for what is no challenge, and for one that is closed already."""
    opened, before = _opened(session, of, may_be_closed, caller)
    said = Said(text, caller.by.name, opened.at)
    row: Write = (_CHANGE, {"of_review": before.id, "closed": said_document(said)})
    return _store(session, opened, "closed", before, replace(before, closed=said), row)


def _opened(
    session: Session, of: ReviewAddress, rule: Callable[[Review], Reason | None], caller: Caller
) -> tuple[OpenedPrison, Review]:
    opened = open_prison(session, of.code, caller)
    review = find_review(session, opened.facts.id, of.number, of.review_id)
    if (reason := rule(review)) is not None:
        raise Conflict(reason.code, reason.detail)
    return opened, review


def _store(
    session: Session, opened: OpenedPrison, step: str, before: Review | None, after: Review, row: Write
) -> ReviewView:
    decision = opened.decide(Change(review=after))
    append_change(session, opened, decision, [_entry(opened, decision, step, before, after, row)])
    version = opened.answers.of(after.section).version
    return review_view(after, opened.facts.code, version, london_date(opened.at))


def _entry(
    opened: OpenedPrison, decision: Decision, step: str, before: Review | None, after: Review, row: Write
) -> Entry:
    """What was said stays within the scope: the feed, which everybody reads, is told that something was."""
    by, state, action = opened.caller.by, review_document(after), f"review.{step}"
    subject = f"/v1/prisons/{opened.facts.code}/sections/{after.section}/reviews/{after.id}"
    event = {
        "review_id": after.id,
        "prison_id": opened.facts.id,
        "at": opened.at,
        "by_id": by.id,
        "by_name": by.name,
        "by_role": by.role,
        "kind": step,
        "state": state,
        "moves_verdict": decision.moves_verdict,
    }
    content: dict[str, Any] = {name: state[name] for name in ("section", "version", "kind", "due_on")}
    content |= {"open": after.is_open, **verdict_content(decision.readiness)}
    return Entry(
        Act(action, subject, review_document(before) if before else None, state),
        Announcement(action, opened.facts, opened.at, subject, content),
        [row, (_APPEND, event)],
    )
