"""Downloads that nobody reads: they hold no transaction, no more than a few for each key, and not for long."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.demo.lives import Plan, register
from app.http import connections
from app.main import create_app
from app.rules.access import Caller
from app.services.prisons import register_prison
from app.services.seed import OPERATOR
from app.storage.db import Database
from tests.support.live import live, unread, until
from tests.support.service import Clock, make_keys, secret_of, service_settings

MATRIX = "/v1/dashboard/matrix.csv"
PRISONS = 600


@pytest.fixture
def crowded(database_url: str, tmp_path: Path) -> Iterator[tuple[Database, int]]:
    """A service with so many prisons that its files do not fit into what a connection takes unread."""
    clock = Clock()
    settings = service_settings(database_url, data_dir=tmp_path)
    app = create_app(settings, clock)
    database: Database = app.state.parts.database
    plan = Plan(7, clock() - timedelta(days=1), clock())
    with database.session_scope() as session:
        for place in range(PRISONS):
            _, details = register(plan, plan.chance(place), place)
            register_prison(session, details, caller=Caller(OPERATOR, clock()))
    make_keys(database, ["region:north-west"], clock())
    with live(app, lifespan="on") as port:
        yield database, port


def asked(path: str, by: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret_of(by)}\r\n\r\n".encode()


def got(port: int, path: str, by: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {secret_of(by)}", "accept-encoding": "identity"}
    return httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers, timeout=60, trust_env=False)


def test_unread_downloads_of_one_key_are_nobody_elses_concern(crowded, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connections, "STALL_SECONDS", 3.0)
    database, port = crowded
    pool: Any = database.read_engine.pool
    whole = got(port, MATRIX, "national")
    assert len(whole.content) > 100_000
    assert whole.headers["content-length"] == str(len(whole.content))
    with ExitStack() as stack:
        for _ in range(45):
            stack.enter_context(unread(port, asked(MATRIX, "national")))

        def is_full() -> bool:
            return got(port, MATRIX, "national").status_code == 429

        until(is_full)
        refused = got(port, MATRIX, "national")
        assert (refused.json()["code"], refused.headers["retry-after"]) == ("too-many-downloads", "5")
        # What is being sent holds no connection to the database.
        until(lambda: pool.checkedout() == 0)
        assert got(port, MATRIX, "region:north-west").content == whole.content
        assert got(port, "/v1/prisons", "national").status_code == 200
        # Whoever does not read is cut off, and the places are free again.
        until(lambda: not is_full())
    assert pool.checkedout() == 0
