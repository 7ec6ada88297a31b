"""Stored verdicts that other rules made, or that the calendar has overtaken, are settled again beside the service."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog
from starlette.concurrency import run_in_threadpool

from app.rules.moments import london_date, start_of_day
from app.services.programme.rebuild import find_outdated, settle_prison
from app.storage.db import Database

log = structlog.get_logger("idts.verdicts")


@asynccontextmanager
async def settling(database: Database, clock: Callable[[], datetime]) -> AsyncIterator[None]:
    """Settle what is outdated when the service starts, and after each midnight in London.

    Until then a reader of such a verdict has it worked out for them.
    """
    chore = asyncio.create_task(_keep_settled(database, clock, await _outdated_now(database, clock)))
    try:
        yield
    finally:
        chore.cancel()
        # The prison that it is at is settled before the database is closed.
        await asyncio.wait([chore])


async def _outdated_now(database: Database, clock: Callable[[], datetime]) -> list[int]:
    try:
        return await run_in_threadpool(find_outdated, database, clock())
    except Exception as fault:
        log.warning("whether verdicts are outdated is not known", error=type(fault).__name__, detail=str(fault))
        return []


async def _keep_settled(database: Database, clock: Callable[[], datetime], outdated: list[int]) -> None:
    while True:
        try:
            for prison_id in outdated:
                await run_in_threadpool(settle_prison, database, prison_id, clock())
            if outdated:
                log.info("verdicts worked out again", prisons=len(outdated))
        except Exception as fault:
            log.warning("verdicts were not worked out again", error=type(fault).__name__, detail=str(fault))
        now = clock()
        midnight = start_of_day(london_date(now) + timedelta(days=1))
        await asyncio.sleep((midnight - now).total_seconds() + 1)
        outdated = await _outdated_now(database, clock)
