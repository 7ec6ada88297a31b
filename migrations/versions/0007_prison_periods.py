"""how long each verdict stood, without anything that is added up beside it

The periods are worked out from the history when the service next starts, or by `idts rebuild`; so they are after
going back.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import context, op

import app.models.columns

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STOOD = sa.text("stood_from < stood_until")


def _text(length: int) -> sqlmodel.sql.sqltypes.AutoString:
    return sqlmodel.sql.sqltypes.AutoString(length=length)


def _moment() -> app.models.columns.UtcDateTime:
    return app.models.columns.UtcDateTime(length=27)


def upgrade() -> None:
    for table in ("standing_version", "tally", "trend_step"):
        op.drop_table(table)
    op.create_table(
        "prison_period",
        sa.Column(
            "prison_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("from_at", _moment(), nullable=False),
        sa.Column("to_at", _moment(), nullable=False),
        sa.Column("code", _text(8), nullable=False),
        sa.Column("name", _text(100), nullable=False),
        sa.Column("region", _text(40), nullable=False),
        sa.Column("function", _text(32), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_by", sa.Date(), nullable=True),
        sa.Column("toolkit_version", _text(32), nullable=False),
        sa.Column("stage", _text(24), nullable=False),
        sa.Column("is_commissioning_ready", sa.Boolean(), nullable=False),
        sa.Column("is_eligible", sa.Boolean(), nullable=False),
        sa.Column("ratings", _text(35), nullable=False),
        sa.Column("blocking", sa.BigInteger(), nullable=False),
        sa.Column("exempt", sa.BigInteger(), nullable=False),
        sa.Column("blocker_count", sa.Integer(), nullable=False),
        sa.Column("updated_at", _moment(), nullable=True),
        sa.Column("section_changed_at", _moment(), nullable=True),
        sa.Column("quiet_since", _moment(), nullable=False),
        sa.Column("statement_id", _text(36), nullable=True),
        sa.Column("statement_serial", _text(24), nullable=True),
        sa.Column("statement_status", _text(12), nullable=True),
        sa.Column("statement_standing", _text(12), nullable=True),
        sa.Column("statement_raised_at", _moment(), nullable=True),
        sa.Column("statement_issued_at", _moment(), nullable=True),
        sa.Column("go_live_date", sa.Date(), nullable=True),
        sa.Column("live_on", sa.Date(), nullable=True),
        sa.Column("stood_from", sa.Integer(), nullable=False),
        sa.Column("stood_until", sa.Integer(), nullable=False),
        sa.Column("open_from", sa.Integer(), nullable=False),
        sa.Column("open_until", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_prison_period_prison_id_prison")),
        sa.PrimaryKeyConstraint("prison_id", "from_at", name=op.f("pk_prison_period")),
    )
    op.create_index("ix_prison_period_region_to_at_from_at", "prison_period", ["region", "to_at", "from_at"])
    op.create_index(
        "ix_prison_period_month_ends",
        "prison_period",
        [
            *("region", "open_from", "open_until", "stood_from", "stood_until"),
            *("is_commissioning_ready", "is_eligible", "stage"),
        ],
        sqlite_where=STOOD,
        postgresql_where=STOOD,
    )


def downgrade() -> None:
    op.drop_table("prison_period")
    context.script.get_revision("0004").module.create_periods_and_totals()
    context.script.get_revision("0006").module.upgrade()
