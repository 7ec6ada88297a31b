"""The first content of an empty database: toolkit versions and establishments."""

from collections.abc import Callable, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import ApiKey, Prison
from app.rules.access import Caller, Principal, Role
from app.rules.prison import PrisonDetails
from app.rules.toolkit import Toolkit
from app.services.keys import KeyScope, create_key
from app.services.prisons import register_prison
from app.services.toolkits import load_toolkit

# Who acts when a command of the service does, and nobody has signed in.
OPERATOR = Principal("operator", "Service operator", Role.ADMIN)


def load_missing_toolkits(session: Session, toolkits: Iterable[Toolkit], *, caller: Caller) -> int:
    """How many versions were loaded; those that are there already stay as they are."""
    return sum(load_toolkit(session, toolkit, caller=caller) for toolkit in toolkits)


def register_missing(
    session: Session,
    prisons: Iterable[PrisonDetails],
    *,
    caller: Caller,
    on_step: Callable[[int, int], None] | None = None,
) -> int:
    """How many prisons were registered; those that are there already stay as they are.

    `on_step` is told how many are done, of how many.
    """
    present = set(session.scalars(select(col(Prison.code))))
    missing = [details for details in prisons if details.code not in present]
    for place, details in enumerate(missing, start=1):
        register_prison(session, details, caller=caller)
        if on_step is not None:
            on_step(place, len(missing))
    return len(missing)


def ensure_admin_key(session: Session, given: str | None, *, caller: Caller) -> str | None:
    """The secret of the admin's key if one was made now; None where the service has keys already."""
    if session.scalar(select(col(ApiKey.id)).limit(1)) is not None:
        return None
    _, secret = create_key(session, "Administrator", KeyScope(Role.ADMIN), caller=caller, secret=given)
    return secret
