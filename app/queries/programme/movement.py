"""How a programme has moved since the end of the month before: what got better, what got worse, who came and went."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, and_, bindparam, func, select
from sqlalchemy.orm import Session

from app.queries.programme.periods import IN_REGIONS, PERIOD, ProgrammeAt, standing
from app.rules.moments import end_of_day
from app.rules.programme import Point, counting_letters
from app.rules.types import Stage


@dataclass(frozen=True, slots=True)
class PrisonMovement:
    """Prisons by what became of their stage. Those of now are all but the `left`, those of then all but the `new`."""

    improved: int
    worsened: int
    unchanged: int
    new: int
    left: int


@dataclass(frozen=True, slots=True)
class SectionMovement:
    """How many ratings of the prisons that were there then and are there now went up, and how many went down."""

    improved: int
    worsened: int


@dataclass(frozen=True, slots=True)
class Movement:
    """What has moved since the end of a day, the last one of the month before."""

    since: date
    prisons: PrisonMovement
    sections: SectionMovement


_STAGES = {stage.value: place for place, stage in enumerate(Stage)}
_RANKS = {"r": 0, "R": 0, "A": 1, "G": 2}


def _open_on(day: str) -> ColumnElement[bool]:
    opened_on, closed_by = PERIOD.c.opened_on, PERIOD.c.closed_by
    return (opened_on.is_(None) | (opened_on <= bindparam(day, type_=Date))) & (
        closed_by.is_(None) | (closed_by >= bindparam(day, type_=Date))
    )


_STOOD_THEN = and_(IN_REGIONS, PERIOD.c.from_at <= bindparam("then"), _open_on("since"))


@cache
def _ended(is_past: bool) -> Select[Any]:
    """How prisons stood then that have changed since."""
    until = PERIOD.c.to_at <= bindparam("as_of") if is_past else PERIOD.c.to_at < bindparam("still")
    columns = (PERIOD.c[name] for name in ("code", "stage", "ratings", "exempt"))
    return select(*columns).where(_STOOD_THEN, PERIOD.c.to_at > bindparam("then"), until)


@cache
def _unchanged(is_past: bool) -> Select[bool, int]:
    """How many prisons stand as they stood then, and are open, or are not any more."""
    is_open = _open_on("day").label("is_open")
    return select(is_open, func.count()).where(_STOOD_THEN, standing(is_past)).group_by("is_open")


def read_movement(session: Session, programme: ProgrammeAt, points: Sequence[Point]) -> Movement:
    """`points` are the prisons that are open now."""
    since, is_past = programme.day.replace(day=1) - timedelta(days=1), programme.as_of is not None
    values = programme.values | {"then": end_of_day(since), "since": since, "day": programme.day}
    same = {bool(is_open): count for is_open, count in session.execute(_unchanged(is_past), values)}
    now = {point.code: point for point in points}
    prisons, sections = Counter({0: same.get(True, 0)}), Counter[int]()
    left = same.get(False, 0)
    for code, stage, ratings, exempt in session.execute(_ended(is_past), values):
        point = now.get(code)
        if point is None:
            left += 1
            continue
        prisons[_sign(_STAGES[point.stage] - _STAGES[stage])] += 1
        if ratings != point.ratings:
            sections += _moved(counting_letters(ratings, exempt), counting_letters(point.ratings, point.exempt))
    return Movement(
        since,
        PrisonMovement(prisons[1], prisons[-1], prisons[0], len(points) - prisons.total(), left),
        SectionMovement(sections[1], sections[-1]),
    )


def _moved(before: str, after: str) -> Counter[int]:
    return Counter(
        _sign(_RANKS[new] - _RANKS[old])
        for old, new in zip(before, after, strict=True)
        if old != new and old in _RANKS and new in _RANKS
    )


def _sign(difference: int) -> int:
    return (difference > 0) - (difference < 0)
