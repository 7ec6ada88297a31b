"""The audit trail is signed by the clock for as long as the service runs, whatever went wrong before."""

import asyncio
from datetime import datetime, timedelta

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.background.checkpoints import keep_checkpointing
from app.cli.first_start import ensure_signing_key
from app.errors import Unavailable
from app.storage.key_files import KeyFiles
from tests.support.service import Service

FAULTS = [RuntimeError("unexpected"), Unavailable("a", "b"), OperationalError("SELECT", None, Exception("lost"))]


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_failure_is_logged_and_the_next_one_is_signed(service: Service, fault: Exception):
    ensure_signing_key(service.settings, service.database)
    faults = iter([fault])

    def clock() -> datetime:
        for one in faults:
            raise one
        return service.clock.now

    def signed() -> int:
        with service.database.reading() as session:
            return session.scalar(text("SELECT count(*) FROM audit_checkpoint")) or 0

    async def run() -> None:
        files = KeyFiles(service.settings.signing_keys_dir)
        chore = asyncio.create_task(keep_checkpointing(service.database, files, clock, timedelta(milliseconds=5)))
        async with asyncio.timeout(20):
            while not signed():
                assert not chore.done()
                await asyncio.sleep(0.01)
        chore.cancel()

    with structlog.testing.capture_logs() as logged:
        asyncio.run(run())
    assert [(one["log_level"], one["exc_info"]) for one in logged] == [("error", fault)]
