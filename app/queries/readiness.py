"""The verdict on a prison as everyone reads it: now from what is kept ready, then from the history."""

from dataclasses import replace
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import PrisonChange, ReviewEvent, SectionChange, ServiceEnd, StatementEvent, StoredVerdict
from app.queries.keys import with_caller
from app.queries.prisons import read_any_prison
from app.queries.reviews import read_challenges
from app.queries.sections import read_answers
from app.queries.statements import read_open_statements
from app.queries.toolkits import read_book
from app.rules.moments import london_date
from app.rules.readiness import ReadinessView, Situation

READINESS_JSON = TypeAdapter(ReadinessView)

# Who is calling and what they ask for, in one statement: the busiest read of the service.
STORED_VERDICT = with_caller(
    select(
        *(col(StoredVerdict.etag), col(StoredVerdict.body)),
        *(col(StoredVerdict.fresh_until), col(StoredVerdict.judged_by)),
    ).where(col(StoredVerdict.code) == bindparam("code"))
)


def read_readiness(session: Session, code: str, *, at: datetime, as_of: datetime | None = None) -> ReadinessView:
    """The verdict now (`at`), or as it stood at `as_of`, worked out afresh from the answers."""
    prison = read_any_prison(session, code, as_of)
    answers = read_answers(session, prison.id, as_of)
    book = read_book(session, prison.toolkit_version)
    statements = read_open_statements(session, prison.id, as_of)
    challenges = read_challenges(session, prison.id, as_of)
    view = Situation(prison, answers, statements, challenges).view(book, london_date(as_of or at))
    return replace(view, as_of=as_of, updated_at=last_moved(session, prison.id, as_of))


def last_moved(session: Session, prison_id: int, as_of: datetime | None = None) -> datetime | None:
    """When the verdict last changed, up to a moment; None if it never has."""
    moves = []
    for table in (SectionChange, PrisonChange, StatementEvent, ServiceEnd, ReviewEvent):
        statement = select(func.max(col(table.at))).where(
            col(table.prison_id) == prison_id, col(table.moves_verdict).is_(True)
        )
        if as_of is not None:
            statement = statement.where(col(table.at) <= as_of)
        moves.append(session.scalar(statement))
    return max((one for one in moves if one is not None), default=None)
