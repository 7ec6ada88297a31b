"""Engines, sessions and transactions: the only place that commits."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

from anyio import CancelScope, CapacityLimiter, to_thread
from fastapi import Depends
from sqlalchemy import Connection, Engine, Select, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from app.settings import Settings

# A writer waits this long for another one before the caller is told to try again.
LOCK_WAIT_SECONDS = 15


class PointRead:
    """One SELECT, rendered once for the driver, for the routes where SQLAlchemy's own time would show."""

    def __init__(self, statement: Select[*tuple[Any, ...]], engine: Engine) -> None:
        compiled = statement.compile(engine)
        self.sql = str(compiled)
        self.names: Sequence[str] | None = compiled.positiontup

    def parameters(self, given: dict[str, object]) -> Any:
        return given if self.names is None else tuple(given[name] for name in self.names)


class Database:
    """One database (and, where configured, its read replica) with the sessions made from it."""

    def __init__(self, settings: Settings) -> None:
        self.is_embedded = settings.is_embedded
        self.write_engine = _engine(settings.database_url, settings.database_pool_size, writes=True)
        self.read_engine = _engine(settings.read_url, settings.database_pool_size, writes=False)
        self.point_engine = _point_engine(settings)
        # What never changes once stored (toolkit versions) is kept here, shared by all sessions.
        self.memory: dict[Any, Any] = {}
        self._points: dict[int, PointRead] = {}

    def read_session(self) -> Session:
        """A session that sees one snapshot; it takes a connection only when first used."""
        return Session(self.read_engine, expire_on_commit=False, autoflush=False, info={"memory": self.memory})

    def write_session(self) -> Session:
        """A session whose transaction takes the write lock at its first statement."""
        return Session(self.write_engine, expire_on_commit=False, info={"memory": self.memory})

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self.read_session() as session:
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

    def point(self, statement: Select[*tuple[Any, ...]], **given: object) -> tuple[Any, ...] | None:
        """The first row of a single-statement read, outside any transaction; None if there is none.

        A pooled connection may have died since it was last used, so one lost connection is forgiven.
        """
        read = self._points.get(id(statement))
        if read is None:
            read = self._points[id(statement)] = PointRead(statement, self.point_engine)
        try:
            return self._point_once(read, given)
        except DBAPIError as lost:
            if not lost.connection_invalidated:
                raise
        return self._point_once(read, given)

    async def point_async(self, statement: Select[*tuple[Any, ...]], **given: object) -> tuple[Any, ...] | None:
        """`point` for an async caller: a function call on SQLite, a worker thread on a server."""
        if self.is_embedded:
            return self.point(statement, **given)
        return await run_in_threadpool(self.point, statement, **given)

    def _point_once(self, read: PointRead, given: dict[str, object]) -> tuple[Any, ...] | None:
        pooled = self.point_engine.raw_connection()
        try:
            driver: Any = pooled.driver_connection
            row: tuple[Any, ...] | None = driver.execute(read.sql, read.parameters(given)).fetchone()
        except self.point_engine.dialect.loaded_dbapi.Error as fault:
            lost = self.point_engine.dialect.is_disconnect(fault, None, None)
            if lost:
                pooled.invalidate(fault)
            raise DBAPIError(read.sql, None, fault, connection_invalidated=lost) from fault
        else:
            return row
        finally:
            pooled.close()

    def is_reachable(self) -> bool:
        """Whether a statement can be run on the primary now."""
        try:
            with self.write_engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
        except SQLAlchemyError:
            return False
        return True

    def dispose(self) -> None:
        self.write_engine.dispose()
        self.read_engine.dispose()
        self.point_engine.dispose()


async def read_session(request: Request) -> AsyncIterator[Session]:
    """One snapshot a request. Nothing touches the database before the route's own thread does."""
    database: Database = request.app.state.database
    session = database.read_session()
    try:
        yield session
    finally:
        await _end(session)


async def write_session(request: Request) -> AsyncIterator[Session]:
    """One transaction a request, committed before the answer leaves and only if the route returned."""
    database: Database = request.app.state.database
    session = database.write_session()
    try:
        yield session
        if session.in_transaction():
            await to_thread.run_sync(session.commit, limiter=_ending)
    finally:
        await _end(session)


async def _end(session: Session) -> None:
    """Give the connection back, also when the caller has gone away: a lock that it held would stay."""
    if session.in_transaction():
        with CancelScope(shield=True):
            await to_thread.run_sync(session.close, limiter=_ending)


# Transactions end on threads of their own: were they to queue behind writers that wait for the lock
# which they hold, nobody would ever move.
_ending = CapacityLimiter(200)

ReadSession = Annotated[Session, Depends(read_session, scope="function")]
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


def _point_engine(settings: Settings) -> Engine:
    if make_url(settings.read_url).get_backend_name() == "sqlite":
        return _sqlite_engine(settings.read_url, settings.database_pool_size, writes=False)
    # Single statements in autocommit need neither BEGIN nor ROLLBACK: one round trip instead of three.
    return create_engine(
        settings.read_url,
        pool_size=settings.database_pool_size,
        max_overflow=settings.database_pool_size,
        pool_timeout=LOCK_WAIT_SECONDS,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": 5, "options": "-c timezone=UTC"},
    )


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

    return engine
