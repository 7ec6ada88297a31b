"""which toolkit and rules made a stored verdict; those from before are worked out anew at the next start"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    judged_by = sa.Column(
        "judged_by", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False, server_default=sa.text("''")
    )
    op.add_column("prison_standing", judged_by)


def downgrade() -> None:
    op.drop_column("prison_standing", "judged_by")
