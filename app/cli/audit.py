"""`idts audit`: walk the trail, sign a checkpoint over it."""

from datetime import UTC, datetime

import typer

from app.cli.common import err, opened_database, out
from app.services.checkpoints import checkpoint as sign_now
from app.services.verification import check_trail
from app.storage.key_files import KeyFiles

audit = typer.Typer(name="audit", help="The audit trail: verify, checkpoint.", no_args_is_help=True)


@audit.command()
def verify() -> None:
    """Check the whole trail. If an entry is not as it was written, name the first of each chain and exit with 1."""
    with opened_database() as (_, database), database.reading() as session:
        trail = check_trail(session)
    counted = f"{trail.entries:,} entries in {trail.chains} chains, {trail.checkpoints} signed checkpoints"
    if trail.intact:
        out.print(f"Intact: {counted}.", markup=False)
        return
    for fault in trail.faults:
        err.print(f"{fault.chain} {fault.seq}: {fault.detail}", markup=False)
    err.print(f"Not intact: {counted}.", markup=False)
    raise typer.Exit(1)


@audit.command()
def checkpoint() -> None:
    """Sign where every chain ends now. Keep a copy elsewhere: it proves what the trail said."""
    with opened_database() as (settings, database), database.session_scope() as session:
        made = sign_now(session, KeyFiles(settings.signing_keys_dir), datetime.now(UTC))
    err.print("Nothing has changed since the last one." if made is None else f"Signed checkpoint {made}.")
