"""Followers of the change feed: one look for news a process, however many listen."""

import asyncio
import signal
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from types import FrameType
from typing import TypeVar

import structlog
from anyio import CapacityLimiter, Event, create_task_group, move_on_after, sleep, to_thread
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.errors import Unavailable
from app.queries.events import EventFilter, EventPage, Position, end_of_feed, read_events
from app.settings import Settings
from app.storage.db import Database

T = TypeVar("T")

log = structlog.get_logger("idts.feed")

PAGE = 200
# Followers read in turn: many of them, woken at once, leave the other threads and connections to requests.
READERS = 4


class Feed:
    """Wakes its followers when the feed has grown. While they wait they hold no thread and no connection."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.most = settings.event_streams
        self.most_per_caller = settings.event_streams_per_key
        self.poll_seconds = settings.event_poll_seconds
        self.heartbeat_seconds = settings.event_heartbeat_seconds
        self.followers: Counter[str] = Counter()
        self.is_stopping = False
        self._grown = Event()
        self._turns = CapacityLimiter(READERS)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look for news for as long as the block lasts."""
        self.is_stopping, self._grown = False, Event()
        with _told_of_the_end(self.stop):
            async with create_task_group() as tasks:
                tasks.start_soon(self._watch)
                yield
                self.stop()
                tasks.cancel_scope.cancel()

    def stop(self) -> None:
        """Send every follower home."""
        self.is_stopping = True
        self._wake()

    def enter(self, caller: str) -> None:
        """Take a place for a caller, to be left with `leave`; Unavailable where there is none."""
        if self.followers[caller] >= self.most_per_caller:
            detail = (
                f"Your key has {self.most_per_caller} event streams open, and may have no more. Close one of "
                "them, or poll /v1/events."
            )
            raise Unavailable("too-many-streams", detail)
        if self.is_stopping or self.followers.total() >= self.most:
            detail = f"{self.most} event streams are open, and no more can be. Try again shortly, or poll /v1/events."
            raise Unavailable("too-many-streams", detail)
        self.followers[caller] += 1

    def leave(self, caller: str) -> None:
        self.followers -= Counter([caller])

    async def end(self) -> Position:
        return await self._read(end_of_feed)

    async def follow(self, wanted: EventFilter, after: Position) -> AsyncIterator[EventPage]:
        """Pages of events from `after` on, without end; an empty one at every heartbeat.

        It ends when the service stops or its database cannot be read: the follower comes back to where it was.
        """
        while not self.is_stopping:
            # Taken before the look, so that nothing that comes in between is waited for in vain.
            grown = self._grown
            try:
                page = await self._read(partial(read_events, wanted=wanted, after=after, limit=PAGE))
            except SQLAlchemyError as fault:
                log.warning("stream ended: the feed cannot be read", error=type(fault).__name__)
                return
            after = page.position
            yield page
            if not page.more:
                with move_on_after(self.heartbeat_seconds):
                    await grown.wait()

    async def _watch(self) -> None:
        seen: Position | None = None
        while True:
            if self.followers.total():
                try:
                    end = await self._read(end_of_feed)
                except SQLAlchemyError as fault:
                    log.warning("the feed cannot be read", error=type(fault).__name__)
                else:
                    if end != seen:
                        seen = end
                        self._wake()
            await sleep(self.poll_seconds)

    def _wake(self) -> None:
        grown, self._grown = self._grown, Event()
        grown.set()

    async def _read(self, question: Callable[[Session], T]) -> T:
        def ask() -> T:
            with self.database.reading_current() as session:
                return question(session)

        return await to_thread.run_sync(ask, limiter=self._turns)


@contextmanager
def _told_of_the_end(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` as soon as the process is asked to end, then whoever was to be told of that anyway.

    The server ends the lifespan only after the last answer, and the answers here never end by themselves.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    told_before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def tell(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop)
        before = told_before[signal.Signals(number)]
        if callable(before):
            before(number, frame)

    chained = [number for number, before in told_before.items() if callable(before)]
    for number in chained:
        signal.signal(number, tell)
    try:
        yield
    finally:
        for number in chained:
            if signal.getsignal(number) is tell:
                signal.signal(number, told_before[number])
