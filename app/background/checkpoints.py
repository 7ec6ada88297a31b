"""Signing checkpoints over the audit trail, by the clock while the service runs, or when asked."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from starlette.concurrency import run_in_threadpool

from app.queries.signing_keys import current_kid
from app.services.audit import sign_checkpoint
from app.storage.db import Database
from app.storage.key_files import KeyFiles, sign

log = structlog.get_logger("idts.checkpoints")

KIND = "idts-audit-checkpoint+jws"


def checkpoint(
    database: Database, files: KeyFiles, at: datetime, *, unless_since: datetime | None = None
) -> int | None:
    """Sign where every chain ends; the checkpoint's number, or None where nothing grew or one is recent enough."""
    with database.session_scope() as session:
        key = files.read(current_kid(session))
        return sign_checkpoint(session, at, lambda content: sign(content, key, KIND), unless_since=unless_since)


async def keep_checkpointing(
    database: Database, files: KeyFiles, clock: Callable[[], datetime], every: timedelta
) -> None:
    """One checkpoint a period, whichever worker comes first; a failure is logged and tried again later."""
    while True:
        await asyncio.sleep(every.total_seconds())
        try:
            at = clock()
            await run_in_threadpool(checkpoint, database, files, at, unless_since=at - every / 2)
        except Exception as fault:
            # Whatever it was, the trail must not go unsigned from then on.
            log.error("no checkpoint was signed", exc_info=fault)
