"""A made-up programme of any size, written in bulk as the services would have written it change by change."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from app.demo.lives import Author, demo_code
from app.demo.rows import Life, Plan
from app.errors import Conflict
from app.models import (
    Evidence,
    Prison,
    PrisonChange,
    PrisonPeriod,
    SectionAssessment,
    SectionChange,
    Signatory,
    Statement,
    StatementEvent,
    StoredVerdict,
    table_of,
)
from app.queries.toolkits import current_version, read_book
from app.rules.assessment import exemption_document, state_document
from app.rules.caller import Caller
from app.services.audit import record
from app.services.programme.rebuild import period_rows, verdict_row
from app.services.programme.replay import Happening, replay

BATCH = 250


@dataclass(frozen=True, slots=True)
class Demo:
    """How many prisons, and the plan of their histories."""

    prisons: int
    plan: Plan


def refuse_programme_in_use(session: Session) -> None:
    """Conflict where sections have been rated: made-up prisons among real ones would falsify every figure."""
    if session.scalar(select(col(SectionChange.id)).limit(1)) is not None:
        raise Conflict(
            "programme-in-use",
            "This database holds ratings already, and a demonstration would mix with them. Use an empty database, "
            "or say --anyway.",
        )


def next_prison_id(session: Session) -> int:
    if session.scalar(select(col(Prison.id)).where(col(Prison.code) == demo_code(0))) is not None:
        raise Conflict(
            "programme-in-use",
            "This database has a demonstration already, or the beginning of one. Use an empty database.",
        )
    return (session.scalar(select(func.max(col(Prison.id)))) or 0) + 1


def write_batch(session: Session, plan: Plan, places: range, first_id: int) -> None:
    """Store the lives of the prisons at some places."""
    book = read_book(session, current_version(session))
    author = Author(plan, book)
    lives = [author.write(place, first_id + place) for place in places]
    _store(session, Prison, [life.prison for life in lives])
    _store(session, PrisonChange, [row for life in lives for row in life.prison_changes])
    _store(session, Evidence, [row for life in lives for row in life.evidence])
    _store(session, SectionChange, [row for life in lives for row in life.section_changes])
    _store(session, SectionAssessment, [row for life in lives for row in _present_rows(life)])
    _store(session, Statement, [row for life in lives for row in life.statements.values()])
    _store(session, Signatory, [row for life in lives for row in life.signatories])
    _store(session, StatementEvent, [row for life in lives for row in life.statement_events])
    verdicts, periods = [], []
    for life in lives:
        replayed = replay(Prison(**life.prison), _happenings(life), lambda _version: book)
        verdicts.append({"prison_id": life.facts.id, **verdict_row(session, replayed, plan.until)})
        periods += period_rows(life.facts.id, replayed.periods)
    _store(session, StoredVerdict, verdicts)
    _store(session, PrisonPeriod, periods)


def finish(session: Session, demo: Demo, *, caller: Caller) -> None:
    """Let the database number the next prison, and say in the audit trail what was done."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT setval(pg_get_serial_sequence('prison', 'id'), (SELECT max(id) FROM prison))"))
    told = {
        "prisons": demo.prisons,
        "seed": demo.plan.seed,
        "from": demo.plan.began.isoformat(),
        "until": demo.plan.until.isoformat(),
    }
    record(session, caller=caller, at=caller.at, action="programme.generated", subject="/v1/prisons", after=told)


def _store(session: Session, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(table_of(table)), rows)


def _present_rows(life: Life) -> list[dict[str, Any]]:
    return [
        state_document(one)
        | {"prison_id": life.facts.id, "number": number, "target_date": one.target_date}
        | {"rating": one.rating, "exemption": exemption_document(one.exemption)}
        | {"updated_at": life.stamps[number].at, "updated_by": life.stamps[number].by}
        for number, one in life.present.items()
    ]


def _happenings(life: Life) -> list[Happening]:
    found = [Happening(row["at"], "prison", None, row["state"], row["moves_verdict"]) for row in life.prison_changes]
    found += [
        Happening(row["at"], "section", row["number"], row["state"], row["moves_verdict"], row["by_name"])
        for row in life.section_changes
    ]
    found += [
        Happening(row["at"], "statement", row["statement_id"], row["state"], row["moves_verdict"], kind=row["kind"])
        for row in life.statement_events
    ]
    return sorted(found, key=lambda one: one.at)
