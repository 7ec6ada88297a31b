"""The same on PostgreSQL, on the driver's own connections; imported where PostgreSQL is used, since it is heavy."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool, PoolClosed
from psycopg_pool import PoolTimeout as NoneFree
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.storage.points import Point, Row

# A read takes less than a millisecond. When none of the connections is free for this long, the server is down.
WAIT_SECONDS = 5
# How many reads a worker has under way at once; the others wait their turn.
MOST_CONNECTIONS = 5


class ServerPoints:
    """On PostgreSQL the event loop itself waits for the answer, on connections in autocommit: one round trip."""

    def __init__(self, url: str, most: int) -> None:
        address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._address = make_conninfo(address, connect_timeout=5, options="-c timezone=UTC")
        self._dialect = make_url(url).get_dialect()()
        self._most = most
        self._rendered: dict[Point, bytes] = {}
        self._pool = self._new_pool()

    async def first(self, statement: Point, **given: object) -> Row | None:
        if statement not in self._rendered:
            self._rendered[statement] = str(statement.compile(dialect=self._dialect)).encode()
        sql = self._rendered[statement]
        try:
            return await self._first(sql, given)
        except (NoneFree, PoolClosed) as fault:
            raise PoolTimeout(f"no connection was to be had within {WAIT_SECONDS} s") from fault
        except psycopg.Error as fault:
            raise DBAPIError(sql.decode(), None, fault) from fault

    async def _first(self, sql: bytes, given: dict[str, object], *, again: bool = True) -> Row | None:
        async with self._pool.connection() as connection:
            try:
                return await (await connection.execute(sql, given, binary=True)).fetchone()
            except psycopg.OperationalError:
                if not (again and connection.closed):
                    raise
        # The server may have restarted since: whatever else lies idle is as dead as this one was.
        await self._pool.check()
        return await self._first(sql, given, again=False)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Connections belong to the event loop that opens them, so each lifespan has a pool of its own."""
        async with self._pool:
            yield
        self._pool = self._new_pool()

    def _new_pool(self) -> AsyncConnectionPool[AsyncConnection[Row]]:
        # It asks a server that is away ever more seldom: then the next read asks anew instead.
        return AsyncConnectionPool(
            self._address,
            min_size=0,
            max_size=self._most,
            timeout=WAIT_SECONDS,
            reconnect_timeout=WAIT_SECONDS,
            kwargs=_SETTINGS,
            open=False,
        )


_SETTINGS = {"autocommit": True}
