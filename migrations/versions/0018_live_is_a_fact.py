"""that a prison is live is a fact about the prison, until its region records that the service ended"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import app.models.columns

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("prison", sa.Column("live_on", sa.Date(), nullable=True))
    # The first go-live that was confirmed; until now nobody could record that a service had ended.
    op.execute(
        "UPDATE prison SET live_on = (SELECT min(statement.live_on) FROM statement"
        " WHERE statement.prison_id = prison.id AND statement.live_on IS NOT NULL)"
    )
    op.create_table(
        "service_end",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("prison_id", _KEY, autoincrement=False, nullable=False),
        sa.Column("at", app.models.columns.UtcDateTime(length=27), nullable=False),
        sa.Column("by_id", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=False),
        sa.Column("by_name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("by_role", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("moves_verdict", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_service_end_prison_id_prison")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_end")),
    )
    op.create_index(op.f("ix_service_end_prison_id"), "service_end", ["prison_id"])


def downgrade() -> None:
    op.drop_table("service_end")
    op.drop_column("prison", "live_on")
