"""The verdict: what the rules make of a prison's ratings, with the reasons, the stage and the warnings."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial

from app.rules.assessment import Answers, Assessment
from app.rules.commissioning import Commissioning, commissioning_blocker
from app.rules.go_live import ExemptSection, GoLive, go_live_blocker
from app.rules.prison import PrisonFacts
from app.rules.reasons import blocker_reason
from app.rules.regions import REGION_REFS, RegionRef
from app.rules.review import Review, challenge_warnings
from app.rules.section import missing
from app.rules.staleness import VerdictWarning, stale_warnings, unrecorded_warnings
from app.rules.statement import StatementFacts, counting
from app.rules.toolkit import Section, Toolkit
from app.rules.types import Blocker, Function, OutcomeStatus, Rating, SectionFacts, Stage

RATINGS = (Rating.RED, Rating.AMBER, Rating.GREEN)

BlockerRule = Callable[[Section, Rating], Blocker | None]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of the 35 sections carry each rating; exempt ones are counted as that alone."""

    red: int
    amber: int
    green: int
    exempt: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules make of 35 ratings and the exemptions beside them."""

    counts: Counts
    commissioning: Commissioning
    go_live: GoLive


@dataclass(frozen=True, slots=True)
class RuleBook:
    """A toolkit with the outcome of rules 1 and 2 worked out for every section and rating.

    A verdict then costs one look-up a section: the same two rule functions, applied beforehand. `told` keeps what a
    blocker says of a section in a given state: most sections are as they were when the last verdict was made.
    """

    toolkit: Toolkit
    required_sections: tuple[int, ...]
    commissioning: tuple[Mapping[Rating, Blocker | None], ...]
    go_live: tuple[Mapping[Rating, Blocker | None], ...]
    told: Callable[..., Blocker]


def rule_book(toolkit: Toolkit) -> RuleBook:
    return RuleBook(
        toolkit=toolkit,
        required_sections=tuple(one.number for one in toolkit.sections if one.commissioning_required),
        commissioning=tuple(_by_rating(section, commissioning_blocker) for section in toolkit.sections),
        go_live=tuple(_by_rating(section, go_live_blocker) for section in toolkit.sections),
        told=lru_cache(maxsize=10_000)(partial(_told, toolkit)),
    )


def _told(
    toolkit: Toolkit,
    blocker: Blocker,
    staff: tuple[Decimal | None, Decimal | None],
    met: frozenset[str],
    has_evidence: bool,
) -> Blocker:
    """The blocker with what is missing now."""
    section, outcomes = toolkit.section(blocker.section), dict.fromkeys(met, OutcomeStatus.MET)
    facts = SectionFacts(section.number, blocker.rating, *staff, outcomes, int(has_evidence))
    lacking = missing(section, facts, blocker.required)
    return replace(blocker, reason=blocker_reason(section, facts, blocker.required, lacking), missing=lacking)


def _by_rating(section: Section, rule: BlockerRule) -> Mapping[Rating, Blocker | None]:
    return {rating: rule(section, rating) for rating in RATINGS}


def judge(book: RuleBook, assessments: Sequence[Assessment]) -> Verdict:
    """The verdict on a prison's 35 sections: every blocker says what is missing now."""
    exempt = frozenset(one.number for one in assessments if one.exemption)
    verdict = judge_ratings(book, [one.rating for one in assessments], exempt)

    def told(blocker: Blocker) -> Blocker:
        one = assessments[blocker.section - 1]
        met = frozenset(key for key, status in one.outcomes.items() if status is OutcomeStatus.MET)
        has_evidence = any(item.sound for item in one.evidence)
        return book.told(blocker, (one.staff_in_post, one.staff_required), met, has_evidence)

    return Verdict(
        verdict.counts,
        replace(verdict.commissioning, blockers=tuple(map(told, verdict.commissioning.blockers))),
        replace(verdict.go_live, blockers=tuple(map(told, verdict.go_live.blockers))),
    )


def judge_ratings(book: RuleBook, ratings: Sequence[Rating], exempt: Collection[int] = ()) -> Verdict:
    """The verdict on 35 ratings in section order, of which nothing else is known.

    `exempt` has the numbers of the exempt sections, which meet their go-live minimum whatever their rating (rule 5).
    """
    if len(ratings) != len(book.go_live):
        raise ValueError(f"a verdict needs {len(book.go_live)} ratings, not {len(ratings)}")
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
    counted = [rating for number, rating in enumerate(ratings, start=1) if number not in exempt] if exempt else ratings
    red, amber, green = map(counted.count, RATINGS)
    return Verdict(
        counts=Counts(red, amber, green, len(exempt)),
        commissioning=Commissioning(not commissioning, book.required_sections, commissioning),
        go_live=GoLive(not go_live, go_live, _exempt_sections(book, exempt)),
    )


def _exempt_sections(book: RuleBook, exempt: Collection[int]) -> tuple[ExemptSection, ...]:
    return tuple(ExemptSection(number, book.toolkit.section(number).title) for number in sorted(exempt))


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


@dataclass(frozen=True, slots=True)
class PrisonRef:
    """Which prison it is about."""

    code: str
    name: str
    region: RegionRef
    function: Function


@dataclass(frozen=True, slots=True)
class ReadinessView:
    """The verdict. `as_of` is the moment asked for, null for now. `updated_at` is when it last changed."""

    prison: PrisonRef
    toolkit_version: str
    as_of: datetime | None
    updated_at: datetime | None
    stage: Stage
    live_on: date | None
    counts: Counts
    commissioning: Commissioning
    go_live: GoLive
    warnings: tuple[VerdictWarning, ...]
    statement: StatementFacts | None


def readiness_view(book: RuleBook, situation: "Situation", today: date) -> ReadinessView:
    """What the rules make of a prison on a day; the moments are left for the caller to fill."""
    prison, answers = situation.prison, situation.answers
    verdict = judge(book, answers.assessments)
    statement = counting(situation.statements)
    stage = stage_of(
        verdict,
        is_touched=answers.worked_at is not None,
        statement_status=statement.status if statement else None,
        is_live=prison.live_on is not None,
    )
    return ReadinessView(
        prison=PrisonRef(prison.code, prison.name, REGION_REFS[prison.region], prison.function),
        toolkit_version=prison.toolkit_version,
        as_of=None,
        updated_at=None,
        stage=stage,
        live_on=prison.live_on,
        counts=verdict.counts,
        commissioning=verdict.commissioning,
        go_live=verdict.go_live,
        warnings=_in_section_order(
            *stale_warnings(book.toolkit, answers.assessments, today),
            *unrecorded_warnings(book.toolkit, answers.assessments),
            *(challenge_warnings(book.toolkit, situation.challenges) if situation.challenges else ()),
        ),
        statement=statement,
    )


def _in_section_order(*warnings: VerdictWarning) -> tuple[VerdictWarning, ...]:
    return tuple(sorted(warnings, key=lambda one: one.section))


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a verdict rests on. `challenges` are the open ones, in the order in which they were raised."""

    prison: PrisonFacts
    answers: Answers
    statements: tuple[StatementFacts, ...] = ()
    challenges: tuple[Review, ...] = ()

    def view(self, book: RuleBook, today: date) -> ReadinessView:
        """What the rules make of it on that day; the moments are left for the caller to fill."""
        return readiness_view(book, self, today)
