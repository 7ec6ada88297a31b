"""Reviews: one, a section's, a region's list, and those that a verdict and a section tell of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Select, bindparam, func, literal_column, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import NotFound
from app.models import Prison, ReviewEvent, SectionAssessment, table_of
from app.models import Review as ReviewRow
from app.queries.scope import within_scope
from app.rules.access import Principal
from app.rules.moments import london_date
from app.rules.review import Review, ReviewKind, Said, review_from
from app.rules.types import Rating


@dataclass(frozen=True, slots=True)
class SaidView:
    """What was said of a review, by whom and when."""

    text: str | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReviewView:
    """What the region says of one version of a section. `rating` and `recommendation` stand beside the prison's own."""

    id: str
    prison: str
    section: int
    version: int
    kind: ReviewKind
    text: str | None
    rating: Rating | None
    recommendation: str | None
    due_on: date | None
    by: str
    at: datetime
    answer: SaidView | None
    closed: SaidView | None
    open: bool
    overdue: bool
    outdated: bool


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Which reviews to list; None leaves a filter out. `region` is a slug, `prison` a code; `is_overdue` is as of
    `today`."""

    today: date
    region: str | None = None
    prison: str | None = None
    kind: ReviewKind | None = None
    is_open: bool | None = None
    is_overdue: bool | None = None
    is_outdated: bool | None = None


REVIEW_JSON = TypeAdapter(ReviewView)

_REVIEW, _SECTION = table_of(ReviewRow), table_of(SectionAssessment)
_NAMES = tuple(field.name for field in fields(Review))
REVIEW_COLUMNS = [_REVIEW.c[name] for name in _NAMES]
_IS_OPEN = (_REVIEW.c.kind == literal_column("'challenged'")) & _REVIEW.c.closed.is_(None)
_LATER = _REVIEW.alias()
# The latest review of each of `numbers`: no two of a prison are of one moment.
_IS_LATEST = _REVIEW.c.section.in_(bindparam("numbers", expanding=True)) & (
    _REVIEW.c.at
    == select(func.max(_LATER.c.at))
    .where(_LATER.c.prison_id == _REVIEW.c.prison_id, _LATER.c.section == _REVIEW.c.section)
    .scalar_subquery()
)
# What is told with a verdict and with sections.
TOLD = _IS_OPEN | _IS_LATEST
_READ_TOLD = select(*REVIEW_COLUMNS).where(_REVIEW.c.prison_id == bindparam("of_prison"), TOLD)
_READ_ONE = select(*REVIEW_COLUMNS).where(
    _REVIEW.c.prison_id == bindparam("of_prison"),
    _REVIEW.c.section == bindparam("number"),
    _REVIEW.c.id == bindparam("of"),
)


def review_of(columns: Sequence[Any]) -> Review:
    """A review from `REVIEW_COLUMNS`, as the database or as JSON has them."""
    return review_from(dict(zip(_NAMES, columns, strict=True)))


def read_told(
    session: Session, prison_id: int, numbers: Sequence[int] = (), as_of: datetime | None = None
) -> tuple[Review, ...]:
    """The open challenges of a prison and the latest review of each of the named sections, oldest first; now, or as
    they stood at a moment."""
    if as_of is None:
        rows = session.execute(_READ_TOLD, {"of_prison": prison_id, "numbers": list(numbers)})
        return _oldest_first(map(review_of, rows))
    newest = (
        select(func.max(col(ReviewEvent.id)))
        .where(col(ReviewEvent.prison_id) == prison_id, col(ReviewEvent.at) <= as_of)
        .group_by(col(ReviewEvent.review_id))
    )
    states = session.scalars(select(col(ReviewEvent.state)).where(col(ReviewEvent.id).in_(newest)))
    reviews = _oldest_first(map(review_from, states))
    latest = {one.section: one.id for one in reviews if one.section in numbers}
    return tuple(one for one in reviews if one.is_open or one.id in latest.values())


def _oldest_first(reviews: Iterable[Review]) -> tuple[Review, ...]:
    return tuple(sorted(reviews, key=lambda one: one.at))


def read_challenges(session: Session, prison_id: int, as_of: datetime | None = None) -> tuple[Review, ...]:
    """The open challenges of a prison now, or at a moment, in the order in which they were raised."""
    return tuple(one for one in read_told(session, prison_id, as_of=as_of) if one.is_open)


def count_confirmed(session: Session, prison_id: int) -> int:
    """How many sections of a prison the region has confirmed at their present version."""
    confirmed: int = session.scalars(
        select(func.count(_REVIEW.c.section.distinct()))
        .select_from(_with_sections(_REVIEW))
        .where(_REVIEW.c.prison_id == prison_id, _REVIEW.c.kind == ReviewKind.CONFIRMED, _REVIEW.c.version == _VERSION)
    ).one()
    return confirmed


def review_view(one: Review, prison: str, version: int, today: date) -> ReviewView:
    """A review as it is read on a day; `version` is the one that the section is at."""
    return ReviewView(
        id=one.id,
        prison=prison,
        section=one.section,
        version=one.version,
        kind=one.kind,
        text=one.text,
        rating=one.rating,
        recommendation=one.recommendation,
        due_on=one.due_on,
        by=one.by,
        at=one.at,
        answer=_said(one.answer),
        closed=_said(one.closed),
        open=one.is_open,
        overdue=one.is_overdue(today),
        outdated=one.is_outdated(version),
    )


def _said(said: Said | None) -> SaidView | None:
    return None if said is None else SaidView(said.text, said.by, said.at)


def unknown_review(number: int) -> NotFound:
    return NotFound("not-found", f"Section {number} of this prison has no such review: its list has their ids.")


def find_review(session: Session, prison_id: int, number: int, review_id: str) -> Review:
    """A review of that section of that prison; NotFound for any other one."""
    row = session.execute(_READ_ONE, {"of_prison": prison_id, "number": number, "of": review_id}).first()
    if row is None:
        raise unknown_review(number)
    return review_of(row)


def read_review(session: Session, prison_id: int, number: int, review_id: str, at: datetime) -> ReviewView:
    """The same as it is read at a moment."""
    where = _REVIEW.c.prison_id == prison_id, _REVIEW.c.section == number, _REVIEW.c.id == review_id
    rows = session.execute(_listed().where(*where)).all()
    if not rows:
        raise unknown_review(number)
    return _views(rows, london_date(at))[0]


def list_of_section(
    session: Session, prison_id: int, number: int, *, at: datetime, after: tuple[datetime, str] | None, limit: int
) -> list[ReviewView]:
    """The reviews of one section, newest first, from the one after `after` (its moment and id)."""
    statement = _listed().where(_REVIEW.c.prison_id == prison_id, _REVIEW.c.section == number)
    return _page(session, statement, london_date(at), after, limit)


def list_reviews(
    session: Session, wanted: ReviewFilter, by: Principal, *, after: tuple[datetime, str] | None, limit: int
) -> list[ReviewView]:
    """Reviews within the caller's scope, newest first; Forbidden where the filters name what lies outside it."""
    scope = within_scope(session, by, prison=wanted.prison, region=wanted.region)
    statement = _listed().where(*scope, *_conditions(wanted))
    return _page(session, statement, wanted.today, after, limit)


