"""How a prison stood at each moment of its history, worked out by the rules from what happened to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

from app.models import Prison
from app.queries.sections import SECTION_NUMBERS
from app.queries.statements import facts_from_state
from app.rules.access import Role
from app.rules.assessment import Answers, Assessment, Stamp, from_state
from app.rules.moments import last_day_of, london_date
from app.rules.prison import PrisonFacts
from app.rules.programme import Period, Point
from app.rules.readiness import RuleBook, Situation
from app.rules.review import Review, after_review, review_from
from app.rules.statement import OPEN, StatementFacts
from app.rules.types import Function
from app.services.programme.periods import point_of

Books = Callable[[str], RuleBook]


@dataclass(frozen=True, slots=True)
class Happening:
    """One row of the history: a change of details, a version of a section, a step of a statement or of a review, the
    end of a service, or a readiness meeting, which changes nothing else.

    `subject` is the section's number or the statement's id, `kind` the statement's step.
    """

    at: datetime
    table: str
    subject: int | str | None
    state: dict[str, Any]
    moved: bool
    by_name: str = ""
    by_role: str = ""
    kind: str = ""


@dataclass(slots=True)
class Progress:
    """A prison while its history is gone through."""

    prison_id: int
    registered_at: datetime
    latest_at: datetime
    facts: PrisonFacts | None = None
    opened_on: date | None = None
    closed_by: date | None = None
    updated_at: datetime | None = None
    assessments: list[Assessment] = field(default_factory=lambda: [Assessment(number) for number in SECTION_NUMBERS])
    stamps: dict[int, Stamp] = field(default_factory=dict)
    worked_at: datetime | None = None
    worked_on: set[int] = field(default_factory=set)
    statements: dict[str, StatementFacts] = field(default_factory=dict)
    times: dict[str, tuple[datetime | None, datetime | None]] = field(default_factory=dict)
    challenges: tuple[Review, ...] = ()

    def situation(self) -> Situation:
        assert self.facts is not None
        answers = Answers(tuple(self.assessments), dict(self.stamps), self.worked_at)
        return Situation(self.facts, answers, tuple(self.statements.values()), self.challenges)


@dataclass(frozen=True, slots=True)
class Replayed:
    """The periods that the history makes, and the prison as it stands at its end."""

    periods: list[Period]
    situation: Situation
    updated_at: datetime | None
    latest_at: datetime


def replay(prison: Prison, happenings: list[Happening], books: Books) -> Replayed:
    """Go through a prison's history, oldest first; what shares a moment was one change."""
    assert prison.id is not None
    progress = Progress(prison.id, prison.registered_at, prison.registered_at)
    periods = list(_periods(progress, happenings, books))
    return Replayed(periods, progress.situation(), progress.updated_at, progress.latest_at)


def _periods(progress: Progress, happenings: list[Happening], books: Books) -> Iterator[Period]:
    last: Point | None = None
    for at, together in groupby(happenings, key=lambda one: one.at):
        for one in together:
            _follow(progress, one)
        progress.latest_at = at
        point = _point(progress, books)
        if point != last:
            yield Period(at, point)
        last = point


def _follow(progress: Progress, one: Happening) -> None:
    if one.moved:
        progress.updated_at = one.at
    if one.table == "prison":
        _follow_details(progress, one.state)
    elif one.table == "section":
        assert isinstance(one.subject, int)
        progress.assessments[one.subject - 1] = from_state(one.subject, one.state)
        progress.stamps[one.subject] = Stamp(one.at, one.by_name)
        if one.by_role == Role.PRISON:
            progress.worked_at = one.at
            progress.worked_on.add(one.subject)
    elif one.table == "review":
        progress.challenges = after_review(progress.challenges, review_from(one.state))
    elif one.table == "statement":
        _follow_statement(progress, one)
    elif one.table == "service end":
        _set_live(progress, None)


def _follow_details(progress: Progress, state: dict[str, Any]) -> None:
    progress.facts = PrisonFacts(
        progress.prison_id,
        state["code"],
        state["name"],
        state["region"],
        Function(state["function"]),
        state["toolkit_version"],
        progress.registered_at,
        progress.facts.live_on if progress.facts else None,
    )
    progress.opened_on = date.fromisoformat(state["opened_on"]) if state["opened_on"] else None
    progress.closed_by = last_day_of(state["closed_on"]) if state["closed_on"] else None


def _follow_statement(progress: Progress, one: Happening) -> None:
    facts = facts_from_state(one.state)
    raised_at, issued_at = progress.times.get(facts.id, (one.at, None))
    if one.kind == "live" and progress.facts and progress.facts.live_on is None:
        _set_live(progress, facts.live_on)
    progress.times[facts.id] = raised_at, one.at if one.kind == "issued" else issued_at
    progress.statements.pop(facts.id, None)
    if facts.status in OPEN:
        progress.statements[facts.id] = facts


def _set_live(progress: Progress, live_on: date | None) -> None:
    """The prison goes live, or is so no more."""
    assert progress.facts is not None
    progress.facts = replace(progress.facts, live_on=live_on)


def _point(progress: Progress, books: Books) -> Point:
    situation = progress.situation()
    view = situation.view(books(situation.prison.toolkit_version), london_date(progress.latest_at))
    statement = view.statement
    return point_of(
        view,
        situation,
        opened_on=progress.opened_on,
        closed_by=progress.closed_by,
        statement_times=progress.times[statement.id] if statement else (None, None),
        worked_on=progress.worked_on,
    )
