"""`python -m bench [PART ...]`: run the parts (all of them if none is named) and print their tables."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench import crowd, growth, requests, rules, start, uploads, writers
from bench.report import Options, machine, show

# Each part is a module with `run(options) -> list[Table]`.
PARTS = {
    "requests": requests.run,
    "writers": writers.run,
    "start": start.run,
    "rules": rules.run,
    "uploads": uploads.run,
    "growth": growth.run,
    "crowd": crowd.run,
}

DEFAULTS = Options()


def main(
    parts: Annotated[list[str] | None, typer.Argument(help=f"Any of {', '.join(PARTS)}; all if left out.")] = None,
    seconds: Annotated[float, typer.Option(help="How long each call is measured in each round.")] = DEFAULTS.seconds,
    rounds: Annotated[int, typer.Option(help="Rounds; the median of them counts.")] = DEFAULTS.rounds,
    database: Annotated[list[str] | None, typer.Option(help="sqlite or postgresql; both if left out.")] = None,
    prisons: Annotated[
        list[int] | None,
        typer.Option(help="Sizes of programme for growth and crowd; 138 and 10000 if left out."),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="A directory for made-up programmes; the next run takes them from there.")
    ] = None,
    beside: Annotated[
        Path | None, typer.Option(help="Another checkout, set up: `requests` measures its service in the same rounds.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown instead of tables.")] = False,
) -> None:
    """Measure, and print the figures."""
    if unknown := set(parts or ()) - set(PARTS):
        raise typer.BadParameter(f"no such part: {', '.join(sorted(unknown))}", param_hint="PART")
    options = replace(DEFAULTS, seconds=seconds, rounds=rounds, databases=tuple(database or DEFAULTS.databases))
    options = replace(options, prisons=tuple(prisons or DEFAULTS.prisons), keep=keep, beside=beside)
    console = Console(width=None if Console().is_terminal else 150, soft_wrap=markdown, highlight=False)
    console.print(machine(), markup=False)
    for name in parts or PARTS:
        for table in PARTS[name](options):
            show(console, table, as_markdown=markdown)


if __name__ == "__main__":
    command = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    command.command()(main)
    command(prog_name="python -m bench")
