"""A freeze that is killed between any two of its statements leaves the old state or the new one, whole."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import databases
from tests.conftest import SERVER_HOME
from tests.service import STARTS_AT, Service, running, service_settings

ROOT = Path(__file__).parents[2]
# Freezes February in a process of its own, and kills it before its nth statement or its commit.
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

url, nth, now = sys.argv[1], int(sys.argv[2]), datetime.fromisoformat(sys.argv[3])
database, seen = Database(service_settings(url)), 0

def count(*_):
    global seen
    seen += 1
    if seen == nth:
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(database.write_engine, "before_cursor_execute", count)
event.listen(database.write_engine, "commit", count)
by = Principal("key:1", "National", Role.NATIONAL)
with database.session_scope() as session:
    freeze_return(session, month_named("2026-02"), "Late", ["LWI"], caller=Caller(by, now))
database.dispose()
print(seen)
"""


def freeze_until(url: str, nth: int) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", FREEZE, url, str(nth), STARTS_AT.isoformat()],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def stored(service: Service) -> dict[str, object]:
    return {name: rows for name, rows in service.stored().items() if name.startswith(("return", "audit"))}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_freeze_killed_between_any_two_statements_leaves_the_old_or_the_new_state(
    kind: str, pytestconfig: pytest.Config, tmp_path: Path
):
    home = pytestconfig.stash[SERVER_HOME]
    with databases.fresh_copy(kind, home) as url, running(service_settings(url, data_dir=tmp_path)) as service:
        assert service.post("/v1/returns/2026-02/freeze", by="national").status_code == 201
        service.patch("/v1/prisons/LWI/sections/1", {"rating": "AMBER"})
        old, killed = stored(service), 0
        while (ran := freeze_until(url, killed + 1)).returncode == -signal.SIGKILL:
            killed += 1
            assert stored(service) == old
        assert ran.returncode == 0, ran.stderr
        assert killed == int(ran.stdout) > 6
        assert stored(service) != old
        listed = service.get("/v1/returns/2026-02/revisions", "national").json()["items"]
        assert [(one["revision"], one["rows"]) for one in listed] == [(2, 111), (1, 111)]
