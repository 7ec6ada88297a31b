"""Whether the database can be read and written now, asked without waiting behind anybody."""

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Protocol

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from app.storage.faults import Fault, fault_of
from app.storage.files import private_file
from app.storage.turns import DatabaseFile

# A failure to store counts for this long, unless something is stored before.
FAILURE_SECONDS = 60
# A probe of the disk holds for this long: anybody may ask, and each probe waits for the disk.
PROBE_SECONDS = 1
# About as much as some changes append to the log.
PROBE_BYTES = 256 * 1024


class Probe(Protocol):
    """Two questions about the database; neither raises, and neither waits for a lock."""

    def can_read(self) -> bool: ...

    def can_write(self) -> bool: ...

    def dispose(self) -> None: ...


class WriteRecord:
    """The last failure to store something, until something is stored or the failure is old."""

    def __init__(self) -> None:
        self.failed_at: float | None = None

    def note(self, error: BaseException) -> None:
        """What ended a transaction that would have stored something."""
        if fault_of(error) is Fault.CANNOT_STORE:
            self.failed_at = time.monotonic()

    @property
    def is_failing(self) -> bool:
        return self.failed_at is not None and time.monotonic() - self.failed_at < FAILURE_SECONDS


class FileProbe:
    """On SQLite: read through a connection of its own; written beside the database, whose lock may be taken."""

    def __init__(self, engine: Engine, file: DatabaseFile, record: WriteRecord) -> None:
        self._engine = engine
        self._file = file
        self._record = record
        self._path = file.path.with_name(file.path.name + "-probe")
        self._mutex = Lock()
        self._probed: tuple[float, bool] | None = None

    def can_read(self) -> bool:
        try:
            self._file.check()
            return _knows_its_version(self._engine)
        except sqlite3.Error:
            return False

    def can_write(self) -> bool:
        with self._mutex:
            if self._probed is None or time.monotonic() - self._probed[0] > PROBE_SECONDS:
                self._probed = time.monotonic(), _takes_bytes(self._path)
            return self._probed[1] and os.access(self._file.path, os.W_OK) and not self._record.is_failing

    def dispose(self) -> None:
        self._engine.dispose()


class ServerProbe:
    """On PostgreSQL: over a connection of its own to the primary, for those of the writers may all be waiting."""

    def __init__(self, engine: Engine, record: WriteRecord) -> None:
        self._engine = engine
        self._record = record

    def can_read(self) -> bool:
        return _knows_its_version(self._engine)

    def can_write(self) -> bool:
        question = text("SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'")
        try:
            with self._engine.connect() as connection:
                return bool(connection.scalar(question)) and not self._record.is_failing
        except SQLAlchemyError:
            return False

    def dispose(self) -> None:
        self._engine.dispose()


def _knows_its_version(engine: Engine) -> bool:
    try:
        with engine.connect() as connection:
            return connection.scalar(text("SELECT version_num FROM alembic_version")) is not None
    except SQLAlchemyError:
        return False


def _takes_bytes(path: Path) -> bool:
    """Whether the disk takes some bytes more, durably."""
    try:
        handle = private_file(path)
    except sqlite3.Error:
        return False
    try:
        taken = os.write(handle, bytes(PROBE_BYTES))
        os.fsync(handle)
    except OSError:
        return False
    finally:
        os.close(handle)
        with suppress(OSError):
            path.unlink()
    return taken == PROBE_BYTES
