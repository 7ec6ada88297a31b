"""when the service that a statement went live on ended"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("statement", sa.Column("service_ended_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("statement", "service_ended_on")
