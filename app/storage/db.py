"""Engines, sessions and transactions: the only place that commits."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial, wraps
from inspect import get_annotations, iscoroutinefunction
from typing import Annotated, Any, TypeVar

from anyio import CancelScope, CapacityLimiter, fail_after, to_thread
from fastapi import Depends
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from starlette.requests import Request

from app.settings import Settings
from app.storage.embedded import log_keeper, path_of, reading_engine, writing_engine
from app.storage.faults import OutcomeUnknown, is_lost_at_commit
from app.storage.health import FileProbe, Probe, ServerProbe, WriteRecord
from app.storage.log_keeper import LogKeeper
from app.storage.points import EmbeddedPoints, Points
from app.storage.server import server_engine
from app.storage.turns import WAIT_SECONDS, DatabaseFile

T = TypeVar("T")


class Writing(Session):
    """A session that joins a transaction of its connection, which is taken and begun when it is first needed.

    A change of a section needs no object mapper, and a transaction of the mapper's own would be 3 % of its cost.
    """

    def __init__(self, database: "Database") -> None:
        super().__init__(expire_on_commit=False, join_transaction_mode="rollback_only")
        self.database = database
        self.held: Connection | None = None

    def get_bind(self, *_: Any, **__: Any) -> Connection:
        if self.held is None:
            self.held = self.database.write_engine.connect()
            self.held.begin()
        return self.held

    def connection(self, *_: Any, **__: Any) -> Connection:
        return self.get_bind()

    def commit(self) -> None:
        """Store what was written; OutcomeUnknown where the connection is lost before it is known."""
        self.flush()
        if self.held is None:
            return
        try:
            self.held.commit()
        except DBAPIError as fault:
            if is_lost_at_commit(fault):
                raise OutcomeUnknown("the connection was lost at COMMIT") from fault.orig
            raise
        self.database.record.failed_at = None

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        if fault is not None:
            self.database.record.note(fault)
        self.close()

    def close(self) -> None:
        try:
            super().close()
        finally:
            held, self.held = self.held, None
            if held is not None:
                held.close()

    def in_transaction(self) -> bool:
        return self.held is not None


class Database:
    """One database (and, where configured, its read replica) with the sessions made from it.

    A `serving` one belongs to the service: its statements are limited in time, and its write-ahead log is brought
    into the database in the background.
    """

    def __init__(self, settings: Settings, *, serving: bool = False) -> None:
        self.file: DatabaseFile | None = None
        self.log_keeper: LogKeeper | None = None
        self.points: Points
        self.primary_points: Points
        self.probe: Probe
        if settings.is_embedded:
            self._open_file(settings, serving)
        else:
            self._open_server(settings, serving)
        # Writers wait for each other on threads of their own, so that they never hold up those who read.
        most = settings.database_pool_size
        self.writers = CapacityLimiter(min(most, 8) if settings.is_embedded else most)

    def _open_file(self, settings: Settings, serving: bool) -> None:
        url, size = settings.database_url, settings.database_pool_size
        self.file = DatabaseFile(path_of(url))
        self.write_engine = writing_engine(url, self.file, checkpoints=not serving)
        self.read_engine = self.current_engine = reading_engine(url, self.file, size)
        # Of their own: the event loop must not wait for a connection that only the event loop can give back.
        self.points = self.primary_points = EmbeddedPoints(reading_engine(url, self.file, 1))
        if settings.read_url != url:
            copy = DatabaseFile(path_of(settings.read_url))
            self.read_engine = reading_engine(settings.read_url, copy, size)
            self.points = EmbeddedPoints(reading_engine(settings.read_url, copy, 1))
        # The driver's own transactions start too late and lose updates; a writer locks from the start.
        _begin_with("BEGIN IMMEDIATE", self.write_engine)
        for engine in {self.read_engine, self.current_engine}:
            _begin_with("BEGIN", engine)
        if serving:
            self.log_keeper = log_keeper(self.write_engine)
        self.record = WriteRecord()
        self.probe = FileProbe(reading_engine(url, self.file, 1), self.file, self.record)

    def _open_server(self, settings: Settings, serving: bool) -> None:
        from app.storage.server_points import MOST_CONNECTIONS, ServerPoints

        size = settings.database_pool_size
        engine = partial(server_engine, settings=settings, patient=not serving)
        self.write_engine = engine(settings.database_url, size=size, writes=True)
        self.read_engine = self.current_engine = engine(settings.read_url, size=size, writes=False)
        self.points = self.primary_points = ServerPoints(settings.read_url, MOST_CONNECTIONS)
        if settings.read_url != settings.database_url:
            # What must not lag behind: who may write, and what has happened.
            self.current_engine = engine(settings.database_url, size=MOST_CONNECTIONS, writes=False)
            self.primary_points = ServerPoints(settings.database_url, MOST_CONNECTIONS)
        self.record = WriteRecord()
        self.probe = ServerProbe(engine(settings.database_url, size=1, writes=True), self.record)

    def reading(self) -> Session:
        """A session that sees one snapshot; it takes a connection only when first used."""
        return Session(self.read_engine, expire_on_commit=False, autoflush=False)

    def reading_current(self) -> Session:
        """The same on the primary, for what a replica cannot answer: one snapshot, and no lock."""
        return Session(self.current_engine, expire_on_commit=False, autoflush=False)

    def write_session(self) -> "Writing":
        """A session whose transaction takes the write lock at its first statement. Without a commit nothing is kept."""
        return Writing(self)

    @contextmanager
    def session_scope(self) -> Iterator[Session]:
        """One transaction for a command, a seed or a job: committed whole or not at all."""
        with Writing(self) as session:
            yield session
            session.commit()

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
        self.current_engine.dispose()
        self.probe.dispose()


def _begin_with(statement: str, engine: Engine) -> None:
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)


async def read_session(request: Request) -> AsyncIterator[Session]:
    """One snapshot a request. Nothing touches the database before the route's own thread does."""
    session = _database(request).reading()
    try:
        yield session
    finally:
        await _end(session)


