"""How many SQL statements a request takes: counted where they reach the database's driver."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import event

from app.db import Database

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
    engines = (database.read_engine, database.write_engine, database.point_engine)
    for engine in engines:
        engine.dispose()
        event.listen(engine, "connect", watch)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "connect", watch)
            engine.dispose()


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
