"""what dashboards and returns read"""

from datetime import date

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

import app.models.columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

REGIONS = (
    "east-midlands",
    "east-of-england",
    "london",
    "north-east",
    "north-west",
    "south-east",
    "south-west",
    "west-midlands",
    "yorkshire-and-the-humber",
)
COUNTERS = 118
CODES = (("prison", "code", False), ("prison_standing", "code", False), ("api_key", "prison_code", True))


def _text(length: int) -> sqlmodel.sql.sqltypes.AutoString:
    return sqlmodel.sql.sqltypes.AutoString(length=length)


def _moment() -> app.models.columns.UtcDateTime:
    return app.models.columns.UtcDateTime(length=27)


def upgrade() -> None:
    _codes_of(8, was=3)
    create_periods_and_totals()
    _create_returns()
    op.create_index("ix_prison_standing_blocker_count_code", "prison_standing", ["blocker_count", "code"])


def create_periods_and_totals() -> None:
    _create_standing_version()
    _create_totals()
    # Every shard's totals of now are there from the start, so that its first writers meet on a row.
    tally = sa.table(
        "tally",
        *(sa.column(name) for name in ("region", "shard", "changes", "numbers")),
        sa.column("day", sa.Date()),
        sa.column("latest_on", sa.Date()),
    )
    nothing = "[" + ",".join("0" * COUNTERS) + "]"
    op.bulk_insert(
        tally,
        [
            {"region": region, "shard": shard, "day": date.max, "latest_on": date.min, "changes": 0, "numbers": nothing}
            for region in REGIONS
            for shard in range(8)
        ],
    )


def _codes_of(length: int, *, was: int) -> None:
    for table, column, nullable in CODES:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(column, existing_type=_text(was), type_=_text(length), existing_nullable=nullable)


def _create_standing_version() -> None:
    op.create_table(
        "standing_version",
        sa.Column(
            "prison_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("from_at", _moment(), nullable=False),
        sa.Column("to_at", _moment(), nullable=True),
        sa.Column("node", sa.Integer(), nullable=False),
        sa.Column("is_bounded", sa.Boolean(), nullable=False),
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
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_standing_version_prison_id_prison")),
        sa.PrimaryKeyConstraint("prison_id", "from_at", name=op.f("pk_standing_version")),
    )
    current = sa.text("to_at IS NULL")
    dated = sa.text("to_at IS NULL AND go_live_date IS NOT NULL")
    for name, columns, where, unique in (
        ("uq_standing_version_current", ["prison_id"], current, True),
        ("ix_standing_version_code", ["code"], current, False),
        ("ix_standing_version_quiet", ["quiet_since", "code"], current, False),
        ("ix_standing_version_blockers", ["blocker_count", "code"], current, False),
        ("ix_standing_version_go_live", ["go_live_date", "code"], dated, False),
        ("ix_standing_version_region_code", ["region", "code"], current, False),
        ("ix_standing_version_region_blockers", ["region", "blocker_count", "code"], current, False),
        ("ix_standing_version_region_quiet", ["region", "quiet_since", "code"], current, False),
        ("ix_standing_version_region_go_live", ["region", "go_live_date", "code"], dated, False),
    ):
        op.create_index(name, "standing_version", columns, unique=unique, sqlite_where=where, postgresql_where=where)
    op.create_index(
        "ix_standing_version_region_bounded",
        "standing_version",
        ["region"],
        sqlite_where=sa.text("is_bounded = 1"),
        postgresql_where=sa.text("is_bounded"),
    )
    op.create_index("ix_standing_version_region_node", "standing_version", ["region", "node", "to_at", "from_at"])
    op.create_index("ix_standing_version_region_from_at", "standing_version", ["region", "from_at"])
    op.create_index("ix_standing_version_region_to_at", "standing_version", ["region", "to_at"])


def _create_totals() -> None:
    op.create_table(
        "tally",
        sa.Column("region", _text(40), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("latest_on", sa.Date(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("numbers", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("region", "shard", "day", name=op.f("pk_tally")),
    )
    op.create_table(
        "trend_step",
        sa.Column("region", _text(40), nullable=False),
        sa.Column("month", _text(7), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("prisons", sa.Integer(), nullable=False),
        sa.Column("commissioning_ready", sa.Integer(), nullable=False),
        sa.Column("eligible", sa.Integer(), nullable=False),
        sa.Column("live", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("region", "month", "shard", name=op.f("pk_trend_step")),
    )


def _create_returns() -> None:
    op.create_table(
        "return_revision",
        sa.Column("month", _text(7), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", _text(64), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "corrections",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("frozen_at", _moment(), nullable=False),
        sa.Column("frozen_by_id", _text(80), nullable=False),
        sa.Column("frozen_by", _text(200), nullable=False),
        sa.PrimaryKeyConstraint("month", "revision", name=op.f("pk_return_revision")),
    )
    op.create_table(
        "return_row",
        sa.Column("month", _text(7), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("code", _text(8), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["month", "revision"],
            ["return_revision.month", "return_revision.revision"],
            name=op.f("fk_return_row_month_return_revision"),
        ),
        sa.PrimaryKeyConstraint("month", "revision", "code", name=op.f("pk_return_row")),
    )


def downgrade() -> None:
    for table in ("return_row", "return_revision", "trend_step", "tally", "standing_version"):
        op.drop_table(table)
    op.drop_index("ix_prison_standing_blocker_count_code", "prison_standing")
    _codes_of(3, was=8)
