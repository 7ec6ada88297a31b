"""Dashboards and returns beside the raw SQL of the same answer through the driver alone, at each size of programme."""

import tempfile
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from app.db import Database
from app.documents.return_csv import render_return_csv
from app.queries.dashboards import DASHBOARD_JSON, REGIONS_JSON, list_regions, read_dashboard
from app.queries.matrix import read_matrix
from app.queries.returns import find_source, stream_rows
from app.queries.standing_versions import Scope
from app.queries.tallies import read_mark
from app.rules.access import Principal, Role
from app.rules.returns import month_named
from app.services.callers import Caller
from app.services.demo_lives import SMALL_REGION
from app.services.returns import freeze_return
from bench.programmes import UNTIL, programme
from bench.report import Options, Table

NOW = UNTIL + timedelta(hours=12)
PAST = UNTIL - timedelta(days=200, hours=5)
LAST_MONTH = "2026-10"
BY = Principal("key:1", "Bench", Role.NATIONAL)

Ask = Callable[[Session, Scope], bytes]


@dataclass(frozen=True, slots=True)
class Question:
    """One answer to measure, of a region or the nation, now or at a moment."""

    name: str
    region: str | None
    as_of: datetime | None
    ask: Ask


def _dashboard(session: Session, scope: Scope) -> bytes:
    return DASHBOARD_JSON.dump_json(read_dashboard(session, scope))


def _regions(session: Session, scope: Scope) -> bytes:
    return REGIONS_JSON.dump_json(list_regions(session, scope))


def _matrix(session: Session, scope: Scope) -> bytes:
    return repr(read_matrix(session, scope, None, after=None, limit=500)).encode()


def _mark(session: Session, scope: Scope) -> bytes:
    return read_mark(session, scope).encode()


QUESTIONS = (
    Question("does a kept answer hold? (nation)", None, None, _mark),
    Question("region dashboard, same size", SMALL_REGION, None, _dashboard),
    Question("region dashboard, same size, as_of", SMALL_REGION, PAST, _dashboard),
    Question("region dashboard, a ninth", "london", None, _dashboard),
    Question("region dashboard, a ninth, as_of", "london", PAST, _dashboard),
    Question("national dashboard", None, None, _dashboard),
    Question("national dashboard, as_of", None, PAST, _dashboard),
    Question("regions", None, None, _regions),
    Question("matrix, 500 rows", None, None, _matrix),
)


def run(options: Options) -> list[Table]:
    return [table for kind in options.databases for table in _on(kind, options)]


def _on(kind: str, options: Options) -> list[Table]:
    answers: list[list[str]] = []
    returns: list[list[str]] = []
    for prisons in options.prisons:
        with (
            tempfile.TemporaryDirectory(prefix="idts-bench-") as name,
            programme(kind, prisons, Path(name)) as (_, _settings, database),
        ):
            for question in QUESTIONS:
                answers.append([question.name, f"{prisons:,}", *_measured(database, question, options)])
            returns += _returns(database, prisons)
    answers.sort(key=lambda row: [one.name for one in QUESTIONS].index(row[0]))
    title = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[kind]
    notes = (
        "Each answer is worked out anew from the database, as after a change; `raw` is the same statements through "
        "the driver alone, fetched and dropped. × is the ratio of the two medians.",
        "The service keeps answers in memory under a mark that one statement reads: the first line is what an "
        "unchanged dashboard costs in SQL.",
    )
    columns = ("answer", "prisons", "p50 ms", "p99 ms", "raw p50 ms", "×", "SQL", "rows", "bytes")
    head = ("return", "prisons", "seconds", "rows/s", "peak KiB (Python)")
    return [
        Table(f"Dashboards on {title}", columns, answers, notes),
        Table(f"Returns on {title}", head, returns, ("Peak: what Python allocated while it was made.",)),
    ]


def _measured(database: Database, question: Question, options: Options) -> list[str]:
    scope = Scope(question.region, NOW, question.as_of)
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        seen.append((statement, parameters))

    event.listen(database.read_engine, "before_cursor_execute", note)
    with database.reading() as session:
        body = question.ask(session, scope)
    event.remove(database.read_engine, "before_cursor_execute", note)

    def whole() -> None:
        with database.reading() as session:
            question.ask(session, scope)

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


def _returns(database: Database, prisons: int) -> list[list[str]]:
    month = month_named(LAST_MONTH)

    def freeze() -> int:
        with database.session_scope() as session:
            return freeze_return(session, month, None, [], caller=Caller(BY, NOW)).revision.rows

    def as_csv() -> int:
        with database.reading() as session:
            source = find_source(session, month, at=NOW)
            pieces = render_return_csv(LAST_MONTH, False, stream_rows(session, source))
            return sum(piece.count(b"\r\n") for piece in pieces) - 1

    found = []
    for name, make in (("CSV, not frozen", as_csv), ("freeze", freeze), ("CSV, frozen", as_csv)):
        seconds, rows, peak = _traced(make, again=name != "freeze")
        found.append([name, f"{prisons:,}", f"{seconds:.2f}", f"{rows / seconds:,.0f}", f"{peak / 1024:,.0f}"])
    return found


def _traced(make: Callable[[], int], *, again: bool) -> tuple[float, int, int]:
    began = time.perf_counter()
    rows = make()
    seconds = time.perf_counter() - began
    if not again:
        return seconds, rows, 0
    tracemalloc.start()
    make()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, rows, peak
