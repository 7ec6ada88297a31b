"""What the region says of sections, and what became of it."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.models.columns import json_column, moment_column, prison_column, serial_column, text_column
from app.rules.review import ReviewKind

_OPEN_CHALLENGE = sa.text("kind = 'challenged' AND closed IS NULL")


class Review(SQLModel, table=True):
    """One review of one version of a section. `answer` and `closed` are {"text", "by", "at"}."""

    __tablename__ = "review"

    id: str = Field(primary_key=True, max_length=36)
    prison_id: int = prison_column()
    section: int
    version: int
    kind: ReviewKind = text_column(ReviewKind)
    text: str | None = Field(default=None, sa_type=sa.Text)
    rating: str | None = Field(default=None, max_length=5)
    recommendation: str | None = Field(default=None, sa_type=sa.Text)
    due_on: date | None = None
    by: str = Field(max_length=200)
    at: datetime = moment_column()
    answer: dict[str, Any] | None = json_column(optional=True)
    closed: dict[str, Any] | None = json_column(optional=True)

    __table_args__ = (
        sa.Index(None, "prison_id", "section", "at"),
        # The list of all reviews, newest first.
        sa.Index(None, "at", "id"),
        sa.Index(
            "ix_review_open_challenge", "prison_id", sqlite_where=_OPEN_CHALLENGE, postgresql_where=_OPEN_CHALLENGE
        ),
        sa.CheckConstraint("section BETWEEN 1 AND 35", name="section"),
    )


class ReviewEvent(SQLModel, table=True):
    """One step in a review's life; `state` is all of it afterwards. Only ever appended."""

    __tablename__ = "review_event"

    id: int | None = serial_column()
    review_id: str = Field(max_length=36, foreign_key="review.id", index=True)
    prison_id: int = prison_column()
    at: datetime = moment_column()
    by_id: str = Field(max_length=80)
    by_name: str = Field(max_length=200)
    by_role: str = Field(max_length=20)
    kind: str = Field(max_length=20)
    state: dict[str, Any] = json_column()
    moves_verdict: bool

    __table_args__ = (sa.Index(None, "prison_id", "at"),)