def _with_sections(reviews: Any) -> Any:
    """A section that was never touched has no row: its version is 0."""
    same = (_SECTION.c.prison_id == _REVIEW.c.prison_id) & (_SECTION.c.number == _REVIEW.c.section)
    return reviews.outerjoin(_SECTION, same)


_VERSION = func.coalesce(_SECTION.c.version, 0)


def _listed() -> Select[Any]:
    prisons = _REVIEW.join(table_of(Prison), col(Prison.id) == _REVIEW.c.prison_id)
    return select(*REVIEW_COLUMNS, col(Prison.code), _VERSION).select_from(_with_sections(prisons))


def _page(
    session: Session, statement: Select[Any], today: date, after: tuple[datetime, str] | None, limit: int
) -> list[ReviewView]:
    statement = statement.order_by(_REVIEW.c.at.desc(), _REVIEW.c.id.desc()).limit(limit)
    if after is not None:
        at, identity = after
        statement = statement.where((_REVIEW.c.at < at) | ((_REVIEW.c.at == at) & (_REVIEW.c.id < identity)))
    return _views(session.execute(statement).all(), today)


def _views(rows: Sequence[Any], today: date) -> list[ReviewView]:
    return [review_view(review_of(columns), code, version, today) for *columns, code, version in rows]


def _conditions(wanted: ReviewFilter) -> list[ColumnElement[bool]]:
    is_overdue = (
        _IS_OPEN & _REVIEW.c.answer.is_(None) & _REVIEW.c.due_on.is_not(None) & (_REVIEW.c.due_on < wanted.today)
    )
    claims = (
        (wanted.is_open, _IS_OPEN),
        (wanted.is_overdue, is_overdue),
        (wanted.is_outdated, _REVIEW.c.version < _VERSION),
    )
    found = [claim if is_so else ~claim for is_so, claim in claims if is_so is not None]
    if wanted.kind is not None:
        found.append(_REVIEW.c.kind == wanted.kind)
    return found
