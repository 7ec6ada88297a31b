"""A freeze that is killed between any two of its statements leaves the old state or the new one, whole."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE

import pytest

from tests import databases
from tests.conftest import SERVER_HOME
from tests.service import STARTS_AT, Service, running, service_settings

ROOT = Path(__file__).parents[2]
# Freezes February in one child process after another, and kills each before its nth statement or its commit.
FREEZE = """
import os, signal, sys
from datetime import datetime
from sqlalchemy import event
from app.db import Database
from app.rules.access import Principal, Role
from app.rules.returns import month_named
from app.services.callers import Caller
from app.services.returns import freeze_return
from tests.service import service_settings

def freeze(nth):
    database, seen = Database(service_settings(sys.argv[1])), 0

    def count(*_):
        nonlocal seen
        seen += 1
        if seen == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.write_engine, "before_cursor_execute", count)
    event.listen(database.write_engine, "commit", count)
    caller = Caller(Principal("key:1", "National", Role.NATIONAL), datetime.fromisoformat(sys.argv[2]))
    with database.session_scope() as session:
        freeze_return(session, month_named("2026-02"), "Late", ["LWI"], caller=caller)

for nth in map(int, sys.stdin):
    child = os.fork()
    if child == 0:
        freeze(nth)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@contextmanager
def freezer(url: str) -> Iterator[Callable[[int], int]]:
    """Freezes with a kill before the nth statement; answers how the process ended."""
    command = [sys.executable, "-c", FREEZE, url, STARTS_AT.isoformat()]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdin=PIPE, stdout=PIPE, text=True
    ) as parent:

        def freeze(nth: int) -> int:
            assert parent.stdin is not None
            assert parent.stdout is not None
            print(nth, file=parent.stdin, flush=True)
            return int(parent.stdout.readline())

        yield freeze
        assert parent.stdin is not None
        parent.stdin.close()


def stored(service: Service) -> dict[str, object]:
    return {name: rows for name, rows in service.stored().items() if name.startswith(("return", "audit"))}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_freeze_killed_between_any_two_statements_leaves_the_old_or_the_new_state(
    kind: str, pytestconfig: pytest.Config, tmp_path: Path
):
    home = pytestconfig.stash[SERVER_HOME]
    with (
        databases.fresh_copy(kind, home) as url,
        running(service_settings(url, data_dir=tmp_path)) as service,
        freezer(url) as freeze,
    ):
        assert service.post("/v1/returns/2026-02/freeze", by="national").status_code == 201
        service.patch("/v1/prisons/LWI/sections/1", {"rating": "AMBER"})
        old, killed = stored(service), 0
        while (ended := freeze(killed + 1)) == -signal.SIGKILL:
            killed += 1
            assert stored(service) == old
        assert ended == 0
        # The kills came before each statement of the change, the last of them before the commit.
        assert killed > 8
        assert stored(service) != old
        listed = service.get("/v1/returns/2026-02/revisions", "national").json()["items"]
        assert [(one["revision"], one["rows"]) for one in listed] == [(2, 111), (1, 111)]
