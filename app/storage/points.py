"""Single-statement reads on the event loop, for the routes where a thread and an ORM would cost more than the read."""

import asyncio
from asyncio import AbstractEventLoop
from typing import Any, Protocol

import psycopg
from psycopg import AsyncConnection
from sqlalchemy import Engine, Select, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

Row = tuple[Any, ...]
Point = Select[*tuple[Any, ...]]

# A read waits this long for one of the connections before its caller is told to try again.
WAIT_SECONDS = 15


class Points(Protocol):
    """The first row of a statement, outside any transaction; None if there is none."""

    async def first(self, statement: Point, **given: object) -> Row | None: ...

    def dispose(self) -> None: ...


class EmbeddedPoints:
    """On SQLite a read is a function call of some ten microseconds: it needs neither thread nor await."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._rendered: dict[Point, tuple[str, list[str]]] = {}

    async def first(self, statement: Point, **given: object) -> Row | None:
        if statement not in self._rendered:
            compiled = statement.compile(self.engine)
            self._rendered[statement] = str(compiled), list(compiled.positiontup or ())
        sql, names = self._rendered[statement]
        try:
            pooled = self.engine.raw_connection()
            try:
                driver: Any = pooled.driver_connection
                row: Row | None = driver.execute(sql, [given[name] for name in names]).fetchone()
            finally:
                pooled.close()
        except self.engine.dialect.loaded_dbapi.Error as fault:
            raise DBAPIError(sql, None, fault) from fault
        return row

    def dispose(self) -> None:
        self.engine.dispose()


class ServerPoints:
    """On PostgreSQL the event loop itself waits for the answer, on connections in autocommit: one round trip."""

    def __init__(self, engine: Engine, url: str, most: int) -> None:
        self._engine = engine
        self._address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._most = most
        self._rendered: dict[Point, bytes] = {}
        # A connection belongs to the loop that opened it; a server has one loop, tests have several.
        self._pools: dict[AbstractEventLoop, _Pool] = {}

    async def first(self, statement: Point, **given: object) -> Row | None:
        if statement not in self._rendered:
            self._rendered[statement] = str(statement.compile(self._engine)).encode()
        pool = self._pool()
        try:
            return await pool.first(self._rendered[statement], given)
        except DBAPIError as lost:
            if not lost.connection_invalidated:
                raise
        # The server may have restarted since: whatever lay idle is as dead as this one was.
        pool.close_idle()
        return await pool.first(self._rendered[statement], given)

    def dispose(self) -> None:
        for pool in self._pools.values():
            pool.close_idle()

    def _pool(self) -> "_Pool":
        loop = asyncio.get_running_loop()
        if loop not in self._pools:
            for ended in [one for one in self._pools if one.is_closed()]:
                self._pools.pop(ended).close_idle()
            self._pools[loop] = _Pool(self._address, self._most)
        return self._pools[loop]


class _Pool:
    """Connections of one event loop."""

    def __init__(self, address: str, most: int) -> None:
        self._address = address
        self._slots = asyncio.Semaphore(most)
        self._idle: list[AsyncConnection[Row]] = []

    async def first(self, sql: bytes, given: dict[str, object]) -> Row | None:
        if self._slots.locked():
            await self._wait_for_slot()
        else:
            await self._slots.acquire()
        try:
            return await self._first(sql, given)
        finally:
            self._slots.release()

    async def _wait_for_slot(self) -> None:
        try:
            await asyncio.wait_for(self._slots.acquire(), WAIT_SECONDS)
        except TimeoutError as fault:
            raise PoolTimeout(f"no connection was free within {WAIT_SECONDS} s") from fault

    async def _first(self, sql: bytes, given: dict[str, object]) -> Row | None:
        connection = None
        try:
            connection = self._idle.pop() if self._idle else await self._opened()
            cursor = await connection.execute(sql, given, binary=True)
            row = await cursor.fetchone()
        except psycopg.Error as fault:
            is_lost = connection is not None and connection.closed
            raise DBAPIError(sql.decode(), None, fault, connection_invalidated=is_lost) from fault
        else:
            self._idle.append(connection)
            connection = None
            return row
        finally:
            # Whatever went wrong with it, cancellation included, it is not used again.
            if connection is not None:
                connection.pgconn.finish()

    async def _opened(self) -> AsyncConnection[Row]:
        return await AsyncConnection.connect(
            self._address, autocommit=True, connect_timeout=5, options="-c timezone=UTC"
        )

    def close_idle(self) -> None:
        for connection in self._idle:
            connection.pgconn.finish()
        self._idle.clear()
