"""`idts deliver`: webhook deliveries from a process of their own."""

import signal
from datetime import UTC, datetime
from typing import Annotated

import anyio
import typer

from app.background.delivery import Courier
from app.cli.common import err, opened_database
from app.http.logs import configure_logs
from app.settings import Settings
from app.storage.db import Database


def deliver(
    once: Annotated[bool, typer.Option("--once", help="Deliver what is due now, then end.")] = False,
) -> None:
    """Deliver webhooks until stopped. Any number of these may run, beside the service or instead of its own."""
    with opened_database() as (settings, database):
        configure_logs(settings.log_level)
        anyio.run(_once if once else _until_stopped, settings, database)


async def _once(settings: Settings, database: Database) -> None:
    attempts = await Courier(database, settings, _now).deliver_due()
    err.print(f"Made {attempts} attempt(s). GET /v1/webhooks/ID/deliveries shows what became of them.", markup=False)


async def _until_stopped(settings: Settings, database: Database) -> None:
    stop = anyio.Event()
    async with anyio.create_task_group() as tasks:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            tasks.start_soon(Courier(database, settings, _now).run, stop)
            err.print("Delivering webhooks. Press Ctrl+C to stop.", markup=False)
            async for _ in signals:
                stop.set()
                break


def _now() -> datetime:
    return datetime.now(UTC)
