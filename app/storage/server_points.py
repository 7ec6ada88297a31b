"""The same on PostgreSQL, on the driver's own connections; imported where PostgreSQL is used, since it is heavy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.storage.points import Point, Row
from app.storage.server import KEEPALIVES

# A read takes less than a millisecond, and those before it in its line no more.
WAIT_SECONDS = 15
# How many reads a worker has under way at once; the others wait their turn.
MOST_CONNECTIONS = 5


class ServerPoints:
    """On PostgreSQL the event loop itself waits for the answer, on connections in autocommit: one round trip."""

    def __init__(self, url: str, most: int) -> None:
        self._most = most
        self._dialect = make_url(url).get_dialect()()
        address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._address = make_conninfo(address, connect_timeout=5, options="-c timezone=UTC", **KEEPALIVES)
        self._rendered: dict[Point, bytes] = {}
        self._draw_lines()

    async def first(self, statement: Point, **given: object) -> Row | None:
        if statement not in self._rendered:
            self._rendered[statement] = str(statement.compile(dialect=self._dialect)).encode()
        sql = self._rendered[statement]
        line = next((one for one in self._lines if not one.is_busy), None) or next(self._turns)
        try:
            return await line.first(sql, given)
        except psycopg.Error as fault:
            raise DBAPIError(sql.decode(), None, fault) from fault

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Connections belong to the event loop that opens them: the next one has others."""
        try:
            yield
        finally:
            for line in self._lines:
                await line.close()
            self._draw_lines()

    def _draw_lines(self) -> None:
        self._lines = [_Line(self._address) for _ in range(self._most)]
        self._turns = cycle(self._lines)


class _Line:
    """One connection, opened when it is first needed, for those who stand in line."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._turn = asyncio.Lock()
        self._connection: AsyncConnection[Row] | None = None

    @property
    def is_busy(self) -> bool:
        return self._turn.locked()

    async def first(self, sql: bytes, given: dict[str, object]) -> Row | None:
        await self._my_turn()
        try:
            if self._connection is not None and not self._connection.closed:
                try:
                    return await (await self._connection.execute(sql, given, binary=True)).fetchone()
                except psycopg.OperationalError:
                    # The server may have restarted while it lay idle: then a fresh one is asked.
                    if not self._connection.closed:
                        raise
            self._connection = await AsyncConnection.connect(self._address, autocommit=True)
            return await (await self._connection.execute(sql, given, binary=True)).fetchone()
        finally:
            self._turn.release()

    async def _my_turn(self) -> None:
        if not self._turn.locked():
            await self._turn.acquire()
            return
        try:
            await asyncio.wait_for(self._turn.acquire(), WAIT_SECONDS)
        except TimeoutError as fault:
            raise PoolTimeout(f"those before it took more than {WAIT_SECONDS} s") from fault

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
