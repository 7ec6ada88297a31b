"""How many SQL statements a request takes: counted where they reach the database's driver."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import event

from app.db import Database
from app.points import Point, Points, ServerPoints

# Transactions and settings of a connection are no questions to the database.
APART = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that reach the driver inside, on connections that were opened inside."""
    seen: list[str] = []

    def note(statement: str) -> None:
        if not statement.lstrip().upper().startswith(APART):
            seen.append(statement)

    watch = _watcher(note)
    engines = (database.read_engine, database.write_engine)
    for engine in engines:
        engine.dispose()
        event.listen(engine, "connect", watch)
    points = database.points
    if isinstance(points, ServerPoints):
        database.points = NotedPoints(points, note)
    try:
        yield seen
    finally:
        database.points = points
        for engine in engines:
            event.remove(engine, "connect", watch)
            engine.dispose()


class NotedPoints:
    """Reads of the event loop, which have connections of their own."""

    def __init__(self, points: Points, note: Callable[[str], None]) -> None:
        self._points, self._note = points, note

    async def first(self, statement: Point, **given: object) -> tuple[Any, ...] | None:
        self._note(str(statement))
        return await self._points.first(statement, **given)

    def dispose(self) -> None:
        self._points.dispose()


def _watcher(note: Callable[[str], None]) -> Callable[[Any, object], None]:
    class NotingCursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
            note(str(query))
            return super().execute(query, *args, **kwargs)

    def watch(connection: Any, _record: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.set_trace_callback(note)
        else:
            connection.cursor_factory = NotingCursor

    return watch
