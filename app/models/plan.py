"""Partnerships, their plans and those of prisons, and the history of each plan."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.models.columns import json_column, moment_column, prison_column, serial_column


def _plan_column(*, primary: bool = False) -> Any:
    kind = sa.String(36)
    return Field(sa_column=sa.Column(kind, sa.ForeignKey("plan.id"), primary_key=primary, nullable=False))


class Partnership(SQLModel, table=True):
    """Prisons that plan together, under one name."""

    __tablename__ = "partnership"

    id: str = Field(primary_key=True, max_length=36)
    name: str = Field(max_length=200, unique=True)
    region: str = Field(max_length=40)
    version: int
    changed_at: datetime = moment_column()
    changed_by: str = Field(max_length=200)


class PartnershipPrison(SQLModel, table=True):
    """One prison of a partnership."""

    __tablename__ = "partnership_prison"

    partnership_id: str = Field(primary_key=True, max_length=36, foreign_key="partnership.id")
    prison_id: int = prison_column(primary=True, index=True)


class Plan(SQLModel, table=True):
    """A plan as it is now, of a prison or of a partnership. `state` has its title, its period, and which rows it has
    in which order; `approved_at` is the moment of the last approval, at which its approved version is read."""

    __tablename__ = "plan"

    id: str = Field(primary_key=True, max_length=36)
    prison_id: int | None = Field(default=None, sa_type=sa.BigInteger, foreign_key="prison.id", index=True)
    partnership_id: str | None = Field(default=None, max_length=36, foreign_key="partnership.id", index=True)
    version: int
    status: str = Field(max_length=20)
    state: dict[str, Any] = json_column()
    approved_version: int | None = None
    approved_at: datetime | None = moment_column(optional=True)
    created_at: datetime = moment_column()
    changed_at: datetime = moment_column()
    changed_by: str = Field(max_length=200)

    __table_args__ = (
        sa.Index(None, "created_at", "id"),
        sa.CheckConstraint("(prison_id IS NULL) <> (partnership_id IS NULL)", name="owner"),
    )


class PlanHeading(SQLModel, table=True):
    """A planning section or an objective of a plan, as it is now."""

    __tablename__ = "plan_heading"

    plan_id: str = _plan_column(primary=True)
    row: int = Field(primary_key=True)
    kind: str = Field(max_length=20)
    version: int
    state: dict[str, Any] = json_column()


class PlanAction(SQLModel, table=True):
    """An action of a plan, as it is now. What `state` says is beside it where it is searched.

    `sections` and `owners` are separated and surrounded by commas and by line breaks, the owners in lower case.
    """

    __tablename__ = "plan_action"

    plan_id: str = _plan_column(primary=True)
    row: int = Field(primary_key=True)
    ref: str = Field(max_length=80)
    version: int
    state: dict[str, Any] = json_column()
    by_when_kind: str = Field(max_length=20)
    latest: date | None = None
    is_done: bool
    waits_for: str | None = Field(default=None, max_length=80)
    sections: str = Field(max_length=120)
    owners: str = Field(sa_type=sa.Text)

    __table_args__ = (sa.UniqueConstraint("plan_id", "ref"),)


class PlanUpdate(SQLModel, table=True):
    """What somebody told of a plan (`row` null) or of one of its rows, and when. Only ever appended."""

    __tablename__ = "plan_update"

    id: int | None = serial_column()
    plan_id: str = _plan_column()
    row: int | None = None
    on: date | None = None
    text: str = Field(sa_type=sa.Text)
    by: str = Field(max_length=200)
    at: datetime = moment_column()
    version: int
    provenance: dict[str, Any] | None = json_column(optional=True)

    __table_args__ = (sa.Index(None, "plan_id", "id"),)


class PlanChange(SQLModel, table=True):
    """What one version of a plan changed in the plan itself (`row` null) or in one of its rows. Only ever appended.

    `state` is all of it afterwards, null where the row was removed; `row_version` counts the versions of the row.
    """

    __tablename__ = "plan_change"

    id: int | None = serial_column()
    plan_id: str = _plan_column()
    row: int | None = None
    ref: str | None = Field(default=None, max_length=80)
    kind: str = Field(max_length=20)
    step: str = Field(max_length=40)
    version: int
    row_version: int
    at: datetime = moment_column()
    by_id: str = Field(max_length=80)
    by_name: str = Field(max_length=200)
    by_role: str = Field(max_length=20)
    request_id: str | None = Field(default=None, max_length=64)
    changes: list[dict[str, Any]] = json_column()
    state: dict[str, Any] | None = json_column(optional=True)

    __table_args__ = (sa.Index(None, "plan_id", "row", "id"), sa.Index(None, "plan_id", "id"))
