"""periods have the target dates and the staff of a prison; they are worked out again by the next start"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

STAFF = [f"staff_{name}_{number}" for number in (14, 16) for name in ("in_post", "required")]


def upgrade() -> None:
    # Nothing is in them until the prison is settled, which a start does: its verdict was made by other rules.
    op.add_column("prison_period", sa.Column("targets", sa.Text(), nullable=True))
    for name in STAFF:
        op.add_column("prison_period", sa.Column(name, sa.Integer(), nullable=True))
    moved = sa.text("kind = 'go_live_date_moved'")
    op.create_index(
        "ix_statement_event_moved", "statement_event", ["prison_id"], sqlite_where=moved, postgresql_where=moved
    )


def downgrade() -> None:
    op.drop_index("ix_statement_event_moved", table_name="statement_event")
    for name in ("targets", *STAFF):
        op.drop_column("prison_period", name)
