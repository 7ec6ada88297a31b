"""What the rules make of a prison as a whole: its verdict, stage and warnings."""

from dataclasses import dataclass
from datetime import date, datetime

from app.rules.assessment import Answers
from app.rules.prison import PrisonFacts
from app.rules.regions import REGIONS
from app.rules.staleness import VerdictWarning, stale_warnings
from app.rules.statement import StatementFacts, counting
from app.rules.types import Function, Stage
from app.rules.verdict import Commissioning, Counts, GoLive, RuleBook, judge, stage_of


@dataclass(frozen=True, slots=True)
class PrisonRef:
    code: str
    name: str
    region: str
    function: Function


@dataclass(frozen=True, slots=True)
class ReadinessView:
    """The verdict. `as_of` is the moment asked for, None for now; `updated_at` is when it last changed."""

    prison: PrisonRef
    toolkit_version: str
    as_of: datetime | None
    updated_at: datetime | None
    stage: Stage
    counts: Counts
    commissioning: Commissioning
    go_live: GoLive
    warnings: tuple[VerdictWarning, ...]
    statement: StatementFacts | None


def readiness_view(
    book: RuleBook, prison: PrisonFacts, answers: Answers, statements: tuple[StatementFacts, ...], today: date
) -> ReadinessView:
    """What the rules make of a prison on a day; the moments are left for the caller to fill."""
    exempt = {one.number: one.exemption.rationale for one in answers.assessments if one.exemption}
    verdict = judge(book, [one.rating for one in answers.assessments], exempt)
    statement = counting(statements)
    stage = stage_of(
        verdict,
        is_touched=answers.is_touched,
        statement_status=statement.status if statement else None,
        is_live=statement is not None and statement.live_on is not None,
    )
    return ReadinessView(
        prison=PrisonRef(prison.code, prison.name, REGIONS[prison.region], prison.function),
        toolkit_version=prison.toolkit_version,
        as_of=None,
        updated_at=None,
        stage=stage,
        counts=verdict.counts,
        commissioning=verdict.commissioning,
        go_live=verdict.go_live,
        warnings=stale_warnings(book.toolkit, answers.assessments, today),
        statement=statement,
    )


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a verdict rests on."""

    prison: PrisonFacts
    answers: Answers
    statements: tuple[StatementFacts, ...] = ()

    def view(self, book: RuleBook, today: date) -> ReadinessView:
        """What the rules make of it on that day; the moments are left for the caller to fill."""
        return readiness_view(book, self.prison, self.answers, self.statements, today)
