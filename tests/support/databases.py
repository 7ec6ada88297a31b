"""Databases for tests: one migrated and seeded template of each kind a run, and a copy for each test."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from app.cli import first_start
from app.storage import schema
from app.storage.db import Database
from tests.support import postgres
from tests.support.service import COMMON_KEYS, REGISTERED_AT, make_keys, service_settings
from tests.support.standby import shared_pair

# What is written to the database and read from a streaming standby of it.
STANDBY = "postgresql+standby"


@contextmanager
def fresh_copy(kind: str, home: Path) -> Iterator[str]:
    """The URL of a database with the toolkit, the establishments and keys, gone afterwards.

    `kind` is sqlite, postgresql or `STANDBY`; `home` is the directory that all workers of a run share.
    """
    with _sqlite_copy(home) if kind == "sqlite" else _postgres_copy(kind, home) as url:
        yield url


def read_url(kind: str, url: str, home: Path) -> str:
    """Where the service reads when it writes to `url`: empty for the same place."""
    return shared_pair(home).on_standby(url) if kind == STANDBY else ""


@contextmanager
def _sqlite_copy(home: Path) -> Iterator[str]:
    template = home / "template.db"
    with _turn(home, "template.db.lock"):
        if not template.exists():
            fill(f"sqlite:///{home / 'filling.db'}")
            (home / "filling.db").rename(template)
    with _directory() as directory:
        shutil.copyfile(template, directory / "idts.db")
        yield f"sqlite:///{directory / 'idts.db'}"


@contextmanager
def _postgres_copy(kind: str, home: Path) -> Iterator[str]:
    admin_url = shared_pair(home).primary if kind == STANDBY else postgres.shared_url(home)
    template, is_filled = template_name(home), home / f"template-{kind}"
    with _turn(home, f"template-{kind}.lock"):
        if not is_filled.exists():
            postgres.drop_database(admin_url, template)
            fill(postgres.create_database(admin_url, template))
            is_filled.touch()
    name = f"idts_test_{os.getpid()}_{uuid4().hex[:12]}"
    url = postgres.create_database(admin_url, name, template)
    try:
        yield url
    finally:
        postgres.drop_database(admin_url, name)


def drop_template(home: Path) -> None:
    """What a run leaves on a server that it did not start itself."""
    if (home / "template-postgresql").exists():
        postgres.drop_database(postgres.shared_url(home), template_name(home))


def template_name(home: Path) -> str:
    return f"idts_template_{home.name.rpartition('-')[2]}"


def fill(url: str) -> None:
    settings = service_settings(url)
    schema.migrate(settings)
    database = Database(settings)
    first_start.seed(settings, database, at=REGISTERED_AT)
    make_keys(database, COMMON_KEYS, REGISTERED_AT)
    database.dispose()


@contextmanager
def _directory() -> Iterator[Path]:
    """A directory in memory where there is one: the service waits for the disk at every commit."""
    base = postgres.MEMORY if os.access(postgres.MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="idts-test-", dir=base) as name:
        yield Path(name)


@contextmanager
def _turn(home: Path, name: str) -> Iterator[None]:
    with (home / name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
