"""Programmes to measure on: databases with so many made-up prisons and 24 months of history."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from app import startup
from app.cli.demo import write
from app.db import Database
from app.services.demo import Demo
from app.services.demo_rows import Plan
from app.settings import Settings
from bench.servers import ADMIN_KEY, database_url

BEGAN, UNTIL = datetime(2024, 11, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
ESTABLISHMENTS = 138


@contextmanager
def programme(kind: str, prisons: int, directory: Path) -> Iterator[tuple[str, Settings, Database]]:
    """The URL of a database with that many prisons, the establishments among them."""
    with database_url(kind, directory) as url:
        settings = Settings(database_url=url, data_dir=directory, admin_key=SecretStr(ADMIN_KEY))
        startup.migrate(settings)
        database = Database(settings)
        startup.seed(settings, database, at=BEGAN)
        print(f"Making {prisons:,} prisons on {kind}", file=sys.stderr)
        # At the smallest size the establishments are there beside as many made-up ones.
        write(database, Demo(max(prisons - ESTABLISHMENTS, ESTABLISHMENTS), Plan(7, BEGAN, UNTIL)), anyway=False)
        _settled(database)
        try:
            yield url, settings, database
        finally:
            database.dispose()


def _settled(database: Database) -> None:
    """As PostgreSQL is some hours after so much was written: statistics taken, pages known to be visible."""
    if database.write_engine.dialect.name == "postgresql":
        with database.write_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
