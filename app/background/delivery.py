"""Delivering webhooks: what is due is claimed, sent, and its outcome recorded."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import structlog
from anyio import CapacityLimiter, Event, create_task_group, move_on_after, to_thread
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.errors import Unavailable
from app.queries.webhooks import due_deliveries
from app.services.outbox import ClaimedDelivery, claim_deliveries, record_attempt
from app.settings import Settings
from app.storage.db import Database

if TYPE_CHECKING:
    from app.background.sending import Sender

T = TypeVar("T")

log = structlog.get_logger("idts.delivery")

AT_ONCE = 16


class Courier:
    """Takes what is due out of the outbox and delivers it; as many of them as there are processes."""

    def __init__(
        self, database: Database, settings: Settings, clock: Callable[[], datetime], sender: "Sender | None" = None
    ) -> None:
        self.database = database
        self.clock = clock
        self._settings = settings
        self._given = sender
        self.poll_seconds = settings.webhook_poll_seconds
        # Whoever has not come back by then is taken to be dead; an attempt ends long before.
        self.lease = timedelta(seconds=2 * settings.webhook_timeout_seconds + 30)
        self._under_way = 0
        self._done = Event()
        self._threads = CapacityLimiter(4)

    @cached_property
    def sender(self) -> "Sender":
        from app.background.sending import Sender

        return self._given or Sender(self._settings)

    async def run(self, stop: Event) -> None:
        """Deliver until told to stop; what is under way then is finished first."""
        async with create_task_group() as tasks:
            while not stop.is_set():
                # Taken before the look, so that what ends in between is not waited for.
                done = self._done
                for one in await self._claim_safely():
                    self._under_way += 1
                    tasks.start_soon(self._deliver_safely, one)
                with move_on_after(self.poll_seconds):
                    await _first_of(stop, done)

    async def deliver_due(self) -> int:
        """Deliver all that is due now, and answer how many attempts that took."""
        attempts = 0
        while claimed := await self.claim():
            attempts += len(claimed)
            async with create_task_group() as tasks:
                for one in claimed:
                    tasks.start_soon(self.deliver, one)
        return attempts

    async def claim(self) -> list[ClaimedDelivery]:
        """What is now this worker's to deliver. Where nothing is due, nothing is locked."""
        at, room = self.clock(), AT_ONCE - self._under_way

        def look() -> list[int]:
            with self.database.reading_current() as session:
                return due_deliveries(session, at, room)

        ids = await self._in_thread(look) if room > 0 else []
        if ids:
            # Without the key nothing is claimed, and so no attempt is lost.
            self.sender.key.check()
        return await self._write(lambda session: claim_deliveries(session, ids, at=at, lease=self.lease)) if ids else []

    async def deliver(self, claimed: ClaimedDelivery) -> None:
        """Send outside any transaction, then record the outcome in one of its own."""
        answer = await self.sender.send(claimed, self.clock())
        at = self.clock()
        await self._write(lambda session: record_attempt(session, claimed, answer, at=at))

    async def _claim_safely(self) -> list[ClaimedDelivery]:
        try:
            return await self.claim()
        except Unavailable as fault:
            log.error("no webhook is delivered", reason=fault.detail)
        except SQLAlchemyError as fault:
            log.warning("the outbox cannot be read", error=type(fault).__name__)
        except Exception as fault:
            # One message that cannot be handled must not end the delivery of all others.
            log.error("no delivery can be made just now", exc_info=fault)
        return []

    async def _deliver_safely(self, claimed: ClaimedDelivery) -> None:
        try:
            await self.deliver(claimed)
        except SQLAlchemyError as fault:
            # The outcome is lost; the message goes out again when the lease has run out.
            log.warning("outcome not recorded", delivery=claimed.id, error=type(fault).__name__)
        except Exception as fault:
            log.error("delivery failed here", delivery=claimed.id, exc_info=fault)
        finally:
            self._under_way -= 1
            done, self._done = self._done, Event()
            done.set()

    async def _write(self, work: Callable[[Session], T]) -> T:
        def in_one_transaction() -> T:
            with self.database.session_scope() as session:
                return work(session)

        return await self._in_thread(in_one_transaction)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await to_thread.run_sync(work, limiter=self._threads)


async def _first_of(*events: Event) -> None:
    async with create_task_group() as tasks:

        async def wait(event: Event) -> None:
            await event.wait()
            tasks.cancel_scope.cancel()

        for event in events:
            tasks.start_soon(wait, event)


@asynccontextmanager
async def delivering(database: Database, settings: Settings, clock: Callable[[], datetime]) -> AsyncIterator[None]:
    """Deliver in the background for as long as the block lasts, where the settings say so."""
    if not settings.webhook_delivery:
        yield
        return
    stop = Event()
    async with create_task_group() as tasks:
        tasks.start_soon(Courier(database, settings, clock).run, stop)
        yield
        stop.set()
