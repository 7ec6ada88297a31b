"""The audit trail: hash chains of who did what, their heads, and signed checkpoints over them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.models.columns import json_column, moment_column, serial_column


class AuditEntry(SQLModel, table=True):
    """One thing done, chained to the one before it in the same chain. Only ever appended.

    A chain is a prison's code, or `service` for what belongs to no prison.
    """

    __tablename__ = "audit_entry"

    id: int | None = serial_column()
    chain: str = Field(max_length=20)
    seq: int
    at: datetime = moment_column(index=True)
    actor_id: str = Field(max_length=80, index=True)
    actor_name: str = Field(max_length=200)
    actor_role: str = Field(max_length=20)
    action: str = Field(max_length=60, index=True)
    subject: str = Field(max_length=200)
    before_digest: str | None = Field(default=None, max_length=64)
    after_digest: str | None = Field(default=None, max_length=64)
    request_id: str | None = Field(default=None, max_length=64)
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)

    __table_args__ = (sa.UniqueConstraint("chain", "seq"),)


class AuditHead(SQLModel, table=True):
    """Where a chain ends; locked by whoever appends to it."""

    __tablename__ = "audit_head"

    chain: str = Field(primary_key=True, max_length=20)
    seq: int
    hash: str = Field(max_length=64)


class AuditCheckpoint(SQLModel, table=True):
    """A signed statement of where every chain that grew since the last checkpoint ended."""

    __tablename__ = "audit_checkpoint"

    id: int | None = serial_column()
    at: datetime = moment_column()
    heads: dict[str, Any] = json_column()
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)
    signature: str = Field(sa_type=sa.Text)
