"""Checkpoints over the audit trail, signed by the clock for as long as the service runs."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from starlette.concurrency import run_in_threadpool

from app.services.checkpoints import checkpoint
from app.storage.db import Database
from app.storage.key_files import KeyFiles

log = structlog.get_logger("idts.checkpoints")


async def keep_checkpointing(
    database: Database, files: KeyFiles, clock: Callable[[], datetime], every: timedelta
) -> None:
    """One checkpoint a period, whichever worker comes first; a failure is logged and tried again later."""
    while True:
        await asyncio.sleep(every.total_seconds())
        try:
            at = clock()
            await run_in_threadpool(_sign, database, files, at, at - every / 2)
        except Exception as fault:
            # Whatever it was, the trail must not go unsigned from then on.
            log.error("no checkpoint was signed", exc_info=fault)


def _sign(database: Database, files: KeyFiles, at: datetime, unless_since: datetime) -> None:
    with database.session_scope() as session:
        checkpoint(session, files, at, unless_since=unless_since)
