"""Section assessments: all of a prison's or one, now or at a past moment, and their history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import TypeAdapter, WithJsonSchema
from sqlalchemy import ColumnElement, ScalarSelect, bindparam, func, literal_column, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import NotFound
from app.models import SectionAssessment, SectionChange, table_of
from app.models.columns import columns_of
from app.queries.evidence import EvidenceView, evidence_of, titled
from app.queries.prisons import MARK, Mark, read_any_prison
from app.queries.reviews import ReviewView, read_told, review_view
from app.queries.soundness import fill_in_soundness, tell_evidence
from app.queries.toolkits import read_book
from app.rules.access import Role
from app.rules.assessment import Answers, Assessment, Exemption, Stamp, from_state
from app.rules.moments import london_date
from app.rules.prison import PrisonFacts
from app.rules.readiness import RuleBook
from app.rules.review import Review
from app.rules.section import SuggestedRating, missing, number_of, suggested_rating
from app.rules.staleness import is_stale
from app.rules.types import Missing, Number, OutcomeStatus, Rating

SECTION_NUMBERS = range(1, 36)


@dataclass(frozen=True, slots=True)
class ExemptionView:
    """Why a section does not apply to the prison, who decided so, and when."""

    rationale: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """One required outcome of the section, and whether it is met; null where nobody has recorded it."""

    key: str
    text: str
    status: OutcomeStatus | None


@dataclass(frozen=True, slots=True)
class SectionView:
    """One prison's answer to one section, and what is asked of it.

    `stale` says that some of its evidence has grown too old. `missing` is what it lacks to be GREEN, null where it
    lacks nothing. `suggested_rating` is what the facts alone suggest, and sets nothing.
    """

    prison: str
    number: int
    title: str
    group: str
    version: int
    rating: Rating
    comment: str | None
    lead: str | None
    target_date: date | None
    staff_in_post: Number | None
    staff_required: Number | None
    outcomes: dict[str, OutcomeStatus]
    required_outcomes: list[OutcomeView]
    go_live_minimum: Rating
    commissioning_required: bool
    meets_minimum: bool
    missing: Missing | None
    suggested_rating: SuggestedRating
    evidence: list[EvidenceView]
    stale: bool
    exempt: bool
    exemption: ExemptionView | None
    open_challenges: int
    last_review: ReviewView | None
    updated_at: datetime | None
    updated_by: str | None


@dataclass(frozen=True, slots=True)
class SectionList:
    """Several sections of one prison, in number order."""

    items: list[SectionView]


SECTION_JSON = TypeAdapter(SectionView)
SECTIONS_JSON = TypeAdapter(SectionList)


def unknown_section(number: int) -> NotFound:
    return NotFound("not-found", f"There is no section {number}: the toolkit has sections 1 to 35.")


def current_state(row: Any) -> dict[str, Any]:
    """A row of the present as the same document that the history keeps."""
    return {
        "version": row.version,
        "rating": row.rating,
        "comment": row.comment,
        "lead": row.lead,
        "target_date": row.target_date.isoformat() if row.target_date else None,
        "staff_in_post": number_of(row.staff_in_post),
        "staff_required": number_of(row.staff_required),
        "outcomes": row.outcomes,
        "evidence": row.evidence,
        "exemption": row.exemption,
    }


_PRESENT, _CHANGE = table_of(SectionAssessment), table_of(SectionChange)


def own_work(prison_id: Any, *until: ColumnElement[bool]) -> ScalarSelect[datetime]:
    """When a prison itself last changed a section; null where it never did (rule 9)."""
    is_own = _CHANGE.c.by_role == literal_column(f"'{Role.PRISON}'")
    newest = select(_CHANGE.c.at).where(_CHANGE.c.prison_id == prison_id, is_own, *until)
    return newest.order_by(_CHANGE.c.at.desc()).limit(1).scalar_subquery()


_OF_PRISON = bindparam("of_prison", type_=_PRESENT.c.prison_id.type)
_READ_PRESENT = select(*_PRESENT.c, own_work(_OF_PRISON).label("worked_at")).where(_PRESENT.c.prison_id == _OF_PRISON)


def read_answers(session: Session, prison_id: int, as_of: datetime | None = None) -> Answers:
    """A prison's answers now, or rebuilt from the history as they stood at a moment."""
    if as_of is None:
        rows = session.execute(_READ_PRESENT, {"of_prison": prison_id}).all()
        return _answers(rows, {row.number: current_state(row) for row in rows})
    newest = (
        select(func.max(_CHANGE.c.version).label("version"), _CHANGE.c.number)
        .where(_CHANGE.c.prison_id == prison_id, _CHANGE.c.at <= as_of)
        .group_by(_CHANGE.c.number)
        .subquery()
    )
    stamped = _CHANGE.c.at.label("updated_at"), _CHANGE.c.by_name.label("updated_by")
    worked_at = own_work(prison_id, _CHANGE.c.at <= as_of).label("worked_at")
    rows = session.execute(
        select(_CHANGE.c.number, _CHANGE.c.state, *stamped, worked_at)
        .join(newest, (newest.c.number == _CHANGE.c.number) & (newest.c.version == _CHANGE.c.version))
        .where(_CHANGE.c.prison_id == prison_id)
    ).all()
    fill_in_soundness(session, [prison_id], [row.state for row in rows])
    return _answers(rows, {row.number: row.state for row in rows})


