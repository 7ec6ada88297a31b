"""partnerships, plans and their history"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

from app.models.columns import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = (
    "partnership",
    "partnership_prison",
    "plan",
    "plan_heading",
    "plan_action",
    "plan_update",
    "plan_change",
)


def upgrade() -> None:
    _create_partnerships()
    _create_plan()
    _create_rows()
    _create_history()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_partnerships() -> None:
    op.create_table(
        "partnership",
        _text("id", 36),
        _text("name", 200),
        _text("region", 40),
        *_version("changed"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partnership")),
        sa.UniqueConstraint("name", name=op.f("uq_partnership_name")),
    )
    op.create_table(
        "partnership_prison",
        _text("partnership_id", 36),
        sa.Column("prison_id", _key(), autoincrement=False, nullable=False),
        _reference("partnership_prison", "partnership_id", "partnership"),
        _reference("partnership_prison", "prison_id", "prison"),
        sa.PrimaryKeyConstraint("partnership_id", "prison_id", name=op.f("pk_partnership_prison")),
    )
    op.create_index(op.f("ix_partnership_prison_prison_id"), "partnership_prison", ["prison_id"])


def _create_plan() -> None:
    op.create_table(
        "plan",
        _text("id", 36),
        sa.Column("prison_id", sa.BigInteger(), nullable=True),
        _text("partnership_id", 36, optional=True),
        _text("status", 20),
        sa.Column("state", _json(), nullable=False),
        sa.Column("approved_version", sa.Integer(), nullable=True),
        sa.Column("approved_at", UtcDateTime(length=27), nullable=True),
        sa.Column("created_at", UtcDateTime(length=27), nullable=False),
        *_version("changed"),
        sa.CheckConstraint("(prison_id IS NULL) <> (partnership_id IS NULL)", name=op.f("ck_plan_owner")),
        _reference("plan", "prison_id", "prison"),
        _reference("plan", "partnership_id", "partnership"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
    )
    for columns in (["prison_id"], ["partnership_id"], ["created_at", "id"]):
        op.create_index(op.f(f"ix_plan_{'_'.join(columns)}"), "plan", columns)


def _create_rows() -> None:
    op.create_table(
        "plan_heading",
        sa.Column("plan_id", sa.String(length=36), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        _text("kind", 20),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", _json(), nullable=False),
        _reference("plan_heading", "plan_id", "plan"),
        sa.PrimaryKeyConstraint("plan_id", "row", name=op.f("pk_plan_heading")),
    )
    op.create_table(
        "plan_action",
        sa.Column("plan_id", sa.String(length=36), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        _text("ref", 80),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", _json(), nullable=False),
        _text("by_when_kind", 20),
        sa.Column("latest", sa.Date(), nullable=True),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        _text("waits_for", 80, optional=True),
        _text("sections", 120),
        sa.Column("owners", sa.Text(), nullable=False),
        _reference("plan_action", "plan_id", "plan"),
        sa.PrimaryKeyConstraint("plan_id", "row", name=op.f("pk_plan_action")),
        sa.UniqueConstraint("plan_id", "ref", name=op.f("uq_plan_action_plan_id_ref")),
    )


def _create_history() -> None:
    op.create_table(
        "plan_update",
        sa.Column("id", _key(), autoincrement=True, nullable=False),
        sa.Column("plan_id", sa.String(length=36), nullable=False),
        sa.Column("row", sa.Integer(), nullable=True),
        sa.Column("on", sa.Date(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        _text("by", 200),
        sa.Column("at", UtcDateTime(length=27), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("provenance", _json(), nullable=True),
        _reference("plan_update", "plan_id", "plan"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_update")),
    )
    op.create_index(op.f("ix_plan_update_plan_id_id"), "plan_update", ["plan_id", "id"])
    op.create_table(
        "plan_change",
        sa.Column("id", _key(), autoincrement=True, nullable=False),
        sa.Column("plan_id", sa.String(length=36), nullable=False),
        sa.Column("row", sa.Integer(), nullable=True),
        _text("ref", 80, optional=True),
        _text("kind", 20),
        _text("step", 40),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(length=27), nullable=False),
        _text("by_id", 80),
        _text("by_name", 200),
        _text("by_role", 20),
        _text("request_id", 64, optional=True),
        sa.Column("changes", _json(), nullable=False),
        sa.Column("state", _json(), nullable=True),
        _reference("plan_change", "plan_id", "plan"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_change")),
    )
    op.create_index(op.f("ix_plan_change_plan_id_row_id"), "plan_change", ["plan_id", "row", "id"])
    op.create_index(op.f("ix_plan_change_plan_id_id"), "plan_change", ["plan_id", "id"])


def _version(done: str) -> "tuple[sa.Column[object], ...]":
    """A version, when it was made and by whom."""
    return (
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(f"{done}_at", UtcDateTime(length=27), nullable=False),
        _text(f"{done}_by", 200),
    )


def _reference(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _json() -> sa.types.TypeEngine[object]:
    return sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def _text(name: str, length: int, *, optional: bool = False) -> "sa.Column[object]":
    kind = sqlmodel.sql.sqltypes.AutoString(length=length)
    return sa.Column(name, kind, nullable=optional)
