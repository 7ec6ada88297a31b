"""`idts toolkits`: load a toolkit version, list those that are loaded, move a region's prisons to one."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from app.cli.common import err, fail, is_interactive, opened_database, operator, out
from app.documents.toolkit.file import ToolkitFileFault, read_toolkit
from app.errors import DomainError
from app.queries.prisons import PrisonFilter, PrisonView, list_prisons
from app.queries.toolkits import current_version, list_versions, read_book
from app.rules.moments import london_date
from app.rules.regions import REGIONS, region_slug
from app.services.prisons import move_prison
from app.services.toolkits import load_toolkit
from app.storage.db import Database

# More than a region has.
MOST_PRISONS = 100_000

toolkits = typer.Typer(name="toolkits", help="Toolkit versions: load, list, move prisons to one.", no_args_is_help=True)


@toolkits.command()
def load(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A toolkit file, as in seed/toolkit/.")],
) -> None:
    """Load a version beside the others. Prisons stay on their own version until somebody moves them."""
    try:
        toolkit = read_toolkit(file.read_text("utf-8"), name=file.name)
    except (ToolkitFileFault, UnicodeDecodeError) as fault:
        raise fail(f"the file is refused and nothing was loaded.\n{fault}") from None
    with opened_database() as (_, database), database.session_scope() as session:
        is_new = load_toolkit(session, toolkit, caller=operator())
    state = "loaded" if is_new else "already loaded, word for word"
    err.print(f"Toolkit {toolkit.version} is {state}.", markup=False)


@toolkits.command("list")
def list_all() -> None:
    """Show the versions that are loaded, newest first."""
    with opened_database() as (_, database), database.reading() as session:
        versions = list_versions(session)
    table = Table("version", "title", "prisons", "current", box=None, pad_edge=False, header_style="bold")
    for version in versions:
        table.add_row(version.version, version.title, str(version.prisons), "yes" if version.is_current else "")
    out.print(table)


@toolkits.command()
def move(
    region: Annotated[str, typer.Option(help="The region whose prisons are moved: its slug or its name.")],
    version: Annotated[str | None, typer.Option("--to", help="A loaded version. Left out: the newest.")] = None,
    accept_lapse: Annotated[
        bool, typer.Option("--accept-lapse", help="Move prisons too whose raised statement lapses by it.")
    ] = False,
) -> None:
    """Judge a region's prisons by another toolkit version, and say what that makes of each verdict.

    A prison that does not fit the version stays on its own. Before a raised statement lapses, which voids its
    signatures, you are asked.
    """
    if (slug := region_slug(region)) is None:
        raise fail(f"there is no region {region!r}. The regions are {', '.join(REGIONS)}.")
    with opened_database() as (_, database):
        with database.reading() as session:
            to = version or current_version(session)
            read_book(session, to)
            listed = list_prisons(
                session, PrisonFilter(london_date(datetime.now(UTC)), slug), after=None, limit=MOST_PRISONS
            )
        staying = [one for one in listed if one.toolkit_version != to]
        refused = {one.code: refusal for one in staying if (refusal := _move(database, one, to, accept_lapse))}
    err.print(f"Moved {len(staying) - len(refused)} of {len(listed)} prisons to {to}.", markup=False)
    if refused:
        hint = (
            " Say --accept-lapse if statements may lapse by it." if "would-lapse-statement" in refused.values() else ""
        )
        raise fail(f"{len(refused)} stay as they were: {', '.join(refused)}.{hint}")


def _move(database: Database, prison: PrisonView, to: str, accept_lapse: bool) -> str | None:
    """Move one prison, in a transaction of its own, and say what came of it; the code of the refusal, if any."""
    try:
        with database.session_scope() as session:
            moved = move_prison(session, prison.code, to, caller=operator(), accept_lapse=accept_lapse)
    except DomainError as fault:
        out.print(f"{prison.code} {prison.name}: not moved. {fault.detail}", markup=False)
        may_ask = fault.code == "would-lapse-statement" and not accept_lapse and is_interactive()
        if may_ask and typer.confirm("Move it all the same?", err=True):
            return _move(database, prison, to, accept_lapse=True)
        return fault.code
    if moved is not None:
        gone = [f"section {number}: {', '.join(keys)} no longer asked for" for number, keys in moved.dropped.items()]
        told = "; ".join((*moved.changes, *gone)) or "the same verdict"
        out.print(f"{prison.code} {prison.name}: {told}.", markup=False)
    return None
