"""Remembering the answers to requests that may be repeated."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import RememberedAnswer
from app.models.columns import columns_of
from app.services import turns

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer as it was given, and the digest of the request that it was given to."""

    request_digest: str
    status: int
    headers: str
    body: bytes


def take_turn(session: Session, caller: str, key: str) -> bool:
    """Whether no other request with the same key is under way, held until the transaction ends."""
    return turns.take_turn(session, f"request {caller}\n{key}")


def recall(session: Session, caller: str, key: str, *, at: datetime) -> Remembered | None:
    """The answer that the key stands for, if it was given in the last 24 hours."""
    row = session.execute(
        select(*columns_of(RememberedAnswer, "request_digest status headers body")).where(
            col(RememberedAnswer.caller) == caller,
            col(RememberedAnswer.key) == key,
            col(RememberedAnswer.at) > at - KEPT_FOR,
        )
    ).first()
    return None if row is None else Remembered(*row)


def remember(session: Session, caller: str, key: str, answer: Remembered, *, at: datetime) -> None:
    """Keep an answer, and forget those that are older than 24 hours."""
    session.execute(delete(RememberedAnswer).where(col(RememberedAnswer.at) <= at - KEPT_FOR))
    session.execute(insert(RememberedAnswer).values(caller=caller, key=key, at=at, **asdict(answer)))
