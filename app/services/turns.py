"""Turns: what must not happen twice at once happens one after the other."""

import hashlib

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def wait_for_turn(session: Session, name: str) -> None:
    """Wait until no other transaction has the turn of that name; it is ours until this transaction ends.

    Whoever looks whether something is there before making it takes a turn first: the second caller then
    finds what the first has made, and is refused for that reason. SQLite has one writer at a time anyway.
    """
    if _several_write(session):
        session.execute(select(func.pg_advisory_xact_lock(_number(name))))


def take_turn(session: Session, name: str) -> bool:
    """The same without waiting: whether the turn is ours now."""
    return not _several_write(session) or bool(session.scalar(select(func.pg_try_advisory_xact_lock(_number(name)))))


def _several_write(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
