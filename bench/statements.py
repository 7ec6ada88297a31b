"""How many SQL statements a request takes and how many rows they read, counted where they reach the driver."""

import itertools
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from pydantic import SecretStr
from sqlalchemy import event
from starlette.testclient import TestClient

from app.http.logs import configure_logs
from app.http.parts import parts_of
from app.main import create_app
from app.settings import Settings
from app.storage.db import Database
from app.storage.points import EmbeddedPoints, Point, Points
from app.storage.server_points import ServerPoints
from bench.servers import ADMIN_KEY

# Transactions and settings of a connection are no questions to the database.
APART = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")
READS = ("SELECT", "WITH")


@dataclass(slots=True)
class Counted:
    """The statements that reached the driver, and the rows that it was given for them."""

    statements: list[str] = field(default_factory=list)
    rows: int = 0

    def clear(self) -> None:
        self.statements.clear()
        self.rows = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What one request took."""

    statements: int
    rows: int


def taken(
    database: str, directory: Path, requests: Mapping[str, Sequence[bytes]], statuses: Mapping[str, int]
) -> dict[str, Taken]:
    """What each call takes the second time, asked in this process; the first time fills what is kept in memory."""
    configure_logs("warning")
    # What runs in the background would be counted too.
    settings = Settings(
        database_url=database,
        data_dir=directory,
        admin_key=SecretStr(ADMIN_KEY),
        webhook_delivery=False,
        checkpoint_minutes=0,
    )
    app = create_app(settings)
    found = {}
    with TestClient(app) as client, counted(parts_of(app).database) as seen:
        for name, raw in requests.items():
            first, second = (_parsed(one) for one in itertools.islice(itertools.cycle(raw), 2))
            client.request(*first[:2], headers=first[2], content=first[3])
            seen.clear()
            answer = client.request(*second[:2], headers=second[2], content=second[3])
            if answer.status_code != statuses.get(name, 200):
                raise RuntimeError(f"{name} answered {answer.status_code}: {answer.text}")
            rows = seen.rows + _rows_of(parts_of(app).database, seen.statements)
            found[name] = Taken(len(seen.statements), rows)
    return found


def _rows_of(database: Database, statements: Sequence[str]) -> int:
    """On SQLite the driver tells no rows: its statements, values and all, are asked once more."""
    if database.read_engine.dialect.name != "sqlite":
        return 0
    with sqlite3.connect(f"file:{database.read_engine.url.database}?mode=ro", uri=True) as connection:
        asked = [one for one in statements if one.lstrip().upper().startswith(READS)]
        return sum(len(connection.execute(one).fetchall()) for one in asked)


def _parsed(raw: bytes) -> tuple[str, str, dict[str, str], bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    return method, path, dict(line.split(": ", 1) for line in lines), body


@contextmanager
def counted(database: Database) -> Iterator[Counted]:
    """What reaches the driver inside, on connections that were opened inside."""
    seen = Counted()

    def note(statement: str) -> None:
        if not statement.lstrip().upper().startswith(APART):
            seen.statements.append(statement)

    watch = _watcher(seen, note)
    points, primary_points = database.points, database.primary_points
    engines = [database.read_engine, database.write_engine]
    for one in {points, primary_points}:
        if isinstance(one, EmbeddedPoints):
            engines.append(one.engine)
    for engine in engines:
        engine.dispose()
        event.listen(engine, "connect", watch)
    if isinstance(points, ServerPoints):
        database.points, database.primary_points = NotedPoints(points, seen), NotedPoints(primary_points, seen)
    try:
        yield seen
    finally:
        database.points, database.primary_points = points, primary_points
        for engine in engines:
            event.remove(engine, "connect", watch)
            engine.dispose()


class NotedPoints:
    """Reads of the event loop, which have connections of their own."""

    def __init__(self, points: Points, seen: Counted) -> None:
        self._points, self._seen = points, seen

    async def first(self, statement: Point, **given: object) -> tuple[Any, ...] | None:
        row = await self._points.first(statement, **given)
        self._seen.statements.append(str(statement))
        self._seen.rows += row is not None
        return row

    def running(self) -> AbstractAsyncContextManager[None]:
        return self._points.running()


def _watcher(seen: Counted, note: Callable[[str], None]) -> Callable[[Any, object], None]:
    class NotingCursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
            found = super().execute(query, *args, **kwargs)
            note(str(query))
            seen.rows += self.rowcount if self.description is not None else 0
            return found

    def watch(connection: Any, _record: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.set_trace_callback(note)
        else:
            connection.cursor_factory = NotingCursor

    return watch