def _answers(rows: Sequence[Any], states: Mapping[int, Mapping[str, Any]]) -> Answers:
    known = {number: from_state(number, state) for number, state in states.items()}
    stamps = {row.number: Stamp(row.updated_at, row.updated_by) for row in rows}
    assessments = tuple(known.get(number) or Assessment(number) for number in SECTION_NUMBERS)
    return Answers(assessments, stamps, rows[0].worked_at if rows else None)


def section_view(
    prison: PrisonFacts,
    book: RuleBook,
    one: Assessment,
    stamp: Stamp | None,
    evidence: Mapping[str, EvidenceView],
    reviews: Sequence[Review],
    today: date,
) -> SectionView:
    section, facts = book.toolkit.section(one.number), one.facts()
    said = [review for review in reviews if review.section == one.number]
    return SectionView(
        prison=prison.code,
        number=one.number,
        title=section.title,
        group=section.group,
        version=one.version,
        rating=one.rating,
        comment=one.comment,
        lead=one.lead,
        target_date=one.target_date,
        staff_in_post=number_of(one.staff_in_post),
        staff_required=number_of(one.staff_required),
        outcomes=dict(one.outcomes),
        required_outcomes=[OutcomeView(it.key, it.text, one.outcomes.get(it.key)) for it in section.required_outcomes],
        go_live_minimum=section.go_live_minimum,
        commissioning_required=section.commissioning_required,
        meets_minimum=facts.is_exempt or book.go_live[one.number - 1][one.rating] is None,
        missing=missing(section, facts, section.go_live_minimum) or None,
        suggested_rating=suggested_rating(section, facts),
        evidence=[titled(evidence[item.id], item.title) for item in one.evidence],
        stale=any(is_stale(item.on, today, book.toolkit.evidence_stale_after_months) for item in one.evidence),
        exempt=one.exemption is not None,
        exemption=_exemption_view(one.exemption),
        open_challenges=sum(review.is_open for review in said),
        last_review=review_view(said[-1], prison.code, one.version, today) if said else None,
        updated_at=stamp.at if stamp else None,
        updated_by=stamp.by if stamp else None,
    )


def _exemption_view(one: Exemption | None) -> ExemptionView | None:
    return None if one is None else ExemptionView(one.rationale, one.by, datetime.fromisoformat(one.at))


def section_views(
    session: Session,
    prison: PrisonFacts,
    answers: Answers,
    numbers: Sequence[int],
    at: datetime,
    known: Mapping[str, EvidenceView] | None = None,
    reviews: Sequence[Review] | None = None,
) -> list[SectionView]:
    """The named sections with their evidence and what was said of them, each in one further statement unless it is
    known; `reviews` as `read_told` gives them."""
    book = read_book(session, prison.toolkit_version)
    today = london_date(at)
    wanted = [item.id for number in numbers for item in answers.of(number).evidence]
    evidence = known or {}
    if not all(item in evidence for item in wanted):
        evidence = evidence_of(session, prison.id, wanted, book.toolkit.evidence_stale_after_months, today)
    if reviews is None:
        reviews = read_told(session, prison.id, numbers)
    return [
        section_view(prison, book, answers.of(number), answers.stamps.get(number), evidence, reviews, today)
        for number in numbers
    ]


def read_present_sections(session: Session, code: str, at: datetime) -> tuple[Mark, list[SectionView]]:
    """All sections of a prison now, and their mark in the same snapshot."""
    prison = read_any_prison(session, code)
    views = section_views(session, prison, read_answers(session, prison.id), list(SECTION_NUMBERS), at)
    return tuple(session.execute(MARK, {"code": code}).one()), views


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something: the key's id, its name, and its role then."""

    id: str
    name: str
    role: str


_FIELD_CHANGE = {
    "type": "object",
    "properties": {
        "field": {"type": "string", "description": "The field that changed."},
        "from": {"description": "Its value before."},
        "to": {"description": "Its value after."},
    },
    "required": ["field", "from", "to"],
}
FieldChange = Annotated[dict[str, Any], WithJsonSchema(_FIELD_CHANGE)]


@dataclass(frozen=True, slots=True)
class SectionChangeView:
    """One version of a section: who made it, when, and what changed. `rating` is the rating after it."""

    version: int
    at: datetime
    by: Actor
    rating: Rating
    comment: str | None
    changes: list[FieldChange]
    request_id: str | None


def read_history(
    session: Session, prison_id: int, number: int, *, before: int | None, limit: int, as_of: datetime | None
) -> list[SectionChangeView]:
    """Versions of one section, newest first, from the one before `before`."""
    statement = (
        select(*columns_of(SectionChange, "version at by_id by_name by_role rating state changes request_id"))
        .where(col(SectionChange.prison_id) == prison_id, col(SectionChange.number) == number)
        .order_by(col(SectionChange.version).desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(col(SectionChange.version) < before)
    if as_of is not None:
        statement = statement.where(col(SectionChange.at) <= as_of)
    rows = session.execute(statement).all()
    tell_evidence(session, [change for row in rows for change in row.changes])
    return [
        SectionChangeView(version, at, Actor(key, name, role), rating, state["comment"], changes, request_id)
        for version, at, key, name, role, rating, state, changes, request_id in rows
    ]


def has_rated_sections(session: Session) -> bool:
    """Whether any section of any prison was ever changed."""
    return session.scalar(select(col(SectionChange.id)).limit(1)) is not None
