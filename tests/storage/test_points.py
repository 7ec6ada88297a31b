"""Single-statement reads: the same answers on both databases, and no caller notices a server that came back."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import bindparam, func, literal_column, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from app.models import Prison
from app.storage.db import Database
from app.storage.server_points import MOST_CONNECTIONS
from tests.support.service import service_settings

BY_CODE = select(col(Prison.code), col(Prison.name)).where(col(Prison.code) == bindparam("code"))
MOST = MOST_CONNECTIONS


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(service_settings(database_url, database_pool_size=MOST))
    yield database
    database.dispose()


def in_loop(database: Database, ask) -> list[Any]:
    """What `ask` answers, with the connections closed in the loop that opened them."""

    async def run() -> list[Any]:
        async with database.points.running():
            found: list[Any] = await ask(database.points)
            return found

    return asyncio.run(run())


def backends(url: str, query: str) -> int:
    """How many connections the service has to its database, or how many it had when they were ended."""
    with psycopg.connect(re.sub(r"\+psycopg", "", url), autocommit=True) as connection:
        rows = connection.execute(query.encode()).fetchall()
        return len(rows)


# So slow that as many connections are opened as may be.
SLOWLY = select(bindparam("code"), func.pg_sleep(literal_column("0.3")))
OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def test_the_first_row_or_none(database: Database):
    async def ask(points):
        return [await points.first(BY_CODE, code="LWI"), await points.first(BY_CODE, code="XXX")]

    assert in_loop(database, ask) == [("LWI", "Lewes"), None]


def test_many_at_once_get_their_own_answers(database: Database):
    codes = ["LWI", "BXI", "LEI", "MRI", "PVI"] * 20

    async def ask(points):
        return await asyncio.gather(*(points.first(BY_CODE, code=code) for code in codes))

    assert [row[0] for row in in_loop(database, ask)] == codes


def test_it_does_not_wait_for_the_connections_of_sessions(database: Database):
    """Only the event loop gives those back: were it to wait for one, nobody would ever move."""
    taken = [database.read_engine.connect() for _ in range(MOST)]

    async def ask(points):
        return [await points.first(BY_CODE, code="LWI")]

    assert in_loop(database, ask) == [("LWI", "Lewes")]
    for one in taken:
        one.close()


def test_a_statement_that_fails_leaves_the_next_one_alone(database: Database):
    broken = select(col(Prison.code)).where(func.no_such_function(col(Prison.code)) == bindparam("code"))

    async def ask(points):
        for _ in range(MOST * 2):
            with pytest.raises(DBAPIError):
                await points.first(broken, code="LWI")
        return [await points.first(BY_CODE, code="LWI")]

    assert in_loop(database, ask) == [("LWI", "Lewes")]


def test_it_serves_one_loop_after_another(database: Database):
    async def ask(points):
        return [await points.first(BY_CODE, code="LWI")]

    assert in_loop(database, ask) == in_loop(database, ask) == [("LWI", "Lewes")]


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_connections_that_died_while_idle_are_replaced_unnoticed(database: Database, database_url: str):
    async def ask(points):
        async def several(count: int):
            return await asyncio.gather(*(points.first(BY_CODE, code="LWI") for _ in range(count)))

        async def open_all():
            await asyncio.gather(*(points.first(SLOWLY, code="LWI") for _ in range(2 * MOST)))

        answers = []
        # The next reader alone, who finds several dead ones, and as many as there are dead ones.
        for readers in (1, MOST):
            await open_all()
            ended = await asyncio.to_thread(backends, database_url, f"SELECT pg_terminate_backend(pid) {OTHERS}")
            assert ended == MOST
            answers += await several(readers)
        return answers

    assert in_loop(database, ask) == [("LWI", "Lewes")] * (1 + MOST)


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_no_more_connections_are_opened_than_configured(database: Database, database_url: str):
    async def ask(points):
        await asyncio.gather(*(points.first(SLOWLY, code="LWI") for _ in range(4 * MOST)))
        return [await asyncio.to_thread(backends, database_url, f"SELECT pid {OTHERS}")]

    assert in_loop(database, ask) == [MOST]


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_reader_who_goes_away_half_way_takes_no_connection_along(database: Database):
    slow = select(func.pg_sleep(literal_column("30")), bindparam("code"))

    async def ask(points):
        for _ in range(MOST + 1):
            waiting = asyncio.create_task(points.first(slow, code="LWI"))
            await asyncio.sleep(0.05)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        return [await points.first(BY_CODE, code="LWI")]

    assert in_loop(database, ask) == [("LWI", "Lewes")]
