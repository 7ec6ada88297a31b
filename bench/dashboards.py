"""Dashboards beside the raw SQL of the same answer through the driver alone."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy.orm import Session

from app.demo.lives import SMALL_REGION
from app.queries.programme.dashboards import DASHBOARD_JSON, REGIONS_JSON, list_regions, read_dashboard
from app.queries.programme.matrix import read_matrix
from app.queries.programme.periods import ProgrammeAt
from app.storage.db import Database
from bench.programmes import UNTIL, Programme
from bench.report import Options
from tests.support.service import seen_by

NOW = UNTIL + timedelta(hours=12)
PAST = UNTIL - timedelta(days=200, hours=5)

Ask = Callable[[Session, ProgrammeAt], bytes]


@dataclass(frozen=True, slots=True)
class Question:
    """One answer to measure, of a region or the nation, now or at a moment."""

    name: str
    region: str | None
    as_of: datetime | None
    ask: Ask


def _dashboard(session: Session, programme: ProgrammeAt) -> bytes:
    return DASHBOARD_JSON.dump_json(read_dashboard(session, programme))


def _regions(session: Session, programme: ProgrammeAt) -> bytes:
    return REGIONS_JSON.dump_json(list_regions(session, programme))


def _matrix(session: Session, programme: ProgrammeAt) -> bytes:
    return repr(read_matrix(session, programme, None, after=None, limit=500)).encode()


QUESTIONS = (
    Question("region dashboard, same size", SMALL_REGION, None, _dashboard),
    Question("region dashboard, same size, as_of", SMALL_REGION, PAST, _dashboard),
    Question("region dashboard, a ninth", "london", None, _dashboard),
    Question("region dashboard, a ninth, as_of", "london", PAST, _dashboard),
    Question("national dashboard", None, None, _dashboard),
    Question("national dashboard, as_of", None, PAST, _dashboard),
    Question("regions", None, None, _regions),
    Question("matrix, 500 rows", None, None, _matrix),
)


COLUMNS = ("answer", "prisons", "p50 ms", "p99 ms", "raw p50 ms", "×", "SQL", "rows", "bytes")
NOTES = (
    "`raw` is the same statements through the driver alone, fetched and dropped. × is the ratio of the two medians.",
)


def answers(made: Programme, options: Options) -> list[list[str]]:
    """A row for each question, asked in this process."""
    return [
        [question.name, f"{made.prisons:,}", *_measured(made.database, question, options)] for question in QUESTIONS
    ]


def _measured(database: Database, question: Question, options: Options) -> list[str]:
    programme = ProgrammeAt(question.region, NOW, question.as_of)
    with seen_by(database.read_engine) as seen, database.reading() as session:
        body = question.ask(session, programme)

    def whole() -> None:
        with database.reading() as session:
            question.ask(session, programme)

    rows = 0

    def raw() -> None:
        nonlocal rows
        pooled = database.read_engine.raw_connection()
        cursor = pooled.cursor()
        rows = 0
        for statement, parameters in seen:
            cursor.execute(statement, parameters)
            rows += len(cursor.fetchall())
        pooled.rollback()
        pooled.close()

    ours, theirs = _interleaved(whole, raw, options.seconds)
    return [
        f"{median(ours):.2f}",
        f"{_p99(ours):.2f}",
        f"{median(theirs):.2f}",
        f"{median(ours) / median(theirs):.2f}",
        str(len(seen)),
        f"{rows:,}",
        f"{len(body):,}",
    ]


def _interleaved(one: Callable[[], None], other: Callable[[], None], seconds: float) -> tuple[list[float], list[float]]:
    """Times in milliseconds, taken in turns so that a busy machine does both the same harm."""
    found: tuple[list[float], list[float]] = ([], [])
    until = time.perf_counter() + 2 * seconds
    while time.perf_counter() < until or len(found[0]) < 10:
        for call, times in zip((one, other), found, strict=True):
            began = time.perf_counter()
            call()
            times.append((time.perf_counter() - began) * 1000)
    return found


def _p99(times: Sequence[float]) -> float:
    return sorted(times)[min(len(times) - 1, len(times) * 99 // 100)]
