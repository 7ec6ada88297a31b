"""What a failure of the database means to those who asked."""

import sqlite3
from enum import Enum

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.storage.files import NotStorable


class OutcomeUnknown(SQLAlchemyError):
    """The connection was lost between COMMIT and its answer: what was written may have been stored."""


class Fault(Enum):
    """The kinds of failure that are the database's and not the caller's or our own."""

    BUSY_OR_AWAY = "database-unavailable"
    CANNOT_STORE = "storage-unavailable"
    NO_SCHEMA = "schema-missing"
    UNKNOWN_OUTCOME = "outcome-unknown"


# SQLite's primary result codes: busy and locked; read-only, I/O error, corrupt, full, cannot be opened, no database.
_LITE_BUSY = {5, 6}
_LITE_STORAGE = {8, 10, 11, 13, 14, 26}
# The bytes were written and could not be made to last: after a power cut they may be there or not.
_LITE_NO_SYNC = {sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC}
# PostgreSQL's: read_only_sql_transaction, disk_full, and the class of system errors.
_SERVER_STORAGE = ("25006", "53100", "58")
_SERVER_NO_SCHEMA = {"42P01", "42703", "3F000"}


def fault_of(error: BaseException) -> Fault | None:
    """Which kind of failure it is; None for a mistake of the service's own."""
    if isinstance(error, OutcomeUnknown):
        return Fault.UNKNOWN_OUTCOME
    if isinstance(error, PoolTimeout):
        return Fault.BUSY_OR_AWAY
    if not isinstance(error, DBAPIError):
        return None
    cause = error.orig
    if isinstance(cause, NotStorable):
        return Fault.CANNOT_STORE
    if (code := getattr(cause, "sqlite_errorcode", None)) is not None:
        return _of_sqlite(code & 0xFF, str(cause))
    if (state := getattr(cause, "sqlstate", None) or "").startswith(_SERVER_STORAGE):
        return Fault.CANNOT_STORE
    if state in _SERVER_NO_SCHEMA:
        return Fault.NO_SCHEMA
    return Fault.BUSY_OR_AWAY if error.connection_invalidated or _is_operational(cause) else None


def _of_sqlite(code: int, text: str) -> Fault | None:
    if code in _LITE_BUSY:
        return Fault.BUSY_OR_AWAY
    if code in _LITE_STORAGE:
        return Fault.CANNOT_STORE
    return Fault.NO_SCHEMA if text.startswith(("no such table", "no such column")) else None


def _is_operational(cause: BaseException | None) -> bool:
    return any(kind.__name__ == "OperationalError" for kind in type(cause).__mro__)


def is_lost_at_commit(error: DBAPIError) -> bool:
    """Whether a COMMIT that failed so may have happened all the same."""
    return error.connection_invalidated or getattr(error.orig, "sqlite_errorcode", 0) in _LITE_NO_SYNC


def words_of(error: BaseException) -> str:
    """The driver's own message for the log: no statement and no values."""
    cause = getattr(error, "orig", None) or error.__cause__ or error
    name = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    diagnosis = getattr(cause, "diag", None)
    text = getattr(diagnosis, "message_primary", None) or " ".join(str(cause).split())
    return f"{type(cause).__name__}{f' {name}' if name else ''}: {text[:300]}"
