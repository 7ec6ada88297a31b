"""API keys: whom a digest belongs to, and which keys there are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import ApiKey
from app.rules.access import Principal, Role

# The columns that make a principal, in the order that `principal_of` takes them.
PRINCIPAL_COLUMNS = (
    col(ApiKey.id),
    col(ApiKey.name),
    col(ApiKey.role),
    col(ApiKey.prison_code),
    col(ApiKey.region),
    col(ApiKey.signatory_role),
)

KEY_BY_DIGEST = select(*PRINCIPAL_COLUMNS).where(
    col(ApiKey.digest) == bindparam("digest"), col(ApiKey.revoked_at).is_(None)
)


def principal_of(row: tuple[Any, ...]) -> Principal:
    """The principal that a row of `PRINCIPAL_COLUMNS` (and whatever follows them) stands for."""
    key_id, name, role, prison, region, signatory_role = row[:6]
    return Principal(f"key:{key_id}", name, Role(role), prison, region, signatory_role)


@dataclass(frozen=True, slots=True)
class KeyView:
    """One key, without anything that would let a reader use it."""

    id: int
    name: str
    role: str
    prison: str | None
    region: str | None
    signatory_role: str | None
    created_at: datetime
    created_by: str
    revoked_at: datetime | None
    revoked_by: str | None


def list_keys(session: Session) -> list[KeyView]:
    """Every key ever made, oldest first."""
    rows = session.execute(
        select(
            *PRINCIPAL_COLUMNS,
            col(ApiKey.created_at),
            col(ApiKey.created_by),
            col(ApiKey.revoked_at),
            col(ApiKey.revoked_by),
        ).order_by(col(ApiKey.id))
    )
    return [KeyView(*tuple(row)) for row in rows]
