"""What every command needs: settings, a database, and errors in one line."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import typer
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy.exc import DBAPIError

from app.errors import DomainError
from app.rules.access import Caller
from app.services.seed import OPERATOR
from app.settings import Settings
from app.storage.db import Database

# Results go to stdout and can be piped; everything said to a person goes to stderr.
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 240)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def fail(message: str) -> typer.Exit:
    err.print(f"[bold red]Error:[/] {message}" if err.is_terminal else f"Error: {message}", markup=err.is_terminal)
    return typer.Exit(1)


def load_settings() -> Settings:
    """The settings; a wrong one ends the command with the variable's name and what it takes."""
    try:
        return Settings()
    except ValidationError as fault:
        for error in fault.errors():
            name = "IDTS_" + "_".join(str(part).upper() for part in error["loc"])
            err.print(f"{name}: {error['msg'].removeprefix('Value error, ')}", markup=False)
        raise typer.Exit(2) from None


@contextmanager
def opened_database() -> Iterator[tuple[Settings, Database]]:
    """A database for one command. Refusals and an unreachable database end it with one line on stderr."""
    settings = load_settings()
    database = Database(settings)
    try:
        yield settings, database
    except DomainError as fault:
        raise fail(in_a_terminal(fault)) from None
    except DBAPIError as fault:
        reason = str(fault.orig).splitlines()[0]
        raise fail(
            f"the database {settings.database_name} cannot be used: {reason}. "
            "Check IDTS_DATABASE_URL, and run `idts migrate` if it is new."
        ) from None
    finally:
        database.dispose()


# How a refusal's words for a caller read for somebody at a terminal.
_SPOKEN = {
    "in `reason`": "with --reason",
    "leave `frozen` out": "leave --frozen out",
    "GET /v1/prisons lists the codes.": "`idts return` with a month, such as 2026-10, lists the codes.",
}


def in_a_terminal(fault: DomainError) -> str:
    """The refusal in the command's own terms: options, commands, and the faults of codes by name."""
    words = re.sub(r"GET /v1/returns/(\S+?)(/revisions)? (shows|lists)", r"`idts return \1` shows", fault.detail)
    for asked, spoken in _SPOKEN.items():
        words = words.replace(asked, spoken)
    return words


def operator() -> Caller:
    """The command's own caller: whoever can run it on the machine runs the service."""
    return Caller(OPERATOR, datetime.now(UTC))


def is_interactive() -> bool:
    return sys.stderr.isatty()
