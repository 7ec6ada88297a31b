"""readiness meetings, which statements show"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

import app.models.columns

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
    op.create_table(
        "readiness_meeting",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("prison_id", _KEY, autoincrement=False, nullable=False),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.Column("not_held_reason", sa.Text(), nullable=True),
        sa.Column("who", json, nullable=False),
        sa.Column("evidence", json, nullable=False),
        sa.Column("at", app.models.columns.UtcDateTime(length=27), nullable=False),
        sa.Column("by_id", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("by_role", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_readiness_meeting_prison_id_prison")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readiness_meeting")),
    )
    op.create_index(op.f("ix_readiness_meeting_prison_id_at"), "readiness_meeting", ["prison_id", "at"])
    op.add_column("statement", sa.Column("readiness_meeting", json, nullable=True))


def downgrade() -> None:
    op.drop_column("statement", "readiness_meeting")
    op.drop_table("readiness_meeting")
