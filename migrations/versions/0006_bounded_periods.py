"""The periods that the calendar opens and closes: found by when they stood, and counted without their rows."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NAME = "ix_standing_version_region_bounded"
WHERE = {"sqlite_where": sa.text("is_bounded = 1"), "postgresql_where": sa.text("is_bounded")}
COLUMNS = (
    *("region", "to_at", "from_at", "opened_on", "closed_by"),
    *("is_commissioning_ready", "is_eligible", "stage"),
)


def upgrade() -> None:
    op.drop_index(NAME, "standing_version")
    op.create_index(NAME, "standing_version", COLUMNS, **WHERE)


def downgrade() -> None:
    op.drop_index(NAME, "standing_version")
    op.create_index(NAME, "standing_version", ["region"], **WHERE)
