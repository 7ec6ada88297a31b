"""What changed, in one order for everybody, and who is told of it."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlmodel import Field, SQLModel

from app.models.columns import json_column, moment_column, serial_column


class current_transaction(GenericFunction[int]):  # noqa: N801 - it reads as an SQL function
    """The number of the transaction that a row is written in. SQLite has one writer at a time and needs none."""

    type = sa.BigInteger()
    inherit_cache = True


class oldest_open_transaction(GenericFunction[int]):  # noqa: N801
    """The lowest transaction number that may still commit an event after the reader's snapshot.

    Everything below it has committed or never will, so nothing can appear there any more. To be asked on the
    primary: a standby lists no open transaction, and would let its readers past one. Transactions that
    are seen to run in other databases of the same server do not count; one that cannot be seen does.
    """

    type = sa.BigInteger()
    inherit_cache = True


@compiles(current_transaction)
def _no_transaction_number(_element: current_transaction, _compiler: SQLCompiler, **_: Any) -> str:
    return "0"


@compiles(current_transaction, "postgresql")
def _postgres_transaction_number(_element: current_transaction, _compiler: SQLCompiler, **_: Any) -> str:
    return "CAST(CAST(pg_current_xact_id() AS text) AS bigint)"


@compiles(oldest_open_transaction)
def _none_open(_element: oldest_open_transaction, _compiler: SQLCompiler, **_: Any) -> str:
    return "1"


@compiles(oldest_open_transaction, "postgresql")
def _postgres_oldest_open(_element: oldest_open_transaction, _compiler: SQLCompiler, **_: Any) -> str:
    return _OLDEST_OPEN


_OLDEST_OPEN = """(
SELECT coalesce(min(open.xid), CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint))
FROM (SELECT CAST(CAST(pg_snapshot_xip(pg_current_snapshot()) AS text) AS bigint) AS xid) AS open
WHERE NOT EXISTS (
    SELECT 1 FROM pg_stat_activity AS elsewhere
    WHERE elsewhere.datname <> current_database()
    AND CAST(CAST(elsewhere.backend_xid AS text) AS bigint) = mod(open.xid, 4294967296)
))"""


class ChangeEvent(SQLModel, table=True):
    """One thing that changed, written in the transaction of the change. Only ever appended.

    Sequence numbers can commit out of order, so the feed is ordered by `(xid, id)`: see ADR 0007.
    `content` holds nothing but what every caller of the programme may read.
    """

    __tablename__ = "change_event"

    id: int | None = serial_column()
    xid: int = Field(default=None, sa_column=sa.Column(sa.BigInteger(), nullable=False, default=current_transaction()))
    at: datetime = moment_column()
    kind: str = Field(max_length=40)
    prison_code: str = Field(max_length=8)
    region: str = Field(max_length=40)
    subject: str = Field(max_length=200)
    content: dict[str, Any] = json_column()

    __table_args__ = (
        sa.Index(None, "xid", "id"),
        sa.Index(None, "region", "xid", "id"),
        sa.Index(None, "prison_code", "xid", "id"),
    )


class Webhook(SQLModel, table=True):
    """An address that is told of changes. `kinds` are separated and surrounded by commas; None is every kind.

    The secret signs each message, so it is kept, sealed under a key file. An ended webhook stays, with its deliveries.
    """

    __tablename__ = "webhook"

    id: int | None = serial_column()
    owner_id: str = Field(max_length=80, index=True)
    owner_name: str = Field(max_length=200)
    url: str = Field(max_length=2000)
    kinds: str | None = Field(default=None, sa_type=sa.Text)
    region: str | None = Field(default=None, max_length=40)
    prison_code: str | None = Field(default=None, max_length=8)
    description: str = Field(max_length=200)
    secret: str = Field(sa_type=sa.Text)
    created_at: datetime = moment_column()
    ended_at: datetime | None = moment_column(optional=True)
    ended_by: str | None = Field(default=None, max_length=200)


class WebhookDelivery(SQLModel, table=True):
    """One event on its way to one webhook: the outbox.

    `attempts` only grows and is counted before each attempt, so it also tells whose attempt it is.
    `schedule_from` is what it was when the present round of attempts began: 0, or at the last replay.
    While `claimed_until` lies ahead, one worker is delivering it.
    """

    __tablename__ = "webhook_delivery"

    id: int | None = serial_column()
    webhook_id: int = Field(sa_type=sa.BigInteger, foreign_key="webhook.id")
    event_id: int = Field(sa_type=sa.BigInteger, foreign_key="change_event.id")
    status: str = Field(max_length=12)
    attempts: int
    schedule_from: int
    created_at: datetime = moment_column()
    due_at: datetime = moment_column()
    claimed_until: datetime | None = moment_column(optional=True)
    attempted_at: datetime | None = moment_column(optional=True)
    delivered_at: datetime | None = moment_column(optional=True)
    last_status: int | None = None
    last_error: str | None = Field(default=None, max_length=200)

    __table_args__ = (
        sa.UniqueConstraint("webhook_id", "event_id"),
        sa.Index(None, "webhook_id", "id"),
        sa.Index(
            "ix_webhook_delivery_due",
            "webhook_id",
            "due_at",
            "id",
            sqlite_where=sa.text("status = 'pending'"),
            postgresql_where=sa.text("status = 'pending'"),
        ),
        sa.Index(
            "ix_webhook_delivery_claimed",
            "webhook_id",
            sqlite_where=sa.text("claimed_until IS NOT NULL"),
            postgresql_where=sa.text("claimed_until IS NOT NULL"),
        ),
    )
