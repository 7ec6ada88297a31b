"""SQLite's write-ahead log, brought into the database file beside the writers instead of by one of them."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.storage.turns import Turns

# A log of that many pages begins anew (4 MiB): writers wait until the last of it is in the database.
LONG_PAGES = 1_000
WAIT_SECONDS = 1


class LogKeeper:
    """Keeps the log short. One worker is enough; several do no harm, since only one of them can copy at a time."""

    def __init__(self, file: Path, opened: Callable[[], sqlite3.Connection], turns: Turns) -> None:
        self._log = file.with_name(file.name + "-wal")
        self._opened = opened
        self._turns = turns
        self._connection: sqlite3.Connection | None = None
        self._done: tuple[int, int] | None = None

    def bring_in(self) -> bool:
        """Copy what the log holds into the database; whether all of it is there now.

        It waits for nobody who reads. Most is copied while writers go on. Where they add to a long log meanwhile, the
        rest is copied in a turn of its own, after which the next writer begins the log anew.
        """
        state = self._log.stat()
        mark = state.st_mtime_ns, state.st_size
        if mark == self._done:
            return True
        pages, left = self._copy()
        if left and pages > LONG_PAGES:
            try:
                self._turns.take(WAIT_SECONDS)
            except PoolTimeout:
                return False
            try:
                _, left = self._copy()
            finally:
                self._turns.give_back()
        self._done = mark if left == 0 else None
        return left == 0

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _copy(self) -> tuple[int, int]:
        """How many pages the log has, and how many of them the database does not have yet."""
        if self._connection is None:
            self._connection = self._opened()
        _, pages, copied = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return pages, pages - copied
