"""`idts toolkits`: load a toolkit version, list those that are loaded."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from app.cli.common import err, fail, opened_database, operator, out
from app.documents.toolkit.file import ToolkitFileFault, read_toolkit
from app.queries.toolkits import list_versions
from app.services.toolkits import load_toolkit

toolkits = typer.Typer(name="toolkits", help="Toolkit versions: load, list.", no_args_is_help=True)


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
