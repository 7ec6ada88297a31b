"""Whose turn it is to write to an SQLite file, with the one connection for it, and whether the file is still there."""

import fcntl
import os
import time
from collections import deque
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from app.storage.files import FileReplaced, private_file

# A writer waits this long for others before the caller is told to try again.
WAIT_SECONDS = 15
# How often the head of this process's queue looks whether another process has finished.
LOOK_SECONDS = 0.0005
# How long the process that wrote last leaves the turn to one that waits; longer, and that one has been stopped.
COURTESY_SECONDS = 1.0


class Turns:
    """Writers take turns, oldest first. A process that dies gives its turn up: the kernel releases its locks.

    Of each process only the head of the queue asks for the lock on the side file `-turn`, which names who wrote
    last. A process with writers that wait shares the lock on `-waiting`, so that no process writes twice in a row
    while another one waits. Waiting is done by looking again: the system's own wait has no limit of time.
    """

    def __init__(self, database: Path) -> None:
        self._paths = [database.with_name(f"{database.name}-{name}") for name in ("turn", "waiting")]
        self._handles: list[int] = []
        self._me = os.urandom(8)
        self._mutex = Lock()
        self._is_taken = False
        self._queue: deque[Lock] = deque()
        self._is_courteous = True

    @property
    def waiting(self) -> int:
        """How many writers of this process wait for another one of it."""
        return len(self._queue)

    def take(self, seconds: float) -> None:
        """Wait for the turn, at most that long; PoolTimeout where it did not come."""
        deadline = time.monotonic() + seconds
        self._wait_in_line(deadline)
        try:
            self._wait_for_others(deadline)
        except BaseException:
            self._hand_over()
            raise

    def give_back(self) -> None:
        """Let the next one write. It may be called on another thread than `take` was."""
        if self._handles:
            fcntl.flock(self._handles[0], fcntl.LOCK_UN)
        self._hand_over()

    def close(self) -> None:
        while self._handles:
            os.close(self._handles.pop())

    def _wait_in_line(self, deadline: float) -> None:
        with self._mutex:
            if not self._is_taken:
                self._is_taken = True
                return
            place = Lock()
            place.acquire()
            self._queue.append(place)
        if place.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return
        with self._mutex:
            if place in self._queue:
                self._queue.remove(place)
                raise PoolTimeout("the turn to write did not come in time")

    def _hand_over(self) -> None:
        with self._mutex:
            if self._queue:
                self._queue.popleft().release()
                return
            self._is_taken = False
            if self._handles:
                fcntl.flock(self._handles[1], fcntl.LOCK_UN)

    def _wait_for_others(self, deadline: float) -> None:
        if not self._handles:
            self._handles = [private_file(path) for path in self._paths]
        turn, waiting = self._handles
        patience = time.monotonic() + COURTESY_SECONDS
        while True:
            if _locked(waiting, fcntl.LOCK_SH) and self._may_go(patience) and _locked(turn, fcntl.LOCK_EX):
                os.pwrite(turn, self._me, 0)
                return
            if time.monotonic() > deadline:
                raise PoolTimeout("another process did not finish writing in time")
            time.sleep(LOOK_SECONDS)

    def _may_go(self, patience: float) -> bool:
        """Not after a turn of our own while another process waits, unless that one does not move."""
        turn, waiting = self._handles
        if os.pread(turn, len(self._me), 0) != self._me:
            self._is_courteous = True
            return True
        if not self._is_courteous or time.monotonic() > patience:
            self._is_courteous = False
            return True
        # Only where nobody shares the lock can it be had whole. Trying loses our own share.
        is_alone = _locked(waiting, fcntl.LOCK_EX)
        return _locked(waiting, fcntl.LOCK_SH) and is_alone


def _locked(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class DatabaseFile:
    """The SQLite file at a path, as it was when it was first opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._log = path.with_name(path.name + "-wal")
        self._first: tuple[int, int] | None = None
        self._first_log: tuple[int, int] | None = None

    def opened(self) -> None:
        """Remember the file, or FileReplaced if another one was opened before."""
        if self._first is None:
            self._first = _identity(self.path)
        self.check()

    def opened_to_write(self) -> None:
        """Remember the write-ahead log too: it lasts until the last connection is closed."""
        self.opened()
        self._first_log = _identity(self._log)

    def check(self, *_: object) -> None:
        """FileReplaced where the path no longer leads to what was opened."""
        if self._first is not None and _identity(self.path) != self._first:
            raise FileReplaced(f"the database file {self.path} was deleted or replaced while it was in use")
        if self._first_log is not None and _identity(self._log) != self._first_log:
            raise FileReplaced(f"the write-ahead log {self._log} was deleted or replaced while it was in use")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


class WriterPool(QueuePool):
    """One connection, handed from writer to writer in the order in which they came."""

    def __init__(self, creator: Any, *, file: DatabaseFile, turns: Turns, **options: Any) -> None:
        super().__init__(creator, pool_size=1, max_overflow=0, timeout=WAIT_SECONDS, **options)
        self.file = file
        self.turns = turns

    def recreate(self) -> "WriterPool":
        return WriterPool(
            self._creator, file=self.file, turns=self.turns, _dispatch=self.dispatch, dialect=self._dialect
        )

    def _do_get(self) -> ConnectionPoolEntry:
        self.turns.take(WAIT_SECONDS)
        try:
            self.file.check()
            return super()._do_get()
        except BaseException:
            self.turns.give_back()
            raise

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        connection: Any = record.dbapi_connection
        # SQLAlchemy takes a transaction whose COMMIT failed for ended; SQLite does not, and its lock would stay.
        if connection is not None and connection.in_transaction:
            connection.execute("ROLLBACK")
        super()._do_return_conn(record)
        self.turns.give_back()

    def dispose(self) -> None:
        super().dispose()
        self.turns.close()
