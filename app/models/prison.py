"""Prisons, the toolkit versions that they are judged by, and the history of both."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.models.columns import json_column, moment_column, prison_column, serial_column, text_column
from app.rules.types import Function


class ToolkitVersion(SQLModel, table=True):
    """A toolkit as it was loaded; never changed afterwards, since verdicts rest on it."""

    __tablename__ = "toolkit_version"

    version: str = Field(primary_key=True, max_length=32)
    document: dict[str, Any] = json_column()
    digest: str = Field(max_length=64)
    loaded_at: datetime = moment_column()


class Prison(SQLModel, table=True):
    """One establishment. Its row is the lock that orders everything written about the prison.

    `changed_at` is when its own details last changed.
    """

    __tablename__ = "prison"

    id: int | None = serial_column()
    code: str = Field(max_length=8, unique=True)
    name: str = Field(max_length=100)
    designation: str = Field(max_length=40)
    function: Function = text_column(Function)
    region: str = Field(max_length=40)
    county: str | None = Field(default=None, max_length=60)
    postcode: str | None = Field(default=None, max_length=10)
    gender: str | None = Field(default=None, max_length=10)
    contracted: bool | None = None
    categories: list[str] = json_column()
    opened_on: date | None = None
    closed_on: str | None = Field(default=None, max_length=10)
    closed_by: date | None = None
    live_on: date | None = None
    toolkit_version: str = Field(max_length=32, foreign_key="toolkit_version.version")
    version: int = 1
    registered_at: datetime = moment_column()
    changed_at: datetime = moment_column()


class PrisonChange(SQLModel, table=True):
    """One version of a prison's own details; `state` is all of them after the change."""

    __tablename__ = "prison_change"

    id: int | None = serial_column()
    prison_id: int = prison_column()
    version: int
    at: datetime = moment_column()
    by_id: str = Field(max_length=80)
    by_name: str = Field(max_length=200)
    by_role: str = Field(max_length=20)
    changes: list[dict[str, Any]] = json_column()
    state: dict[str, Any] = json_column()
    moves_verdict: bool

    __table_args__ = (sa.UniqueConstraint("prison_id", "version"), sa.Index(None, "prison_id", "at"))


class ServiceEnd(SQLModel, table=True):
    """The end of a prison's service. Until then a prison that went live stays live."""

    __tablename__ = "service_end"

    id: int | None = serial_column()
    prison_id: int = prison_column(index=True)
    at: datetime = moment_column()
    by_id: str = Field(max_length=80)
    by_name: str = Field(max_length=200)
    by_role: str = Field(max_length=20)
    ended_on: date
    reason: str = Field(sa_type=sa.Text)
    moves_verdict: bool


class StoredVerdict(SQLModel, table=True):
    """The present verdict, kept ready beside the history and written in the same transaction.

    `body` is the JSON answer of `GET readiness`. `fresh_until` is the last day on which it holds
    without any change: evidence grows stale by the calendar alone. `judged_by` is what made it: half of the
    toolkit's digest, then that of the rules; another one says that the verdict is to be worked out again.
    `section_changed_at` is when the prison itself last changed a section, `latest_at` when anything about it was last
    written, whether or not the verdict moved.
    """

    __tablename__ = "stored_verdict"

    prison_id: int = prison_column(primary=True)
    code: str = Field(max_length=8, unique=True)
    stage: str = Field(max_length=24)
    is_commissioning_ready: bool
    is_eligible: bool
    blocker_count: int
    ratings: str = Field(max_length=35)
    updated_at: datetime | None = moment_column(optional=True)
    section_changed_at: datetime | None = moment_column(optional=True)
    latest_at: datetime = moment_column()
    etag: str = Field(max_length=66)
    body: bytes
    fresh_until: date
    judged_by: str = Field(max_length=64)

    __table_args__ = (sa.Index(None, "blocker_count", "code"),)
