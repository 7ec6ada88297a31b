"""Engines, sessions and transactions: the only place that commits."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Annotated, Any

from anyio import CancelScope, CapacityLimiter, to_thread
from fastapi import Depends
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.requests import Request

from app.settings import Settings
from app.storage.points import EmbeddedPoints, Points

# A writer waits this long for another one before the caller is told to try again.
LOCK_WAIT_SECONDS = 15


class Database:
    """One database (and, where configured, its read replica) with the sessions made from it."""

    def __init__(self, settings: Settings) -> None:
        self.write_engine = _engine(settings.database_url, settings.database_pool_size, writes=True)
        self.read_engine = _engine(settings.read_url, settings.database_pool_size, writes=False)
        self.current_engine = self._current_engine(settings)
        self.points = _points(settings.read_url)
        # What must not lag behind: who may write.
        has_replica = settings.read_url != settings.database_url
        self.primary_points = _points(settings.database_url) if has_replica else self.points

    def read_session(self) -> Session:
        """A session that sees one snapshot; it takes a connection only when first used."""
        return Session(self.read_engine, expire_on_commit=False, autoflush=False)

    def write_session(self) -> Session:
        """A session whose transaction takes the write lock at its first statement."""
        return Session(self.write_engine, expire_on_commit=False)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self.read_session() as session:
            yield session

    def current_session(self) -> Session:
        """A read session on the primary, for what a replica cannot answer: one snapshot, and no lock."""
        return Session(self.current_engine, expire_on_commit=False, autoflush=False)

    @contextmanager
    def reading_current(self) -> Iterator[Session]:
        with self.current_session() as session:
            yield session

    @contextmanager
    def session_scope(self) -> Iterator[Session]:
        """One transaction for a command, a seed or a job: committed whole or not at all."""
        with self.write_session() as session:
            yield session
            session.commit()

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A write session for questions that need the primary; always rolled back."""
        with self.write_session() as session:
            yield session
            session.rollback()

    def _current_engine(self, settings: Settings) -> Engine:
        if settings.is_embedded or settings.read_url == settings.database_url:
            return self.read_engine
        return self.write_engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def is_reachable(self) -> bool:
        """Whether a statement can be run on the primary now."""
        try:
            with self.write_engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
        except SQLAlchemyError:
            return False
        return True

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Reads of the event loop are possible for as long as the block lasts; then every connection is closed."""
        async with AsyncExitStack() as stack:
            stack.callback(self.dispose)
            for points in {self.points, self.primary_points}:
                await stack.enter_async_context(points.running())
            yield

    def dispose(self) -> None:
        self.write_engine.dispose()
        self.read_engine.dispose()


async def read_session(request: Request) -> AsyncIterator[Session]:
    """One snapshot a request. Nothing touches the database before the route's own thread does."""
    session = _database(request).read_session()
    try:
        yield session
    finally:
        await _end(session)


async def current_session(request: Request) -> AsyncIterator[Session]:
    """One snapshot of the primary a request."""
    session = _database(request).current_session()
    try:
        yield session
    finally:
        await _end(session)


async def write_session(request: Request) -> AsyncIterator[Session]:
    """One transaction a request, committed before the answer leaves and only if the route returned."""
    session = _database(request).write_session()
    try:
        yield session
        if session.in_transaction():
            await to_thread.run_sync(session.commit, limiter=_ending)
    finally:
        await _end(session)


def _database(request: Request) -> Database:
    """The database among the parts of the application (app/http/parts.py), which lie above this module."""
    found: Database = request.app.state.parts.database
    return found


async def _end(session: Session) -> None:
    """Give the connection back, also when the caller has gone away: a lock that it held would stay."""
    if session.in_transaction():
        with CancelScope(shield=True):
            await to_thread.run_sync(session.close, limiter=_ending)


# Transactions end on threads of their own: were they to queue behind writers that wait for the lock
# which they hold, nobody would ever move.
_ending = CapacityLimiter(200)

ReadSession = Annotated[Session, Depends(read_session, scope="function")]
CurrentSession = Annotated[Session, Depends(current_session, scope="function")]
WriteSession = Annotated[Session, Depends(write_session, scope="function")]


def _engine(url: str, pool_size: int, *, writes: bool) -> Engine:
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite_engine(url, pool_size, writes=writes)
    isolation = "READ COMMITTED" if writes else "REPEATABLE READ"
    options = f"-c lock_timeout={LOCK_WAIT_SECONDS}s -c timezone=UTC"
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0 if writes else pool_size,
        pool_timeout=LOCK_WAIT_SECONDS,
        pool_pre_ping=True,
        isolation_level=isolation,
        connect_args={"connect_timeout": 5, "options": options},
    )


def _points(url: str) -> Points:
    if make_url(url).get_backend_name() == "sqlite":
        # Of their own: the event loop must not wait for a connection that only the event loop can give back.
        return EmbeddedPoints(_sqlite_engine(url, 1, writes=False))
    from app.storage.server_points import MOST_CONNECTIONS, ServerPoints

    return ServerPoints(url, MOST_CONNECTIONS)


def _sqlite_engine(url: str, pool_size: int, *, writes: bool) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=LOCK_WAIT_SECONDS,
        connect_args={"check_same_thread": False, "timeout": LOCK_WAIT_SECONDS, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        # FULL: a rating that was acknowledged survives a power cut.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        if not writes:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # The driver's own transactions start too late and lose updates; a writer locks from the start.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    @event.listens_for(engine, "checkin")
    def end(connection: Any, _record: object) -> None:
        # SQLAlchemy takes a transaction whose COMMIT failed for ended; SQLite does not, and its lock would stay.
        if connection is not None and connection.in_transaction:
            connection.rollback()

    return engine
