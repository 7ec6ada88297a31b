"""Tables of figures, for a terminal and as Markdown, and the machine that they were taken on."""

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich import box
from rich import table as rich_table
from rich.console import Console

TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line. `seconds` is a call's share of each round.

    `beside` is another checkout of this project, set up, whose service is measured in the same rounds.
    """

    seconds: float = 2.0
    rounds: int = 5
    databases: tuple[str, ...] = ("sqlite", "postgresql")
    prisons: tuple[int, ...] = (138, 10_000)
    keep: Path | None = None
    beside: Path | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Figures under a title; the first column names what was measured, notes say how."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


def show(console: Console, table: Table, *, as_markdown: bool) -> None:
    if as_markdown:
        console.print(_markdown(table), markup=False)
        return
    drawn = rich_table.Table(title=table.title, title_justify="left", box=box.SIMPLE_HEAD)
    for place, column in enumerate(table.columns):
        drawn.add_column(column, justify="left" if place == 0 else "right", no_wrap=place == 0)
    for row in table.rows:
        drawn.add_row(*row)
    console.print(drawn)
    for note in table.notes:
        console.print(f"  {note}", markup=False)


def _markdown(table: Table) -> str:
    lines = [
        f"\n### {table.title}\n",
        f"| {' | '.join(table.columns)} |",
        f"| --- |{' ---: |' * (len(table.columns) - 1)}",
        *(f"| {' | '.join(row)} |" for row in table.rows),
        "",
        *(f"- {note}" for note in table.notes),
    ]
    return "\n".join(lines)


def machine() -> str:
    """One line on where and when: figures mean nothing without it."""
    python = f"Python {platform.python_version()}"
    packages = ", ".join(f"{name} {version(name)}" for name in ("fastapi", "uvicorn", "sqlalchemy"))
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    return f"{datetime.now(UTC):%Y-%m-%d}, {_processor()}, {cores} cores, {python}, {packages}."


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
