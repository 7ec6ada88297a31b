"""Writers on SQLite take turns: in order within a process, and process by process between them."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.storage.db import Database
from app.storage.turns import Turns
from tests.support.processes import ROOT
from tests.support.service import service_settings

# Writes its name into the table as often as told, on as many threads as told, once the word is given.
WRITER = """
import sys
from threading import Barrier, Thread
from sqlalchemy import text
from app.storage.db import Database
from tests.support.service import service_settings

url, name, times, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
database = Database(service_settings(url))

together = Barrier(threads)

def write():
    together.wait()
    for _ in range(times):
        with database.session_scope() as session:
            session.execute(text("INSERT INTO turn (name) VALUES (:name)"), {"name": name})

with database.session_scope() as session:
    pass
print("ready", flush=True)
sys.stdin.readline()
ts = [Thread(target=write) for _ in range(threads)]
[t.start() for t in ts]
[t.join() for t in ts]
"""
HOLDER = """
import sys
from pathlib import Path
from app.storage.turns import Turns

Turns(Path(sys.argv[1])).take(5)
print("taken", flush=True)
sys.stdin.readline()
"""


@contextmanager
def child(code: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", code, *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield process
        process.kill()


def has_waiting(turns: Turns, count: int) -> None:
    deadline = time.monotonic() + 10
    while turns.waiting < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_writers_of_a_process_come_in_the_order_of_their_arrival(tmp_path: Path):
    turns = Turns(tmp_path / "idts.db")
    came: list[int] = []

    def write(place: int) -> None:
        turns.take(10)
        came.append(place)
        turns.give_back()

    turns.take(1)
    writers = [Thread(target=write, args=(place,)) for place in range(12)]
    for count, writer in enumerate(writers, start=1):
        writer.start()
        has_waiting(turns, count)
    turns.give_back()
    for writer in writers:
        writer.join()
    assert came == list(range(12))


def test_who_waits_too_long_is_sent_away_and_the_others_move_up(tmp_path: Path):
    turns = Turns(tmp_path / "idts.db")
    came = Event()
    turns.take(1)
    with pytest.raises(PoolTimeout):
        turns.take(0.02)

    def write() -> None:
        turns.take(10)
        came.set()
        turns.give_back()

    patient = Thread(target=write)
    patient.start()
    has_waiting(turns, 1)
    assert not came.is_set()
    turns.give_back()
    patient.join()
    assert came.is_set()


def test_a_process_that_holds_on_keeps_the_others_waiting_no_longer_than_they_would(tmp_path: Path):
    turns = Turns(tmp_path / "idts.db")
    with child(HOLDER, str(tmp_path / "idts.db")) as holder:
        for _ in range(2):
            with pytest.raises(PoolTimeout):
                turns.take(0.05)
        # It dies without a word, and its turn with it.
        holder.kill()
        holder.wait()
        turns.take(10)
    turns.give_back()


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_two_processes_on_one_database_alternate(database_url: str):
    """Four threads each: neither process writes more than a few times while the other one waits."""
    database = Database(service_settings(database_url))
    with database.session_scope() as session:
        session.execute(text("CREATE TABLE turn (id INTEGER PRIMARY KEY, name TEXT)"))
    with child(WRITER, database_url, "a", "40", "4") as one, child(WRITER, database_url, "b", "40", "4") as other:
        for process in (one, other):
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        assert one.wait() == other.wait() == 0
    with database.reading() as session:
        names = session.execute(text("SELECT name FROM turn ORDER BY id")).scalars().all()
    database.dispose()
    assert len(names) == 320
    runs = [(name, len(list(group))) for name, group in groupby(names)]
    # The first and the last run are from when only one of them was there.
    assert max(count for _, count in runs[1:-1]) <= 8
    assert len(runs) > 100


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_writer_that_fails_gives_its_turn_back(database_url: str):
    database = Database(service_settings(database_url))
    for _ in range(3):
        with pytest.raises(DBAPIError), database.session_scope() as session:
            session.execute(text("SELECT nothing"))
    with database.session_scope() as session:
        assert session.scalar(text("SELECT 1")) == 1
    database.dispose()
