"""corrections of the title of an item of evidence"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
    op.add_column("evidence", sa.Column("corrections", kind, nullable=True))


def downgrade() -> None:
    op.drop_column("evidence", "corrections")
