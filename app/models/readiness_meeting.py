"""Readiness meetings: what a prison and its region record between eligibility and the statement."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.models.columns import json_column, moment_column, prison_column


class ReadinessMeeting(SQLModel, table=True):
    """One meeting that was held on a day, or why none was. Only ever appended; `evidence` has the ids of its papers."""

    __tablename__ = "readiness_meeting"

    id: str = Field(primary_key=True, max_length=36)
    prison_id: int = prison_column()
    held_on: date | None = None
    not_held_reason: str | None = Field(default=None, sa_type=sa.Text)
    who: list[str] = json_column()
    evidence: list[str] = json_column()
    at: datetime = moment_column()
    by_id: str = Field(max_length=80)
    by: str = Field(max_length=200)
    by_role: str = Field(max_length=20)

    __table_args__ = (sa.Index(None, "prison_id", "at"),)
