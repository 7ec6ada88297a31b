"""when anything about a prison was last written stands beside its verdict, in the row that each change updates anyway"""

import sqlalchemy as sa
from alembic import op

from app.models.columns import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _move("prison", "id", "prison_standing", "prison_id")


def downgrade() -> None:
    _move("prison_standing", "prison_id", "prison", "id")


def _move(from_table: str, from_key: str, to_table: str, to_key: str) -> None:
    """Take the column `latest_at` with all that it holds from one table to the other."""
    moment = UtcDateTime(length=27)
    op.add_column(to_table, sa.Column("latest_at", moment, nullable=True))
    source, target = (
        sa.table(name, sa.column(key), sa.column("latest_at"))
        for name, key in ((from_table, from_key), (to_table, to_key))
    )
    same = source.c[from_key] == target.c[to_key]
    op.execute(target.update().values(latest_at=sa.select(source.c.latest_at).where(same).scalar_subquery()))
    with op.batch_alter_table(to_table) as batch:
        batch.alter_column("latest_at", existing_type=moment, nullable=False)
    with op.batch_alter_table(from_table) as batch:
        batch.drop_column("latest_at")
