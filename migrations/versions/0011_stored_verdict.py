"""the stored verdict has a table of that name: a standing is a statement's alone"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import app.models.columns

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _move("prison_standing", "stored_verdict")


def downgrade() -> None:
    _move("stored_verdict", "prison_standing")


def _move(before: str, after: str) -> None:
    """A table made anew, since SQLite cannot rename the constraints of one that is there."""
    columns = _columns()
    op.create_table(
        after,
        *columns,
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f(f"fk_{after}_prison_id_prison")),
        sa.PrimaryKeyConstraint("prison_id", name=op.f(f"pk_{after}")),
        sa.UniqueConstraint("code", name=op.f(f"uq_{after}_code")),
    )
    names = ", ".join(column.name for column in columns)
    op.execute(f"INSERT INTO {after} ({names}) SELECT {names} FROM {before}")  # noqa: S608 - names from this file
    op.drop_table(before)
    op.create_index(op.f(f"ix_{after}_blocker_count_code"), after, ["blocker_count", "code"])


def _columns() -> list["sa.Column[object]"]:
    def text(name: str, length: int) -> "sa.Column[object]":
        return sa.Column(name, sqlmodel.sql.sqltypes.AutoString(length=length), nullable=False)

    def moment(name: str, *, optional: bool) -> "sa.Column[object]":
        return sa.Column(name, app.models.columns.UtcDateTime(length=27), nullable=optional)

    return [
        sa.Column(
            "prison_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        text("code", 8),
        text("stage", 24),
        sa.Column("is_commissioning_ready", sa.Boolean(), nullable=False),
        sa.Column("is_eligible", sa.Boolean(), nullable=False),
        sa.Column("blocker_count", sa.Integer(), nullable=False),
        text("ratings", 35),
        moment("updated_at", optional=True),
        moment("section_changed_at", optional=True),
        moment("latest_at", optional=False),
        text("etag", 66),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("fresh_until", sa.Date(), nullable=False),
        text("judged_by", 64),
    ]
