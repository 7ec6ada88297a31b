"""Evidence files and withdrawals."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

import app.models.columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence_file",
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("store_key", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=False),
        sa.Column("stored_at", app.models.columns.UtcDateTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_evidence_file")),
        sa.UniqueConstraint("store_key", name=op.f("uq_evidence_file_store_key")),
    )
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
        batch_op.add_column(sa.Column("file_name", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=True))
        batch_op.add_column(sa.Column("withdrawn_at", app.models.columns.UtcDateTime(length=27), nullable=True))
        batch_op.add_column(sa.Column("withdrawn_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=True))
        batch_op.add_column(sa.Column("withdrawal_reason", sa.Text(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "withdrawn_from",
                sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
                nullable=True,
            )
        )
        batch_op.create_index(batch_op.f("ix_evidence_sha256"), ["sha256"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_evidence_sha256_evidence_file"), "evidence_file", ["sha256"], ["sha256"]
        )


def downgrade() -> None:
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_evidence_sha256_evidence_file"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_evidence_sha256"))
        for name in ("withdrawn_from", "withdrawal_reason", "withdrawn_by", "withdrawn_at", "file_name", "sha256"):
            batch_op.drop_column(name)
    op.drop_table("evidence_file")
