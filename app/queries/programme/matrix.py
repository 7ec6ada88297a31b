"""The heat map: one row a prison, 35 ratings."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.queries.programme.periods import PERIOD, ProgrammeAt, digest_of, is_open_within, read_page, stream_points
from app.rules.programme import Point, counting_letters, numbers_in, rating_totals
from app.rules.readiness import Counts
from app.rules.regions import REGION_REFS, RegionRef
from app.rules.types import CountedRating

_COUNTED = {"R": CountedRating.RED, "r": CountedRating.RED, "A": CountedRating.AMBER, "G": CountedRating.GREEN}
_COUNTED |= {"X": CountedRating.EXEMPT}


@dataclass(frozen=True, slots=True)
class MatrixRowView:
    """One prison's ratings by section number: EXEMPT for the `exempt` ones, which do not apply to it."""

    code: str
    name: str
    region: RegionRef
    stage: str
    blockers: int
    ratings: dict[int, CountedRating]
    exempt: list[int]
    counts: Counts


def read_matrix(
    session: Session, programme: ProgrammeAt, stage: str | None, *, after: str | None, limit: int
) -> list[MatrixRowView]:
    """The prisons that are open on the day, in code order."""
    points = read_page(session, programme, *_wanted(programme, stage), after=after, limit=limit)
    return [_row(point) for point in points]


def stream_matrix(session: Session, programme: ProgrammeAt, stage: str | None) -> Iterator[MatrixRowView]:
    """All of them, a batch at a time."""
    return (_row(point) for point in stream_points(session, programme, *_wanted(programme, stage)))


def matrix_digest(session: Session, programme: ProgrammeAt, stage: str | None) -> str:
    """A fingerprint of all that the whole heat map rests on."""
    return digest_of(programme.day, stream_points(session, programme, *_wanted(programme, stage)))


def _wanted(programme: ProgrammeAt, stage: str | None) -> list[ColumnElement[bool]]:
    is_open = is_open_within(programme.day, programme.day)
    return [is_open] if stage is None else [is_open, PERIOD.c.stage == stage]


def ratings_of(point: Point) -> dict[int, CountedRating]:
    """What each section counts as, by its number."""
    letters = counting_letters(point.ratings, point.exempt)
    return {number: _COUNTED[letter] for number, letter in enumerate(letters, start=1)}


def counts_of(point: Point) -> Counts:
    """How many of its sections carry each rating, exempt ones apart."""
    red, amber, green, exempt, _ = rating_totals(counting_letters(point.ratings, point.exempt))
    return Counts(red, amber, green, exempt)


def _row(point: Point) -> MatrixRowView:
    return MatrixRowView(
        code=point.code,
        name=point.name,
        region=REGION_REFS[point.region],
        stage=point.stage,
        blockers=point.blocker_count,
        ratings=ratings_of(point),
        exempt=numbers_in(point.exempt),
        counts=counts_of(point),
    )
