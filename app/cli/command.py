"""Serve, migrate and seed. The other commands have modules of their own."""

from datetime import UTC, datetime
from importlib.metadata import version
from typing import Annotated

import typer
from rich.progress import Progress, track

from app.cli.audit import audit
from app.cli.common import err, fail, is_interactive, load_settings, opened_database
from app.cli.deliver import deliver
from app.cli.demo import demo
from app.cli.evidence import evidence
from app.cli.first_start import Seeded, ensure_signing_key
from app.cli.first_start import seed as fill
from app.cli.keys import keys
from app.cli.listening import bound_socket
from app.cli.readiness import readiness
from app.cli.rebuild import rebuild
from app.cli.returns import returns
from app.cli.server import run_server
from app.cli.signing import signing_keys, verify
from app.cli.toolkits import toolkits
from app.cli.webhook_key import webhook_key
from app.services.programme.rebuild import find_outdated, settle_prison
from app.settings import Settings
from app.storage.db import Database
from app.storage.schema import migrate as bring_up_to_date

cli = typer.Typer(
    name="idts",
    help="IDTS go-live readiness: the service and its tools.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
cli.add_typer(keys)
cli.add_typer(toolkits)
cli.add_typer(audit)
cli.add_typer(evidence)
cli.add_typer(signing_keys)
cli.add_typer(webhook_key)
cli.add_typer(returns)
cli.command()(readiness)
cli.command()(deliver)
cli.command()(verify)
cli.command()(rebuild)
cli.command()(demo)


def _tell_version(wanted: bool) -> None:
    if wanted:
        print(f"idts {version('idts')}")
        raise typer.Exit


@cli.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    pass


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on. Left out: IDTS_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on. Left out: IDTS_PORT.")] = None,
    workers: Annotated[int | None, typer.Option(help="How many worker processes. Left out: IDTS_WORKERS.")] = None,
) -> None:
    """Serve the API. An empty database is migrated and filled first."""
    from app.http.logs import configure_logs

    settings = load_settings()
    host, port = host or settings.host, settings.port if port is None else port
    workers = settings.workers if workers is None else workers
    _refuse_out_of_range("--port", port, 0, 65535)
    _refuse_out_of_range("--workers", workers, 1, 64)
    listening = bound_socket(host, port)
    prepare(settings)
    configure_logs(settings.log_level)
    run_server(settings, host, listening, workers)


def _refuse_out_of_range(option: str, number: int, least: int, most: int) -> None:
    if not least <= number <= most:
        raise fail(f"{option} is {number}: give {least} to {most}.")


@cli.command()
def migrate() -> None:
    """Bring the database's schema to the newest version."""
    with opened_database() as (settings, _):
        bring_up_to_date(settings)


@cli.command()
def seed() -> None:
    """Load the toolkit versions, the establishments and the first administrator's key if they are missing."""
    with opened_database() as (settings, database):
        _report(_seed(settings, database))


def prepare(settings: Settings) -> None:
    """Migrate and fill what `serve` needs; on a database that has it all, this changes nothing."""
    with opened_database() as (_, database):
        bring_up_to_date(settings)
        _report(_seed(settings, database))
        _settle(database)


def _settle(database: Database) -> None:
    """Before anybody reads them: verdicts that an earlier version's rules made."""
    now = datetime.now(UTC)
    outdated = find_outdated(database, now)
    for prison_id in track(outdated, "Judging prisons", console=err, transient=True, disable=not is_interactive()):
        settle_prison(database, prison_id, now)
    if outdated:
        err.print(f"Worked out the verdicts on {len(outdated)} prisons again.", markup=False)


def _seed(settings: Settings, database: Database) -> Seeded:
    added = _fill(settings, database)
    ensure_signing_key(settings, database)
    return added


def _fill(settings: Settings, database: Database) -> Seeded:
    with Progress(console=err, transient=True, disable=not is_interactive()) as progress:
        task = progress.add_task("Registering establishments", total=None)
        return fill(settings, database, lambda done, total: progress.update(task, completed=done, total=total))


def _report(added: Seeded) -> None:
    if added.toolkits or added.prisons:
        err.print(f"Loaded {added.toolkits} toolkit version(s) and {added.prisons} prisons.", markup=False)
    if added.admin_key_file is not None:
        err.print(f"Made an administrator's key. It is kept in {added.admin_key_file} (mode 0600).", markup=False)
