"""a statement's history tells more of a step than its reason"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
    op.add_column("statement_event", sa.Column("details", json, nullable=True))


def downgrade() -> None:
    op.drop_column("statement_event", "details")
