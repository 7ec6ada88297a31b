"""`idts rebuild`: prove that what is kept ready equals what the rules say from the history, or make it so."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.progress import track

from app.cli.common import err, is_interactive, opened_database
from app.services.programme.rebuild import BATCH, Findings, check_batch, prison_ids, rebuild_batch


def rebuild(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; say what differs, and fail if any does.")
    ] = False,
) -> None:
    """Work out verdicts and periods from the history, and compare or replace what is kept."""
    if check:
        _check()
        return
    with opened_database() as (_, database):
        with database.reading() as session:
            ids = prison_ids(session)
        for batch in _batches(ids, "Rebuilding"):
            with database.session_scope() as session:
                rebuild_batch(session, batch)
    err.print(f"Rebuilt what is kept beside the history of {len(ids)} prisons.", markup=False)


def _check() -> None:
    with opened_database() as (_, database), database.reading() as session:
        findings = Findings()
        ids = prison_ids(session)
        for batch in _batches(ids, "Checking"):
            check_batch(session, batch, findings)
    for text in findings.kept:
        err.print(text, markup=False)
    if findings.count:
        err.print(f"{findings.count} differences. `idts rebuild` puts them right.", markup=False)
        raise typer.Exit(1)
    err.print(f"What is kept beside the history of {len(ids)} prisons is what the rules say from it.", markup=False)


def _batches(ids: list[int], title: str) -> Iterator[list[int]]:
    batches = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
    return iter(track(batches, description=title, console=err, transient=True, disable=not is_interactive()))
