"""Engines on an SQLite file: many readers, and one connection that writers use in turn."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.pool import QueuePool

from app.storage.log_keeper import LogKeeper
from app.storage.turns import WAIT_SECONDS, DatabaseFile, Turns, WriterPool

# What the write-ahead log is cut back to when it starts anew.
LOG_BYTES = 8 * 1024 * 1024


def path_of(url: str) -> Path:
    """The file of an SQLite URL."""
    return Path(make_url(url).database or "")


def writing_engine(url: str, file: DatabaseFile, *, checkpoints: bool) -> Engine:
    """Transactions that hold SQLite's write lock from their first statement, one after the other.

    Without `checkpoints` the log is left for somebody else to bring into the database.
    """

    def configure(connection: sqlite3.Connection) -> None:
        # FULL: a rating that was acknowledged survives a power cut.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")
        if not checkpoints:
            connection.execute("PRAGMA wal_autocheckpoint=0")
        file.opened_to_write()

    pool = WriterPool(_opener(file.path, configure), file=file, turns=Turns(file.path))
    return create_engine(url, pool=pool, hide_parameters=True)


def reading_engine(url: str, file: DatabaseFile, size: int) -> Engine:
    """Snapshots: what is read in one transaction belongs together, whoever writes meanwhile."""

    def configure(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA query_only=ON")
        file.opened()

    pool = QueuePool(_opener(file.path, configure), pool_size=size, max_overflow=0, timeout=WAIT_SECONDS)
    engine = create_engine(url, pool=pool, hide_parameters=True)
    event.listen(engine, "checkout", file.check)
    return engine


def log_keeper(engine: Engine) -> LogKeeper:
    """Brings in the log of a writing engine that leaves this to others."""
    pool = engine.pool
    assert isinstance(pool, WriterPool)
    return LogKeeper(pool.file.path, _opener(pool.file.path, lambda _: pool.file.opened()), pool.turns)


def _opener(path: Path, configure: Callable[[sqlite3.Connection], None]) -> Callable[[], Any]:
    """Opens the file as it is: one that is missing is not made, for it would be empty."""
    address = f"file:{quote(str(path.absolute()))}?mode=rw"

    def opened() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, uri=True, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            for pragma in ("journal_mode=WAL", "foreign_keys=ON", "temp_store=MEMORY"):
                connection.execute(f"PRAGMA {pragma}")
            configure(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    return opened
