"""Column types that mean the same on SQLite and on PostgreSQL."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlmodel import Field, SQLModel

from app.rules.moments import moment_text

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def table_of(model: type[SQLModel]) -> sa.Table:
    """The table of a model, for statements that are built once and sent without the object mapper."""
    found: sa.Table = model.__table__  # type: ignore[attr-defined]
    return found


def columns_of(model: type[SQLModel], names: str) -> list[Any]:
    """The columns of a model with these names, in their order."""
    return [getattr(model, name) for name in names.split()]


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware UTC moment to the microsecond; text of fixed width on SQLite, so that it sorts and compares."""

    impl = sa.String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.DateTime(timezone=True))
        return dialect.type_descriptor(sa.String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else moment_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, datetime):
            return value if value.tzinfo is UTC else value.astimezone(UTC)
        return datetime.fromisoformat(value)


class Hundredths(sa.types.TypeDecorator[Decimal]):
    """A figure with at most two decimals, kept exactly: as the whole number of its hundredths."""

    impl = sa.Integer
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value * 100)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value) / 100


# A surrogate key; SQLite numbers rows by itself only for plain INTEGER.
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def json_column(*, optional: bool = False) -> Any:
    """A column of JSON as each database stores it best; None is SQL's NULL."""
    kind = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
    return Field(default=None, sa_column=sa.Column(kind, nullable=optional))


def text_column(enum: type[StrEnum]) -> Any:
    """A column that stores an enumeration as its text, checked by the rules and not by a database type."""
    kind = sa.Enum(
        enum,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )
    return Field(sa_column=sa.Column(kind, nullable=False))


def moment_column(*, optional: bool = False, index: bool = False) -> Any:
    """A column of UTC moments."""
    return Field(default=None, sa_column=sa.Column(UtcDateTime(), nullable=optional, index=index))


def serial_column() -> Any:
    """A primary key that the database numbers."""
    return Field(default=None, sa_column=sa.Column(_KEY, primary_key=True, autoincrement=True))


def prison_column(*, primary: bool = False, index: bool = False) -> Any:
    """The prison that a row belongs to."""
    reference = sa.ForeignKey("prison.id")
    return Field(
        sa_column=sa.Column(_KEY, reference, primary_key=primary, autoincrement=False, nullable=False, index=index)
    )
