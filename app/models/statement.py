"""Statements of Readiness: what was attested, who signed, and what became of it."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.models.columns import json_column, moment_column, prison_column, serial_column

# The step that moves a planned go-live date.
MOVED = "go_live_date_moved"
_IS_MOVE = sa.text(f"kind = '{MOVED}'")


class Statement(SQLModel, table=True):
    """One Statement of Readiness. `payload` is the canonical JSON (RFC 8785) whose SHA-256 is `digest`.

    `readiness_meeting` is the meeting as it was recorded when the statement was raised.
    `breached_sections` holds the sections below their minimum since issue; empty while in force.
    """

    __tablename__ = "statement"

    id: str = Field(primary_key=True, max_length=36)
    prison_id: int = prison_column()
    status: str = Field(max_length=12)
    toolkit_version: str = Field(max_length=32)
    go_live_date: date
    attested_go_live_date: date
    payload: str = Field(sa_type=sa.Text)
    digest: str = Field(max_length=64, index=True)
    serial: str | None = Field(default=None, max_length=24, unique=True)
    breached_sections: list[int] = json_column()
    readiness_meeting: dict[str, Any] | None = json_column(optional=True)
    raised_at: datetime = moment_column()
    raised_by: str = Field(max_length=200)
    issued_at: datetime | None = moment_column(optional=True)
    ended_at: datetime | None = moment_column(optional=True)
    ended_by: str | None = Field(default=None, max_length=200)
    end_reason: str | None = Field(default=None, sa_type=sa.Text)
    superseded_by: str | None = Field(default=None, max_length=36)
    live_on: date | None = None
    service_ended_on: date | None = None
    live_confirmed_at: datetime | None = moment_column(optional=True)
    live_confirmed_by: str | None = Field(default=None, max_length=200)
    credential: str | None = Field(default=None, sa_type=sa.Text)
    version: int = 1

    __table_args__ = (
        sa.Index(None, "prison_id", "raised_at"),
        # One open statement a prison, whatever the code above it does.
        sa.Index(
            "uq_statement_open",
            "prison_id",
            unique=True,
            sqlite_where=sa.text("status = 'raised'"),
            postgresql_where=sa.text("status = 'raised'"),
        ),
    )


class Signatory(SQLModel, table=True):
    """One person named on a statement, and when and by which key they signed it."""

    __tablename__ = "signatory"

    statement_id: str = Field(primary_key=True, max_length=36, foreign_key="statement.id")
    role: str = Field(primary_key=True, max_length=60)
    position: int
    title: str = Field(max_length=200)
    name: str = Field(max_length=200)
    email: str | None = Field(default=None, max_length=320)
    signed_at: datetime | None = moment_column(optional=True)
    signed_as: str | None = Field(default=None, max_length=200)
    signed_by: str | None = Field(default=None, max_length=80)


class StatementEvent(SQLModel, table=True):
    """One step in a statement's life; `state` is its summary afterwards, from which a past moment is rebuilt.

    `details` is what else there is to tell of a step: who was replaced by whom, which date became which.
    """

    __tablename__ = "statement_event"

    id: int | None = serial_column()
    statement_id: str = Field(max_length=36, foreign_key="statement.id", index=True)
    prison_id: int = prison_column()
    at: datetime = moment_column()
    by_id: str = Field(max_length=80)
    by_name: str = Field(max_length=200)
    by_role: str = Field(max_length=20)
    kind: str = Field(max_length=20)
    reason: str | None = Field(default=None, sa_type=sa.Text)
    state: dict[str, Any] = json_column()
    details: dict[str, Any] | None = json_column(optional=True)
    moves_verdict: bool

    __table_args__ = (
        sa.Index(None, "prison_id", "at"),
        # Dashboards count these by cause, and they are few among all steps.
        sa.Index("ix_statement_event_moved", "prison_id", sqlite_where=_IS_MOVE, postgresql_where=_IS_MOVE),
    )


class SigningKey(SQLModel, table=True):
    """The public half of a key that signed credentials; the private half is a file that only we can read."""

    __tablename__ = "signing_key"

    kid: str = Field(primary_key=True, max_length=64)
    public_jwk: dict[str, Any] = json_column()
    made_at: datetime = moment_column()
    retired_at: datetime | None = moment_column(optional=True)
