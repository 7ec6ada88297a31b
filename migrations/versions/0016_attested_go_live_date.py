"""the planned go-live date can be moved; the one that was attested stays beside it"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("statement", sa.Column("attested_go_live_date", sa.Date(), nullable=True))
    op.execute("UPDATE statement SET attested_go_live_date = go_live_date")
    with op.batch_alter_table("statement") as batch:
        batch.alter_column("attested_go_live_date", existing_type=sa.Date(), nullable=False)


def downgrade() -> None:
    op.execute("UPDATE statement SET go_live_date = attested_go_live_date")
    with op.batch_alter_table("statement") as batch:
        batch.drop_column("attested_go_live_date")
