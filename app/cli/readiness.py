"""`idts readiness`: the verdict on a prison, for a terminal or for a script."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.padding import Padding
from rich.text import Text

from app.cli.common import opened_database, out
from app.queries.readiness import READINESS_JSON, read_readiness
from app.rules.readiness import ReadinessView
from app.rules.types import Blocker, Rating

STYLES = {Rating.RED: "bold red", Rating.AMBER: "bold yellow", Rating.GREEN: "bold green"}


def readiness(
    code: Annotated[str, typer.Argument(help="A prison's code, such as LWI.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the JSON that the API answers with.")] = False,
) -> None:
    """Show whether a prison is ready for commissioning and eligible to go live, and if not, why not."""
    with opened_database() as (_, database), database.reading() as session:
        view = read_readiness(session, code, at=datetime.now(UTC))
    if as_json:
        print(READINESS_JSON.dump_json(view).decode())
        return
    _print(view)


def _print(view: ReadinessView) -> None:
    prison = view.prison
    out.print(Text(f"{prison.name} ({prison.code})", "bold"), Text(f"{prison.region.name}, {prison.function}", "dim"))
    stage = view.stage.replace("_", " ")
    out.print(f"Toolkit {view.toolkit_version}. Stage: {stage}.")
    out.print(
        Text.assemble(
            (f"{view.counts.red} RED", STYLES[Rating.RED]),
            "  ",
            (f"{view.counts.amber} AMBER", STYLES[Rating.AMBER]),
            "  ",
            (f"{view.counts.green} GREEN", STYLES[Rating.GREEN]),
        )
    )
    commissioning, go_live = view.commissioning, view.go_live
    _print_part("Commissioning", "ready" if commissioning.ready else "not ready", commissioning.blockers)
    _print_part("Go-live", "eligible" if go_live.eligible else "not eligible", go_live.blockers)
    for exempt in go_live.exempt:
        out.print(f"Exempt: {exempt.section} {exempt.title}", markup=False)
    for warning in view.warnings:
        out.print(f"Warning: {warning.section} {warning.detail}", markup=False)


def _print_part(title: str, state: str, blockers: tuple[Blocker, ...]) -> None:
    out.print()
    style = "bold green" if not blockers else "bold red"
    out.print(Text.assemble((f"{title}: ", "bold"), (state, style)))
    for blocker in blockers:
        line = Text.assemble(
            f"{blocker.section:>3}  ", (f"{blocker.rating:<5}", STYLES[blocker.rating]), f"  {blocker.title}"
        )
        out.print(line)
        out.print(Padding(Text(blocker.reason, "dim"), (0, 0, 0, 12)), soft_wrap=False)
