"""Programmes to measure on: databases with so many made-up prisons and 24 months of history."""

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy import make_url

from app.cli import first_start
from app.cli.demo import make
from app.demo.lives import SMALL_REGION, Plan
from app.models import (
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
from app.settings import Settings
from app.storage import schema
from app.storage.db import Database
from bench.servers import ADMIN_KEY, database_url
from tests.support import postgres

BEGAN, UNTIL = datetime(2024, 11, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
LAST_MONTH = "2026-10"
ESTABLISHMENTS = 138
# So many prisons are lived through; a larger programme has copies of them.
LIVED = 300
COPIED = [
    table_of(model)
    for model in (
        *(Prison, PrisonChange, SectionAssessment, SectionChange, Statement, StatementEvent, Signatory, StoredVerdict),
        PrisonPeriod,
    )
]
# These number their rows themselves.
NUMBERED = {("prison_change", "id"), ("section_change", "id"), ("statement_event", "id")}


@dataclass(frozen=True, slots=True)
class Programme:
    """A database with so many prisons; `seconds` is how long it took to make them up.

    At the smallest size the 138 establishments are there beside as many made-up ones.
    """

    prisons: int
    url: str
    database: Database
    seconds: float


@contextmanager
def programme(kind: str, prisons: int, directory: Path, keep: Path | None = None) -> Iterator[Programme]:
    """A programme to read from and write to, removed again.

    What has been made is kept in `keep` for the next run: on PostgreSQL as a database of the server that
    IDTS_TEST_POSTGRES_URL names, since one that is started here ends with the run.
    """
    with database_url(kind, directory) as url:
        settings = Settings(database_url=url, data_dir=directory, admin_key=SecretStr(ADMIN_KEY))
        seconds = _recall(url, prisons, keep)
        if seconds is None:
            seconds = _make(settings, prisons)
            _remember(url, prisons, seconds, keep)
        schema.migrate(settings)
        database = Database(settings)
        try:
            yield Programme(_made_up(prisons) + ESTABLISHMENTS, url, database, seconds)
        finally:
            database.dispose()


def _make(settings: Settings, prisons: int) -> float:
    schema.migrate(settings)
    database = Database(settings)
    first_start.seed(settings, database, at=BEGAN)
    print(f"Making {prisons:,} prisons on {database.write_engine.dialect.name}", file=sys.stderr)
    began = time.perf_counter()
    make(settings, database, Plan(7, BEGAN, UNTIL), min(_made_up(prisons), LIVED))
    _multiply(database, _made_up(prisons) - LIVED)
    seconds = time.perf_counter() - began
    _settle(database)
    database.dispose()
    return seconds


def _multiply(database: Database, more: int) -> None:
    """So many more prisons: copies of those outside the small region, which has as many in any programme.

    What is measured reads rows, and reads these as it reads others. Their audit chains and evidence are not copied:
    no call that is measured asks for them.
    """
    with database.session_scope() as session:
        connection = session.connection()
        last = connection.exec_driver_sql("SELECT max(id) FROM prison").scalar_one()
        copied = f"SELECT id FROM prison WHERE code LIKE 'Z%%' AND region <> '{SMALL_REGION}' ORDER BY id"
        originals = len(connection.exec_driver_sql(copied).all())
        for turn, taken in enumerate(range(0, max(more, 0), originals), start=1):
            of = f"{copied} LIMIT {min(originals, more - taken)}"
            for table in COPIED:
                connection.exec_driver_sql(_copy(table, turn, last, of))
        if database.write_engine.dialect.name == "postgresql":
            sequence = "pg_get_serial_sequence('prison', 'id')"
            connection.exec_driver_sql(f"SELECT setval({sequence}, (SELECT max(id) FROM prison))")


def _copy(table: sa.Table, turn: int, last: int, prisons: str) -> str:
    """The rows of these prisons in one table once more, under ids, codes and serials of their own."""
    values = {name: name for name in [column.name for column in table.columns] if (table.name, name) not in NUMBERED}
    if table.name == "signatory":
        of_prison, prisons = "statement_id", f"SELECT id FROM statement WHERE prison_id IN ({prisons})"
    else:
        of_prison = "id" if table.name == "prison" else "prison_id"
        values[of_prison] = f"{of_prison} + {turn * last}"
    for name in values.keys() & {"code", "serial", "statement_serial"}:
        values[name] = f"{name} || '{turn:03}'"
    for name in values.keys() & ({"statement_id", "superseded_by"} | ({"id"} if table.name == "statement" else set())):
        values[name] = f"substr({name}, 1, 33) || '{turn:03}'"
    names, asked = ", ".join(values), ", ".join(values.values())
    return f"INSERT INTO {table.name} ({names}) SELECT {asked} FROM {table.name} WHERE {of_prison} IN ({prisons})"


def _made_up(prisons: int) -> int:
    return max(prisons - ESTABLISHMENTS, ESTABLISHMENTS)


def _settle(database: Database) -> None:
    """As PostgreSQL is some hours after so much was written: statistics taken, pages known to be visible."""
    if database.write_engine.dialect.name == "postgresql":
        with database.write_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _recall(url: str, prisons: int, keep: Path | None) -> float | None:
    """Put a copy of what an earlier run made in the place of the empty database; None where there is none."""
    if keep is None or not (note := _note(url, prisons, keep)).exists():
        return None
    if make_url(url).get_backend_name() == "sqlite":
        shutil.copy(note.with_suffix(".db"), _file(url))
    else:
        admin, name = os.environ[postgres.URL_VARIABLE], make_url(url).database or ""
        postgres.drop_database(admin, name)
        postgres.create_database(admin, name, _kept_name(prisons))
    return float(note.read_text())


def _remember(url: str, prisons: int, seconds: float, keep: Path | None) -> None:
    if keep is None:
        return
    keep.mkdir(parents=True, exist_ok=True)
    note = _note(url, prisons, keep)
    if make_url(url).get_backend_name() == "sqlite":
        shutil.copy(_file(url), note.with_suffix(".db"))
    elif admin := os.environ.get(postgres.URL_VARIABLE):
        postgres.create_database(admin, _kept_name(prisons), make_url(url).database)
    else:
        return
    note.write_text(str(seconds))


def _note(url: str, prisons: int, keep: Path) -> Path:
    return keep / f"{make_url(url).get_backend_name()}-{prisons}.seconds"


def _kept_name(prisons: int) -> str:
    return f"idts_bench_kept_{prisons}"


def _file(url: str) -> Path:
    return Path(make_url(url).database or "")
