"""what nothing reads of a period goes"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from app.models.columns import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("prison_period", "updated_at")
    op.drop_column("prison_period", "statement_id")


def downgrade() -> None:
    op.add_column("prison_period", sa.Column("updated_at", UtcDateTime(length=27), nullable=True))
    identity = sqlmodel.sql.sqltypes.AutoString(length=36)
    op.add_column("prison_period", sa.Column("statement_id", identity, nullable=True))
