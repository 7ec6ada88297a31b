"""More writers than the server has threads, all waiting for one prison: those who read are answered meanwhile."""

import re
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psycopg

from tests.support.service import Service, running, service_settings
from tests.support.serving import serving

WRITERS = 45
LWI = "/v1/prisons/LWI"


@contextmanager
def holding(url: str) -> Iterator[None]:
    """A foreign transaction that has what every writer of that prison needs."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
        connection.close()
        return
    with psycopg.connect(re.sub(r"\+psycopg", "", url)) as server:
        server.execute("SELECT 1 FROM prison WHERE code = 'LWI' FOR UPDATE")
        yield
        server.rollback()


def all_wait(service: Service) -> None:
    deadline = time.monotonic() + 10
    while True:
        statistics = service.database.writers.statistics()
        if statistics.borrowed_tokens + statistics.tasks_waiting == WRITERS:
            return
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_writers_that_wait_do_not_keep_readers_waiting(database_url: str, tmp_path: Path):
    settings = service_settings(database_url, data_dir=tmp_path)
    with running(settings) as service, serving(service) as url:
        headers = {"authorization": f"Bearer {service.key('prison:LWI')}"}

        def write(place: int) -> int:
            path = f"{url}{LWI}/sections/{1 + place % 35}"
            return httpx2.patch(path, json={"comment": str(place)}, headers=headers, timeout=60).status_code

        with ThreadPoolExecutor(WRITERS) as pool:
            with holding(database_url):
                writers: list[Future[int]] = [pool.submit(write, place) for place in range(WRITERS)]
                all_wait(service)
                for path in (f"{LWI}/sections", f"{LWI}/readiness", "/v1/prisons", "/health", "/health/readiness"):
                    assert httpx2.get(url + path, headers=headers, timeout=60).status_code == 200
                assert not any(writer.done() for writer in writers)
            assert [writer.result() for writer in writers] == [200] * WRITERS
