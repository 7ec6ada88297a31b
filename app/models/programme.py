"""What dashboards and returns read: how each prison stood and when, and frozen returns."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.models.columns import UtcDateTime, json_column, moment_column, prison_column

# Periods that stood at the end of a month; the others are in no trend.
_STOOD = sa.text("stood_from < stood_until")


class PrisonPeriod(SQLModel, table=True):
    """How long a past verdict stood: from `from_at` until just before `to_at`, which is `STILL` for the present one.

    The columns are those of `app.rules.programme.Point`, and the last four those of its `MonthEnds`.
    """

    __tablename__ = "prison_period"

    prison_id: int = prison_column(primary=True)
    from_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    to_at: datetime = moment_column()
    code: str = Field(max_length=8)
    name: str = Field(max_length=100)
    region: str = Field(max_length=40)
    function: str = Field(max_length=32)
    opened_on: date | None = None
    closed_by: date | None = None
    toolkit_version: str = Field(max_length=32)
    stage: str = Field(max_length=24)
    is_commissioning_ready: bool
    is_eligible: bool
    ratings: str = Field(max_length=35)
    blocking: int = Field(sa_type=sa.BigInteger)
    exempt: int = Field(sa_type=sa.BigInteger)
    blocker_count: int
    section_changed_at: datetime | None = moment_column(optional=True)
    quiet_since: datetime = moment_column()
    statement_serial: str | None = Field(default=None, max_length=24)
    statement_status: str | None = Field(default=None, max_length=12)
    statement_standing: str | None = Field(default=None, max_length=12)
    statement_raised_at: datetime | None = moment_column(optional=True)
    statement_issued_at: datetime | None = moment_column(optional=True)
    go_live_date: date | None = None
    live_on: date | None = None
    open_challenges: int
    targets: str | None = Field(default=None, sa_type=sa.Text)
    staff_in_post_14: int | None = None
    staff_required_14: int | None = None
    staff_in_post_16: int | None = None
    staff_required_16: int | None = None
    stood_from: int
    stood_until: int
    open_from: int
    open_until: int

    __table_args__ = (
        # Finds what stands now (`to_at` is STILL) and what stood at a moment.
        sa.Index(None, "region", "to_at", "from_at"),
        # Has all that a trend counts, in the order in which it is grouped.
        sa.Index(
            "ix_prison_period_month_ends",
            *("region", "open_from", "open_until", "stood_from", "stood_until"),
            *("is_commissioning_ready", "is_eligible", "stage"),
            sqlite_where=_STOOD,
            postgresql_where=_STOOD,
        ),
    )


class ReturnRevision(SQLModel, table=True):
    """One month's return as it was fixed. `corrections` maps a prison's code to the moment its row is of."""

    __tablename__ = "return_revision"

    month: str = Field(primary_key=True, max_length=7)
    revision: int = Field(primary_key=True)
    digest: str = Field(max_length=64)
    row_count: int
    reason: str | None = Field(default=None, sa_type=sa.Text)
    corrections: dict[str, Any] = json_column()
    frozen_at: datetime = moment_column()
    frozen_by_id: str = Field(max_length=80)
    frozen_by: str = Field(max_length=200)


class ReturnRow(SQLModel, table=True):
    """One prison's row of a frozen return: the JSON of it, as it will always be answered."""

    __tablename__ = "return_row"

    month: str = Field(primary_key=True, max_length=7)
    revision: int = Field(primary_key=True)
    code: str = Field(primary_key=True, max_length=8)
    region: str = Field(max_length=40)
    content: str = Field(sa_type=sa.Text)

    __table_args__ = (
        sa.ForeignKeyConstraint(["month", "revision"], ["return_revision.month", "return_revision.revision"]),
    )
