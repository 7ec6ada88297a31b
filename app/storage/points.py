"""Single-statement reads on the event loop, for the routes where a thread and an ORM would cost more than the read."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from sqlalchemy import Engine, Select
from sqlalchemy.exc import DBAPIError

Row = tuple[Any, ...]
Point = Select[*tuple[Any, ...]]


class Points(Protocol):
    """The first row of a statement, outside any transaction; None if there is none."""

    async def first(self, statement: Point, **given: object) -> Row | None: ...

    def running(self) -> AbstractAsyncContextManager[None]: ...


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

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        yield
        self.engine.dispose()
