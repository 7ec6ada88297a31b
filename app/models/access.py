"""API keys and remembered answers to repeated requests."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.models.columns import moment_column, serial_column


class ApiKey(SQLModel, table=True):
    """Who may call. Only the SHA-256 of the key is kept; a revoked key stays, for the audit trail."""

    __tablename__ = "api_key"

    id: int | None = serial_column()
    digest: str = Field(max_length=64, unique=True)
    name: str = Field(max_length=200)
    role: str = Field(max_length=20)
    prison_code: str | None = Field(default=None, max_length=8)
    region: str | None = Field(default=None, max_length=40)
    signatory_role: str | None = Field(default=None, max_length=60)
    created_at: datetime = moment_column()
    created_by: str = Field(max_length=200)
    revoked_at: datetime | None = moment_column(optional=True)
    revoked_by: str | None = Field(default=None, max_length=200)


class RememberedAnswer(SQLModel, table=True):
    """The first answer to a POST that carried an `Idempotency-Key`, replayed for 24 hours."""

    __tablename__ = "remembered_answer"

    caller: str = Field(primary_key=True, max_length=80)
    key: str = Field(primary_key=True, max_length=255)
    request_digest: str = Field(max_length=64)
    status: int
    headers: str = Field(sa_type=sa.Text)
    body: bytes
    at: datetime = moment_column(index=True)