async def current_session(request: Request) -> AsyncIterator[Session]:
    """One snapshot of the primary a request."""
    session = _database(request).reading_current()
    try:
        yield session
    finally:
        await _end(session)


async def write_session(request: Request) -> Writing:
    """One transaction a request; `on_one_thread` commits it before the answer leaves, if the route returned."""
    return _database(request).write_session()


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
WriteSession = Annotated[Session, Depends(write_session)]

Endpoint = Callable[..., Any]


def on_one_thread(endpoint: Endpoint) -> Endpoint:
    """A plain route that ends its transaction on the thread that began it, before it goes back to the event loop.

    A lock is held as short as can be so, and the request changes threads once instead of twice.
    """
    kinds = (ReadSession, CurrentSession, WriteSession)
    sessions = {name: hint for name, hint in get_annotations(endpoint).items() if hint in kinds}
    if iscoroutinefunction(endpoint) or len(sessions) != 1:
        if WriteSession in sessions.values():
            raise TypeError(f"{endpoint.__name__} writes: it has to be a plain function with one session")
        return endpoint
    ((name, kind),) = sessions.items()

    @wraps(endpoint)
    def reading(**given: Any) -> Any:
        try:
            return endpoint(**given)
        finally:
            given[name].close()

    @wraps(endpoint)
    async def writing(**given: Any) -> Any:
        return await in_writers_thread(given[name], partial(endpoint, **given))

    return writing if kind == WriteSession else reading


async def in_writers_thread(session: Writing, work: Callable[[], T]) -> T:
    """The work and its COMMIT; PoolTimeout where the writers before it take too long."""
    database = session.database
    place = object()
    try:
        with fail_after(WAIT_SECONDS):
            await database.writers.acquire_on_behalf_of(place)
    except TimeoutError as fault:
        raise PoolTimeout("no writer before this one finished in time") from fault

    def whole() -> T:
        with session:
            answer = work()
            session.commit()
            return answer

    try:
        return await to_thread.run_sync(whole, limiter=_threads)
    finally:
        database.writers.release_on_behalf_of(place)


# Who may have a thread is decided beforehand.
_threads = CapacityLimiter(1_000)
