"""The verdict on a prison as everyone reads it: now from what is kept ready, then from the history."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from pydantic import TypeAdapter
from sqlalchemy import String, bindparam, cast, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import ApiKey, Prison, PrisonChange, PrisonStanding, SectionChange, StatementEvent
from app.queries.keys import PRINCIPAL_COLUMNS
from app.queries.prisons import PrisonFacts, read_facts
from app.queries.sections import Answers, read_answers
from app.queries.statements import read_open_statements
from app.queries.toolkits import read_book
from app.rules.moments import london_date
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


READINESS_JSON = TypeAdapter(ReadinessView)

# Who is calling and what they ask for, in one statement: the busiest read of the service.
STORED_VERDICT_FOR_KEY = (
    select(
        *PRINCIPAL_COLUMNS,
        col(PrisonStanding.etag),
        col(PrisonStanding.body),
        col(PrisonStanding.fresh_until),
    )
    .select_from(ApiKey)
    .outerjoin(PrisonStanding, col(PrisonStanding.code) == bindparam("code"))
    .where(col(ApiKey.digest) == bindparam("digest"), col(ApiKey.revoked_at).is_(None))
)


# What moves with every change of a prison, whether or not its verdict does; as text, which every reader gets alike.
LATEST_CHANGE = select(cast(col(Prison.latest_at), String)).where(col(Prison.code) == bindparam("code"))


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


def read_readiness(session: Session, code: str, *, at: datetime, as_of: datetime | None = None) -> ReadinessView:
    """The verdict now (`at`), or as it stood at `as_of`, worked out afresh from the answers."""
    prison = read_facts(session, code, as_of)
    answers = read_answers(session, prison.id, as_of)
    book = read_book(session, prison.toolkit_version)
    view = readiness_view(
        book, prison, answers, read_open_statements(session, prison.id, as_of), london_date(as_of or at)
    )
    return replace(view, as_of=as_of, updated_at=last_moved(session, prison.id, as_of))


def last_moved(session: Session, prison_id: int, as_of: datetime | None = None) -> datetime | None:
    """When the verdict last changed, up to a moment; None if it never has."""
    moves = []
    for table in (SectionChange, PrisonChange, StatementEvent):
        statement = select(func.max(col(table.at))).where(
            col(table.prison_id) == prison_id, col(table.moves_verdict).is_(True)
        )
        if as_of is not None:
            statement = statement.where(col(table.at) <= as_of)
        moves.append(session.scalar(statement))
    return max((one for one in moves if one is not None), default=None)
