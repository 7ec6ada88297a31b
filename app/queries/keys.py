"""API keys: whom a digest belongs to, and which keys there are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, literal_column, select, true
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import ApiKey
from app.models.columns import columns_of
from app.rules.access import Principal, Role
from app.rules.regions import RegionRef, region_ref

# The columns that make a principal, in the order that `principal_of` takes them.
PRINCIPAL_COLUMNS = tuple(columns_of(ApiKey, "id name role prison_code region signatory_role"))

_KEY = (col(ApiKey.digest) == bindparam("digest")) & col(ApiKey.revoked_at).is_(None)


def with_caller(question: Any = None) -> Select[*tuple[Any, ...]]:
    """One statement that says who is calling and what they ask: the key's columns, then those of the `question`.

    It always has a row. Without a key of that digest, or without an answer, those columns are null.
    """
    columns: tuple[Any, ...] = PRINCIPAL_COLUMNS
    origin = select(literal_column("1").label("one")).subquery("origin").outerjoin(ApiKey, _KEY)
    if question is None:
        return select(*columns).select_from(origin)
    asked = question.subquery("asked")
    return select(*columns, *asked.c).select_from(origin.outerjoin(asked, true()))


KEY_BY_DIGEST = with_caller()


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
    region: RegionRef | None
    signatory_role: str | None
    created_at: datetime
    created_by: str
    revoked_at: datetime | None
    revoked_by: str | None


def list_keys(session: Session) -> list[KeyView]:
    """Every key ever made, oldest first."""
    rest = columns_of(ApiKey, "created_at created_by revoked_at revoked_by")
    rows = session.execute(select(*PRINCIPAL_COLUMNS, *rest).order_by(col(ApiKey.id)))
    return [
        KeyView(key_id, name, role, prison, region_ref(region), *rest)
        for key_id, name, role, prison, region, *rest in map(tuple, rows)
    ]
