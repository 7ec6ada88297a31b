"""`idts rebuild`: prove that what is kept ready equals what the rules say from the history, or make it so."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.progress import track

from app.cli.common import err, is_interactive, opened_database
from app.services.programme.rebuild import BATCH, Findings, check_batch, prison_ids, rebuild_prison, take_prison


def rebuild(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; say what differs, and fail if any does.")
    ] = False,
) -> None:
    """Work out verdicts and periods from the history, and compare them with what is kept or replace it.

    This goes prison by prison, each in a transaction that locks it: the service can run meanwhile.
    """
    if check:
        _check()
        return
    with opened_database() as (_, database):
        with database.reading() as session:
            ids = prison_ids(session)
        for prison_id in _followed(ids, "Rebuilding"):
            with database.session_scope() as session:
                take_prison(session, prison_id)
                rebuild_prison(session, prison_id, datetime.now(UTC))
    err.print(f"Rebuilt what is kept beside the history of {len(ids)} prisons.", markup=False)


def _check() -> None:
    with opened_database() as (_, database), database.reading() as session:
        findings, ids, now = Findings(), prison_ids(session), datetime.now(UTC)
        for start in _followed(range(0, len(ids), BATCH), "Checking"):
            check_batch(session, ids[start : start + BATCH], now, findings)
    for text in findings.kept:
        err.print(text, markup=False)
    if findings.count:
        err.print(f"{findings.count} difference(s). `idts rebuild` puts them right.", markup=False)
        raise typer.Exit(1)
    err.print(f"What is kept beside the history of {len(ids)} prisons is what the rules say of it.", markup=False)


def _followed(steps: Sequence[int], title: str) -> Iterator[int]:
    return iter(track(steps, description=title, console=err, transient=True, disable=not is_interactive()))
