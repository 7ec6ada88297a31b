"""The write-ahead log stays short beside writers and readers, and none of them does the work."""

import sqlite3
import time
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import text

from app.storage import log_keeper
from app.storage.db import Database
from app.storage.log_keeper import LogKeeper
from tests.support.service import Service, service_settings

LWI = "/v1/prisons/LWI"
PAGE = 4096

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.fixture
def database(database_url: str):
    database = Database(service_settings(database_url), serving=True)
    with database.session_scope() as session:
        session.execute(text("CREATE TABLE filler (content BLOB)"))
    yield database
    database.dispose()


def fill(database: Database, pages: int) -> None:
    with database.session_scope() as session:
        session.execute(text("INSERT INTO filler VALUES (zeroblob(:size))"), {"size": pages * PAGE})


def log_size(database: Database) -> int:
    assert database.file is not None
    return database.file.path.with_name(database.file.path.name + "-wal").stat().st_size


def keeper_of(database: Database) -> LogKeeper:
    assert database.log_keeper is not None
    return database.log_keeper


def test_a_writer_of_the_service_copies_nothing_itself(database: Database, database_url: str):
    before = Path(database_url.removeprefix("sqlite:///")).stat().st_size
    fill(database, 2_000)
    assert Path(database_url.removeprefix("sqlite:///")).stat().st_size == before
    assert keeper_of(database).bring_in()
    assert Path(database_url.removeprefix("sqlite:///")).stat().st_size > before + 2_000 * PAGE


def test_the_log_begins_anew_although_writers_never_stop(database: Database, monkeypatch: pytest.MonkeyPatch):
    """Between any two of them there is no moment; the rest is copied in a turn of its own."""
    monkeypatch.setattr(log_keeper, "LONG_PAGES", 200)
    stop = Event()

    def write() -> None:
        while not stop.is_set():
            fill(database, 20)

    writers = [Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    try:
        began_anew = 0
        for _ in range(200):
            began_anew += keeper_of(database).bring_in()
            if began_anew == 5:
                break
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert began_anew == 5


def test_a_reader_of_an_old_snapshot_is_not_waited_for(database: Database):
    with database.reading() as session:
        session.execute(text("SELECT count(*) FROM filler")).scalar()
        fill(database, 2_000)
        assert keeper_of(database).bring_in() is False
        assert session.execute(text("SELECT count(*) FROM filler")).scalar() == 0
    assert keeper_of(database).bring_in()
    fill(database, 10)
    # It is cut back when it begins anew.
    assert log_size(database) < 9 * 1024 * 1024


def test_commands_keep_their_log_short_themselves(database_url: str):
    database = Database(service_settings(database_url))
    assert database.log_keeper is None
    with database.session_scope() as session:
        session.execute(text("CREATE TABLE filler (content BLOB)"))
    for _ in range(8):
        fill(database, 500)
    assert log_size(database) < 2_000 * PAGE
    database.dispose()


def test_the_service_does_it_by_itself(service: Service, database_url: str):
    file = Path(database_url.removeprefix("sqlite:///"))
    with sqlite3.connect(file) as other:
        assert service.patch(f"{LWI}/sections/5", {"comment": "One"}).status_code == 200
        before = file.stat().st_mtime_ns
        assert service.patch(f"{LWI}/sections/5", {"comment": "Two"}).status_code == 200
        deadline = time.monotonic() + 20
        while file.stat().st_mtime_ns == before:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    other.close()
