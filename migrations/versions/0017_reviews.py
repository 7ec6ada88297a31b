"""reviews, their history, and how many challenges are open in a period"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

from app.models.columns import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_OPEN = sa.text("kind = 'challenged' AND closed IS NULL")


def upgrade() -> None:
    _create_review()
    _create_history()
    # No challenge was ever open before there were any.
    op.add_column("prison_period", sa.Column("open_challenges", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("prison_period", "open_challenges")
    op.drop_table("review_event")
    op.drop_table("review")


def _create_review() -> None:
    op.create_table(
        "review",
        _text("id", 36),
        sa.Column("prison_id", _key(), nullable=False),
        sa.Column("section", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        _text("rating", 5, optional=True),
        sa.Column("recommendation", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        _text("by", 200),
        sa.Column("at", UtcDateTime(length=27), nullable=False),
        sa.Column("answer", _json(), nullable=True),
        sa.Column("closed", _json(), nullable=True),
        sa.CheckConstraint("section BETWEEN 1 AND 35", name=op.f("ck_review_section")),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_review_prison_id_prison")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    op.create_index(op.f("ix_review_prison_id_section_at"), "review", ["prison_id", "section", "at"])
    op.create_index(op.f("ix_review_at_id"), "review", ["at", "id"])
    op.create_index("ix_review_open_challenge", "review", ["prison_id"], sqlite_where=_OPEN, postgresql_where=_OPEN)


def _create_history() -> None:
    op.create_table(
        "review_event",
        sa.Column("id", _key(), autoincrement=True, nullable=False),
        _text("review_id", 36),
        sa.Column("prison_id", _key(), nullable=False),
        sa.Column("at", UtcDateTime(length=27), nullable=False),
        _text("by_id", 80),
        _text("by_name", 200),
        _text("by_role", 20),
        _text("kind", 20),
        sa.Column("state", _json(), nullable=False),
        sa.Column("moves_verdict", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_review_event_prison_id_prison")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_event_review_id_review")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_event")),
    )
    op.create_index(op.f("ix_review_event_review_id"), "review_event", ["review_id"])
    op.create_index(op.f("ix_review_event_prison_id_at"), "review_event", ["prison_id", "at"])


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _json() -> sa.types.TypeEngine[object]:
    return sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def _text(name: str, length: int, *, optional: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sqlmodel.sql.sqltypes.AutoString(length=length), nullable=optional)
