"""What a database needs now and then while the service runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from anyio import CapacityLimiter, create_task_group, sleep, to_thread

from app.storage.db import Database

log = structlog.get_logger("idts.upkeep")

EVERY_SECONDS = 1.0


@asynccontextmanager
async def keeping_log_short(database: Database) -> AsyncIterator[None]:
    """Bring SQLite's write-ahead log into the database in the background for as long as the block lasts."""
    keeper = database.log_keeper
    if keeper is None:
        yield
        return
    thread = CapacityLimiter(1)

    async def keep() -> None:
        while True:
            await sleep(EVERY_SECONDS)
            try:
                await to_thread.run_sync(keeper.bring_in, limiter=thread)
            except Exception as fault:
                # The log grows until it can be brought in again; that is no reason to stop trying.
                log.warning("the write-ahead log could not be brought in", error=repr(fault)[:300])

    async with create_task_group() as tasks:
        tasks.start_soon(keep)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()
    keeper.close()
