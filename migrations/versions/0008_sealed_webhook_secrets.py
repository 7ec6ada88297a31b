"""Webhook secrets are sealed under a key file in the data directory; until now they lay here as they are."""

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from alembic import context, op

from app.settings import Settings
from app.storage.webhook_key import WebhookKey

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_WEBHOOK = sa.table("webhook", sa.column("id", sa.BigInteger), sa.column("secret", sa.Text))


def upgrade() -> None:
    with op.batch_alter_table("webhook") as batch:
        batch.alter_column("secret", existing_type=sa.String(80), type_=sa.Text(), existing_nullable=False)
    key = _key()

    def seal(secret: str) -> str:
        if not key.is_there():
            key.add()
        return key.seal(secret)

    _rewrite(seal)


def downgrade() -> None:
    _rewrite(_key().open)
    with op.batch_alter_table("webhook") as batch:
        batch.alter_column("secret", existing_type=sa.Text(), type_=sa.String(80), existing_nullable=False)


def _key() -> WebhookKey:
    directory = context.config.attributes.get("data_dir") or Settings().data_dir
    return WebhookKey(Path(directory) / "webhook-key.json")


def _rewrite(change: Callable[[str], str]) -> None:
    connection = op.get_bind()
    for webhook_id, secret in connection.execute(sa.select(_WEBHOOK.c.id, _WEBHOOK.c.secret)).all():
        connection.execute(sa.update(_WEBHOOK).where(_WEBHOOK.c.id == webhook_id).values(secret=change(secret)))
