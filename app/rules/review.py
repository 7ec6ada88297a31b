"""What the region says of a section: remarks, confirmations and challenges; they never change the section (rule 8)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.rules.moments import day_in_words, london_date, moment_in_json
from app.rules.staleness import VerdictWarning
from app.rules.toolkit import Toolkit
from app.rules.types import AnyCase, Rating, Reason


class ReviewKind(AnyCase):
    """A challenge asks the prison for an answer; the other two ask for nothing."""

    REMARK = "remark"
    CONFIRMED = "confirmed"
    CHALLENGED = "challenged"


@dataclass(frozen=True, slots=True)
class Said:
    """Something said about a review: an answer or the close of it."""

    text: str | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """One review, bound to the version of the section that the reviewer looked at.

    `rating` is the one that the reviewer would give, `recommendation` what they would have the prison do; both
    stand beside the prison's own.
    """

    id: str
    section: int
    version: int
    kind: ReviewKind
    text: str | None
    rating: Rating | None
    recommendation: str | None
    due_on: date | None
    by: str
    at: datetime
    answer: Said | None = None
    closed: Said | None = None

    @property
    def is_open(self) -> bool:
        """A challenge is open until the region closes it, answered or not, whatever version the section is at."""
        return self.kind is ReviewKind.CHALLENGED and self.closed is None

    def is_outdated(self, version: int) -> bool:
        """Whether the section has moved on since it was looked at."""
        return version > self.version

    def is_overdue(self, today: date) -> bool:
        """Whether a challenge waits for its answer beyond the day that was set."""
        return self.is_open and self.answer is None and self.due_on is not None and self.due_on < today


def malformed_review(kind: ReviewKind, text: str | None, due_on: date | None, today: date) -> Reason | None:
    """A challenge says what is wrong; only a challenge has a day by which to answer, and that day is to come."""
    if kind is ReviewKind.CHALLENGED and not text:
        return Reason("invalid-input", "A challenge needs a text: say what you question and why.", "/text")
    if due_on is not None and kind is not ReviewKind.CHALLENGED:
        return Reason("invalid-input", f"A review of kind {kind} takes no due_on: only a challenge does.", "/due_on")
    if due_on is not None and due_on < today:
        return Reason("invalid-input", "The day by which to answer has passed: give today or later.", "/due_on")
    return None


def may_be_answered(review: Review) -> Reason | None:
    """The prison answers an open challenge; a later answer takes the place of an earlier one, which history keeps."""
    return _not_a_challenge(review) or _closed(review, "Its answer can no longer be changed.")


def may_be_closed(review: Review) -> Reason | None:
    """The region closes a challenge once."""
    return _not_a_challenge(review) or _closed(review, "There is nothing left to close.")


def _not_a_challenge(review: Review) -> Reason | None:
    if review.kind is ReviewKind.CHALLENGED:
        return None
    word = "remark" if review.kind is ReviewKind.REMARK else "confirmation"
    return Reason("not-a-challenge", f"This review is a {word}: only a challenge is answered and closed.")


def _closed(review: Review, consequence: str) -> Reason | None:
    if review.closed is None:
        return None
    detail = f"This challenge was closed by {review.closed.by}. {consequence} The region can raise a new one."
    return Reason("challenge-closed", detail)


def after_review(challenges: tuple[Review, ...], review: Review) -> tuple[Review, ...]:
    """The open challenges once a review is as it is to be, in the order in which they were raised."""
    known = {one.id: one for one in challenges} | {review.id: review}
    return tuple(one for one in known.values() if one.is_open)


def challenge_warnings(toolkit: Toolkit, challenges: Iterable[Review]) -> list[VerdictWarning]:
    """One warning for each open challenge. Everybody reads the verdict: what was said is told with the section."""
    return [
        VerdictWarning(one.section, title := toolkit.section(one.section).title, "open_challenge", _open(one, title))
        for one in challenges
    ]


def _open(one: Review, title: str) -> str:
    begun = f"The region challenged {title} on {day_in_words(london_date(one.at))}"
    if one.answer is not None:
        return f"{begun}; the prison has answered, and the region has yet to close the challenge."
    by_when = f" by {day_in_words(one.due_on)}" if one.due_on else ""
    return f"{begun}: the prison is to answer{by_when}."


def review_document(one: Review) -> dict[str, Any]:
    """The whole review as JSON, for its history."""
    return {
        "id": one.id,
        "section": one.section,
        "version": one.version,
        "kind": one.kind.value,
        "text": one.text,
        "rating": one.rating.value if one.rating else None,
        "recommendation": one.recommendation,
        "due_on": one.due_on.isoformat() if one.due_on else None,
        "by": one.by,
        "at": moment_in_json(one.at),
        "answer": said_document(one.answer),
        "closed": said_document(one.closed),
    }


def said_document(said: Said | None) -> dict[str, Any] | None:
    return None if said is None else {"text": said.text, "by": said.by, "at": moment_in_json(said.at)}


def review_from(state: Mapping[str, Any]) -> Review:
    """The inverse of `review_document`; it takes a row of the database too, whose days and moments are no text."""
    return Review(
        **{
            **state,
            "kind": ReviewKind(state["kind"]),
            "rating": Rating(state["rating"]) if state["rating"] else None,
            "due_on": date.fromisoformat(str(state["due_on"])) if state["due_on"] else None,
            "at": _moment(state["at"]),
            "answer": _said(state["answer"]),
            "closed": _said(state["closed"]),
        }
    )


def _said(document: Mapping[str, Any] | None) -> Said | None:
    return None if document is None else Said(document["text"], document["by"], _moment(document["at"]))


def _moment(at: datetime | str) -> datetime:
    return at if isinstance(at, datetime) else datetime.fromisoformat(at)
