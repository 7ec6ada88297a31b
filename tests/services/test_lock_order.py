"""Locks are taken in one order, so that two who change the same things wait for each other and nothing worse."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError, local
from typing import Any

from sqlalchemy import event, select
from sqlmodel import col

from app.models import Webhook
from app.rules.access import Caller, Principal, Role
from app.services.keys import KeyScope, create_key, revoke_key
from app.services.webhooks import NewWebhook, WebhookPolicy, create_webhook, end_webhook
from app.storage.webhook_key import WebhookKey
from tests.support.service import STARTS_AT, Service

ADMIN = Caller(Principal("key:1", "Administrator", Role.ADMIN), STARTS_AT)
# Long enough for the other one to take its first lock, where it can.
MEETING_SECONDS = 1.0


def test_a_key_and_its_webhook_are_ended_at_once(service: Service):
    """Each waits, with its first lock on a webhook or the chain, until the other one has its own."""
    with service.database.session_scope() as session:
        key, _ = create_key(session, "Integrator", KeyScope(Role.NATIONAL), caller=ADMIN)
        owner = Caller(Principal(f"key:{key.id}", "Integrator", Role.NATIONAL), STARTS_AT)
        sealed = WebhookKey(service.settings.webhook_key_file)
        wanted = NewWebhook("https://example.org/", "All")
        hook, _ = create_webhook(session, wanted, WebhookPolicy(), sealed, caller=owner)
    meeting, mine = Barrier(2, timeout=MEETING_SECONDS), local()

    def meet(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if ("FROM webhook" in statement or "FROM audit_head" in statement) and not hasattr(mine, "has_met"):
            mine.has_met = True
            with suppress(BrokenBarrierError):
                meeting.wait()

    def revoke() -> None:
        with service.database.session_scope() as session:
            revoke_key(session, key.id, caller=ADMIN)

    def end() -> None:
        with service.database.session_scope() as session:
            end_webhook(session, hook.id, caller=owner)

    event.listen(service.database.write_engine, "after_cursor_execute", meet)
    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(revoke), pool.submit(end)]:
            one.result()
    with service.database.reading() as session:
        assert session.scalar(select(col(Webhook.ended_at)).where(col(Webhook.id) == hook.id)) == STARTS_AT
