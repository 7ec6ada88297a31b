"""Work done in one child process after another, each killed before its nth statement or commit.

`python -m tests.support.killed WORK DATABASE DIRECTORY` reads lines of n and a moment from standard input, and
answers how each child ended. A child that is never killed has done the whole work.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from subprocess import PIPE

import anyio
from sqlalchemy import event

from app.background.delivery import Courier
from app.rules.access import Caller, Principal, Role
from app.rules.returns import month_named
from app.services.returns import freeze_return
from app.settings import Settings
from app.storage.db import Database
from tests.support.processes import ROOT
from tests.support.service import service_settings

# Given n and a moment: how the child ended, -9 where it was killed.
Killer = Callable[[int, datetime], int]


def _freeze(database: Database, _settings: Settings, at: datetime) -> None:
    caller = Caller(Principal("key:1", "National", Role.NATIONAL), at)
    with database.session_scope() as session:
        freeze_return(session, month_named("2026-02"), "Late", ["LWI"], caller=caller)


def _deliver(database: Database, settings: Settings, at: datetime) -> None:
    anyio.run(Courier(database, settings, lambda: at).deliver_due)


WORK = {"freeze": _freeze, "deliver": _deliver}


def _child(work: str, url: str, directory: str, nth: int, at: datetime) -> None:
    settings = service_settings(url, data_dir=directory, webhook_private_addresses=True, webhook_plain_http=True)
    database, seen = Database(settings), 0

    def count(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.read_engine, "before_cursor_execute", count)
    event.listen(database.write_engine, "before_cursor_execute", count)
    event.listen(database.write_engine, "commit", count)
    WORK[work](database, settings, at)


@contextmanager
def killer(work: str, of: Settings) -> Iterator[Killer]:
    """Does the work of that service with a kill before the nth statement; answers how the process ended."""
    command = [sys.executable, "-m", "tests.support.killed", work, of.database_url, str(of.data_dir)]
    with subprocess.Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True) as parent:

        def ended(nth: int, at: datetime) -> int:
            assert parent.stdin is not None
            assert parent.stdout is not None
            print(nth, at.isoformat(), file=parent.stdin, flush=True)
            return int(parent.stdout.readline())

        yield ended
        assert parent.stdin is not None
        parent.stdin.close()


def main(work: str, url: str, directory: str) -> None:
    for line in sys.stdin:
        nth, at = line.split()
        child = os.fork()
        if child == 0:
            _child(work, url, directory, int(nth), datetime.fromisoformat(at))
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
