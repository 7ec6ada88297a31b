"""Commissioning readiness and go-live eligibility, each with its reasons: what the service is for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.rules.commissioning import commissioning_blocker
from app.rules.go_live import go_live_blocker
from app.rules.toolkit import Section, Toolkit
from app.rules.types import Blocker, Rating, Stage

RATINGS = (Rating.RED, Rating.AMBER, Rating.GREEN)

BlockerRule = Callable[[Section, Rating], Blocker | None]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of the 35 sections carry each rating, exempt ones included."""

    red: int
    amber: int
    green: int


@dataclass(frozen=True, slots=True)
class Commissioning:
    """Whether the partnership can commission. Blockers come in section order."""

    ready: bool
    required_sections: tuple[int, ...]
    blockers: tuple[Blocker, ...]


@dataclass(frozen=True, slots=True)
class ExemptSection:
    """A section that does not apply to the prison; `rationale` is the regional lead's, where known."""

    section: int
    title: str
    rationale: str | None


@dataclass(frozen=True, slots=True)
class GoLive:
    """Whether the prison may go live. Blockers come in section order."""

    eligible: bool
    blockers: tuple[Blocker, ...]
    exempt: tuple[ExemptSection, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules make of 35 ratings and the exemptions beside them."""

    counts: Counts
    commissioning: Commissioning
    go_live: GoLive


@dataclass(frozen=True, slots=True)
class RuleBook:
    """A toolkit with the outcome of rules 1 and 2 worked out for every section and rating.

    A verdict then costs one look-up a section: the same two rule functions, applied beforehand.
    """

    toolkit: Toolkit
    required_sections: tuple[int, ...]
    commissioning: tuple[Mapping[Rating, Blocker | None], ...]
    go_live: tuple[Mapping[Rating, Blocker | None], ...]


def rule_book(toolkit: Toolkit) -> RuleBook:
    return RuleBook(
        toolkit=toolkit,
        required_sections=tuple(one.number for one in toolkit.sections if one.commissioning_required),
        commissioning=tuple(_by_rating(section, commissioning_blocker) for section in toolkit.sections),
        go_live=tuple(_by_rating(section, go_live_blocker) for section in toolkit.sections),
    )


def _by_rating(section: Section, rule: BlockerRule) -> Mapping[Rating, Blocker | None]:
    return {rating: rule(section, rating) for rating in RATINGS}


def judge(book: RuleBook, ratings: Sequence[Rating], exempt: Mapping[int, str | None] | None = None) -> Verdict:
    """The verdict on 35 ratings in section order.

    `exempt` maps the number of each exempt section to the rationale for it, None where only the fact
    is known; an exempt section meets its go-live minimum whatever its rating (rule 5).
    """
    if len(ratings) != len(book.go_live):
        raise ValueError(f"a verdict needs {len(book.go_live)} ratings, not {len(ratings)}")
    exempt = exempt or {}
    commissioning = tuple(
        [found for row, rating in zip(book.commissioning, ratings, strict=True) if (found := row[rating])]
    )
    go_live = tuple(
        [
            found
            for row, rating in zip(book.go_live, ratings, strict=True)
            if (found := row[rating]) and found.section not in exempt
        ]
    )
    return Verdict(
        counts=Counts(*map(ratings.count, RATINGS)),
        commissioning=Commissioning(not commissioning, book.required_sections, commissioning),
        go_live=GoLive(not go_live, go_live, _exempt_sections(book, exempt)),
    )


def _exempt_sections(book: RuleBook, exempt: Mapping[int, str | None]) -> tuple[ExemptSection, ...]:
    return tuple(ExemptSection(number, book.toolkit.section(number).title, exempt[number]) for number in sorted(exempt))


def stage_of(verdict: Verdict, *, is_touched: bool, statement_status: str | None, is_live: bool) -> Stage:
    """The furthest stage that holds now (rule 6). `statement_status` is of the statement that counts."""
    if is_live:
        return Stage.LIVE
    if statement_status == "issued":
        return Stage.STATEMENT_ISSUED
    if statement_status == "raised":
        return Stage.STATEMENT_RAISED
    if verdict.go_live.eligible:
        return Stage.GO_LIVE_ELIGIBLE
    if verdict.commissioning.ready:
        return Stage.COMMISSIONING_READY
    return Stage.PREPARING if is_touched else Stage.NOT_STARTED
