"""a frozen row of a return says its region"""

import json

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ROW = sa.table("return_row", *(sa.column(name) for name in ("month", "revision", "code", "region", "content")))


def upgrade() -> None:
    # Empty until it is filled in below; nothing inserts meanwhile.
    region = sa.Column("region", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False, server_default="")
    op.add_column("return_row", region)
    connection = op.get_bind()
    keys = (_ROW.c.month, _ROW.c.revision, _ROW.c.code)
    fill = (
        sa.update(_ROW)
        .where(*(key == sa.bindparam(f"of_{key.name}") for key in keys))
        .values(region=sa.bindparam("of_region"))
    )
    # The content itself stays as it was frozen: it has the region by its name.
    rows = [
        {"of_month": month, "of_revision": number, "of_code": code, "of_region": _slug(content)}
        for month, number, code, content in connection.execute(sa.select(*keys, _ROW.c.content))
    ]
    if rows:
        connection.execute(fill, rows)
    with op.batch_alter_table("return_row") as table:
        table.alter_column("region", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("return_row") as table:
        table.drop_column("region")


def _slug(content: str) -> str:
    return str(json.loads(content)["region"]).lower().replace(" ", "-")
