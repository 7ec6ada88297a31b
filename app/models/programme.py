"""What dashboards and returns read: how each prison stood and when, the programme's totals, frozen returns."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.models.columns import UtcDateTime, json_column, moment_column, prison_column

_CURRENT = sa.text("to_at IS NULL")
_DATED = sa.text("to_at IS NULL AND go_live_date IS NOT NULL")


def _index(name: str, *columns: str, where: sa.TextClause, unique: bool = False) -> sa.Index:
    return sa.Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


class StandingVersion(SQLModel, table=True):
    """How a prison stood from `from_at` until just before `to_at`; null there is how it stands now.

    `node` places the period in a tree over days (see `app.rules.periods`), so that all prisons of a region at
    one moment are found without reading their other periods. `quiet_since` is the last change to a section, or
    the registration where there was none. `is_bounded` marks a period that touches days on which the prison is
    not open. `blocking` and `exempt` have bit n - 1 set for section n.
    """

    __tablename__ = "standing_version"

    prison_id: int = prison_column(primary=True)
    from_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    to_at: datetime | None = moment_column(optional=True)
    node: int = 0
    is_bounded: bool
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
    updated_at: datetime | None = moment_column(optional=True)
    section_changed_at: datetime | None = moment_column(optional=True)
    quiet_since: datetime = moment_column()
    statement_id: str | None = Field(default=None, max_length=36)
    statement_serial: str | None = Field(default=None, max_length=24)
    statement_status: str | None = Field(default=None, max_length=12)
    statement_standing: str | None = Field(default=None, max_length=12)
    statement_raised_at: datetime | None = moment_column(optional=True)
    statement_issued_at: datetime | None = moment_column(optional=True)
    go_live_date: date | None = None
    live_on: date | None = None

    __table_args__ = (
        _index("uq_standing_version_current", "prison_id", where=_CURRENT, unique=True),
        _index("ix_standing_version_code", "code", where=_CURRENT),
        _index("ix_standing_version_quiet", "quiet_since", "code", where=_CURRENT),
        _index("ix_standing_version_blockers", "blocker_count", "code", where=_CURRENT),
        _index("ix_standing_version_go_live", "go_live_date", "code", where=_DATED),
        _index("ix_standing_version_region_code", "region", "code", where=_CURRENT),
        _index("ix_standing_version_region_blockers", "region", "blocker_count", "code", where=_CURRENT),
        _index("ix_standing_version_region_quiet", "region", "quiet_since", "code", where=_CURRENT),
        _index("ix_standing_version_region_go_live", "region", "go_live_date", "code", where=_DATED),
        # Each database takes the index only where a query says it in the same words.
        sa.Index(
            "ix_standing_version_region_bounded",
            *("region", "to_at", "from_at", "opened_on", "closed_by"),
            *("is_commissioning_ready", "is_eligible", "stage"),
            sqlite_where=sa.text("is_bounded = 1"),
            postgresql_where=sa.text("is_bounded"),
        ),
        sa.Index("ix_standing_version_region_node", "region", "node", "to_at", "from_at"),
        sa.Index("ix_standing_version_region_from_at", "region", "from_at"),
        sa.Index("ix_standing_version_region_to_at", "region", "to_at"),
    )


class Tally(SQLModel, table=True):
    """The totals of one shard of a region at the end of a London day on which something changed there.

    A prison's shard is its id modulo 8, so that writers of different prisons seldom wait for one another. The
    row of the day 9999-12-31 holds the totals of now and is the shard's lock; its `latest_on` is the latest day
    that has a row. `numbers` is a JSON list in the order of `app.rules.programme.COUNTERS`; `changes` grows
    with every change to the row.
    """

    __tablename__ = "tally"

    region: str = Field(primary_key=True, max_length=40)
    shard: int = Field(primary_key=True)
    day: date = Field(primary_key=True)
    latest_on: date
    changes: int
    numbers: str = Field(sa_type=sa.Text)


class TrendStep(SQLModel, table=True):
    """What a London month changed in one shard's trend; adding up all months to one gives its end."""

    __tablename__ = "trend_step"

    region: str = Field(primary_key=True, max_length=40)
    month: str = Field(primary_key=True, max_length=7)
    shard: int = Field(primary_key=True)
    prisons: int
    commissioning_ready: int
    eligible: int
    live: int


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
    content: str = Field(sa_type=sa.Text)

    __table_args__ = (
        sa.ForeignKeyConstraint(["month", "revision"], ["return_revision.month", "return_revision.revision"]),
    )
