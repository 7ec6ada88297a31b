"""staff in hundredths, what a note says, and whether an item of evidence is of substance"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
_SECTION = sa.table(
    "section_assessment",
    *(sa.column(name, sa.Integer) for name in ("prison_id", "number", "staff_in_post", "staff_required")),
    sa.column("evidence", _JSON),
)
_EVIDENCE = sa.table("evidence", *(sa.column(name, sa.Text) for name in ("id", "kind", "reference", "sha256")))
_STAFF = ("staff_in_post", "staff_required")
_HAS_STAFF = sa.or_(*(_SECTION.c[name].is_not(None) for name in _STAFF))


def upgrade() -> None:
    op.add_column("evidence", sa.Column("text", sa.Text(), nullable=True))
    op.execute(sa.update(_SECTION).where(_HAS_STAFF).values({name: _SECTION.c[name] * 100 for name in _STAFF}))
    columns = sa.select(*(_EVIDENCE.c[name] for name in ("id", "kind", "reference", "sha256")))
    sound = {item_id: _is_sound(*of_item) for item_id, *of_item in op.get_bind().execute(columns)}
    _rewrite(lambda item: item | {"sound": sound[item["id"]]})


def downgrade() -> None:
    """Half of a post is less than a post."""
    _rewrite(lambda item: {"id": item["id"], "on": item["on"]})
    op.execute(sa.update(_SECTION).where(_HAS_STAFF).values({name: _SECTION.c[name] // 100 for name in _STAFF}))
    op.drop_column("evidence", "text")


def _is_sound(kind: str, reference: str | None, sha256: str | None) -> bool:
    """Until now a note was its title alone."""
    if kind == "note":
        return False
    return kind == "link" or sha256 is not None or bool((reference or "").strip())


def _rewrite(change: Any) -> None:
    """The present only: what history says of an item stays as it was written."""
    connection = op.get_bind()
    rows = connection.execute(sa.select(_SECTION.c.prison_id, _SECTION.c.number, _SECTION.c.evidence)).all()
    changed = [
        {"of_prison": prison_id, "of_number": number, "evidence": [change(item) for item in evidence]}
        for prison_id, number, evidence in rows
        if evidence
    ]
    if changed:
        of_section = (_SECTION.c.prison_id == sa.bindparam("of_prison")) & (
            _SECTION.c.number == sa.bindparam("of_number")
        )
        connection.execute(sa.update(_SECTION).where(of_section), changed)
