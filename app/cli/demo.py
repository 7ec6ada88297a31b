"""`idts demo`: a made-up programme with plausible histories, to look at and to measure."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli.common import err, fail, is_interactive, opened_database, operator
from app.cli.first_start import ensure_signing_key
from app.cli.first_start import seed as fill
from app.demo.lives import Plan
from app.demo.programme import finish, live, refusal
from app.rules.moments import months_after
from app.services.sealing import sealer
from app.settings import Settings
from app.storage.db import Database
from app.storage.key_files import KeyFiles
from app.storage.schema import migrate


def demo(
    prisons: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many prisons to make up.")] = 1000,
    months: Annotated[int, typer.Option(min=1, max=240, help="How many months of history.")] = 24,
    seed: Annotated[int, typer.Option(help="The same seed makes the same programme.")] = 7,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="When the histories end. Left out: today.")
    ] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Go ahead even if sections have been rated.")] = False,
) -> None:
    """Fill a database with made-up prisons, beside the establishments. Never do this to a database in use."""
    now = datetime.now(UTC)
    ends = until.replace(tzinfo=UTC) if until else now.replace(hour=0, minute=0, second=0, microsecond=0)
    if ends > now:
        raise fail("a history cannot end in the future: give an earlier --until.")
    first = months_after(ends.date(), -months)
    plan = Plan(seed, datetime(first.year, first.month, first.day, tzinfo=UTC), ends)
    with opened_database() as (settings, database):
        migrate(settings)
        fill(settings, database)
        make(settings, database, plan, prisons, anyway=anyway)
    err.print(f"Made {prisons:,} prisons with {months} months of history, seed {seed}.", markup=False)


def make(settings: Settings, database: Database, plan: Plan, prisons: int, *, anyway: bool = False) -> None:
    """One prison after another, each life a transaction."""
    with database.reading() as session:
        if (reason := refusal(session, plan.until, anyway=anyway)) is not None:
            raise fail(reason)
    ensure_signing_key(settings, database)
    keys = KeyFiles(settings.signing_keys_dir)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not is_interactive()) as progress:
        for place in progress.track(range(prisons), description="Making prisons"):
            with database.session_scope() as session:
                live(session, plan, place, seal=sealer(session, keys, issuer=settings.public_url))
    with database.session_scope() as session:
        finish(session, plan, prisons, caller=operator())
