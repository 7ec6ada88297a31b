"""Section assessments, their evidence and their history."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.models.columns import Hundredths, json_column, moment_column, prison_column, serial_column, text_column
from app.rules.types import EvidenceKind, Rating


class SectionAssessment(SQLModel, table=True):
    """One prison's present answer to one section. A section never touched has no row: RED, version 0."""

    __tablename__ = "section_assessment"

    prison_id: int = prison_column(primary=True)
    number: int = Field(primary_key=True)
    version: int
    rating: Rating = text_column(Rating)
    comment: str | None = Field(default=None, sa_type=sa.Text)
    lead: str | None = Field(default=None, max_length=200)
    target_date: date | None = None
    staff_in_post: Decimal | None = Field(default=None, sa_type=Hundredths)
    staff_required: Decimal | None = Field(default=None, sa_type=Hundredths)
    outcomes: dict[str, str] = json_column()
    exemption: dict[str, Any] | None = json_column(optional=True)
    evidence: list[dict[str, Any]] = json_column()
    updated_at: datetime = moment_column()
    updated_by: str = Field(max_length=200)

    __table_args__ = (sa.CheckConstraint("number BETWEEN 1 AND 35", name="number"),)


class SectionChange(SQLModel, table=True):
    """One version of a section assessment: what changed, and all of it afterwards. Only ever appended."""

    __tablename__ = "section_change"

    id: int | None = serial_column()
    prison_id: int = prison_column()
    number: int
    version: int
    at: datetime = moment_column()
    by_id: str = Field(max_length=80)
    by_name: str = Field(max_length=200)
    by_role: str = Field(max_length=20)
    request_id: str | None = Field(default=None, max_length=64)
    rating: Rating = text_column(Rating)
    changes: list[dict[str, Any]] = json_column()
    state: dict[str, Any] = json_column()
    moves_verdict: bool

    __table_args__ = (
        sa.UniqueConstraint("prison_id", "number", "version"),
        sa.Index(None, "prison_id", "at"),
        sa.CheckConstraint("number BETWEEN 1 AND 35", name="number"),
    )


class Evidence(SQLModel, table=True):
    """One piece of evidence; which sections it supports is in their `evidence`.

    `effective_on` is the date that it is about, `received_at` when the service got it. A withdrawn
    item stays, with who withdrew it, why, and from which sections. `sha256` is of its file, where it has one.
    `title` is the first one; `corrections` are those that took its place, each `{"title", "at", "by"}`.
    """

    __tablename__ = "evidence"

    id: str = Field(primary_key=True, max_length=36)
    prison_id: int = prison_column(index=True)
    kind: EvidenceKind = text_column(EvidenceKind)
    title: str = Field(max_length=300)
    reference: str | None = Field(default=None, max_length=2000)
    text: str | None = Field(default=None, sa_type=sa.Text)
    effective_on: date | None = None
    received_at: datetime = moment_column()
    added_by: str = Field(max_length=200)
    sha256: str | None = Field(default=None, max_length=64, foreign_key="evidence_file.sha256", index=True)
    file_name: str | None = Field(default=None, max_length=255)
    withdrawn_at: datetime | None = moment_column(optional=True)
    withdrawn_by: str | None = Field(default=None, max_length=200)
    withdrawal_reason: str | None = Field(default=None, sa_type=sa.Text)
    withdrawn_from: list[int] | None = json_column(optional=True)
    corrections: list[dict[str, str]] | None = json_column(optional=True)
