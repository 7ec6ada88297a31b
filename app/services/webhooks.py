"""Webhooks: made, ended, and their deliveries replayed; never deleted."""

import base64
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import Conflict, FieldFault, Forbidden, Outdated, Refused
from app.models import Prison, Webhook, WebhookDelivery
from app.queries.prisons import unknown_prison
from app.queries.webhooks import (
    DeliveryStatus,
    DeliveryView,
    WebhookView,
    read_delivery,
    seen_by,
    unknown_webhook,
    webhook_view,
)
from app.rules.access import BOUND_TO_PRISON, BOUND_TO_REGION, Caller, Principal, scope_refusal
from app.services.addresses import is_literal, is_public
from app.services.audit import Act, record, record_all
from app.services.turns import wait_for_turn
from app.storage.webhook_key import UnreadableSecret, WebhookKey

SECRET_PREFIX = "whsec_"  # noqa: S105  # nosec B105 - how receivers' libraries recognise a secret
MOST_ACTIVE_PER_KEY = 20


@dataclass(frozen=True, slots=True)
class WebhookPolicy:
    """What the operator allows beyond public addresses over TLS."""

    plain_http: bool = False
    private_addresses: bool = False


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook to make. `kinds` is None for every kind, `region` a slug, `prison` a code."""

    url: str
    description: str
    kinds: Sequence[str] | None = None
    region: str | None = None
    prison: str | None = None


def create_webhook(
    session: Session, wanted: NewWebhook, policy: WebhookPolicy, key: WebhookKey, *, caller: Caller
) -> tuple[WebhookView, str]:
    """Make a webhook and answer with it and its secret, which is shown this once and kept sealed under `key`.

    A prison's key gets the events of its own prison, a region's of its own region or a prison in it. Refused where
    the address is not one that the operator allows, Conflict where the caller has too many webhooks.
    """
    _refuse_address(wanted.url, policy)
    region, prison = _scope(session, wanted, caller.by)
    wait_for_turn(session, f"webhooks of {caller.by.id}")
    active = select(func.count()).where(col(Webhook.owner_id) == caller.by.id, col(Webhook.ended_at).is_(None))
    if (session.scalar(active) or 0) >= MOST_ACTIVE_PER_KEY:
        raise Conflict("too-many-webhooks", f"A key keeps at most {MOST_ACTIVE_PER_KEY} webhooks. End one first.")
    _ensure_key(session, key)
    secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    hook = Webhook(
        owner_id=caller.by.id,
        owner_name=caller.by.name,
        url=wanted.url,
        kinds=None if wanted.kinds is None else f",{','.join(sorted(set(wanted.kinds)))},",
        region=region,
        prison_code=prison,
        description=wanted.description,
        secret=key.seal(secret),
        created_at=caller.at,
    )
    session.add(hook)
    session.flush()
    view = webhook_view(hook)
    record_all(session, [_act("webhook.created", None, view)], caller=caller, at=caller.at)
    return view, secret


def _ensure_key(session: Session, key: WebhookKey) -> None:
    """The first webhook makes the key. Later ones do not: where the key is lost, somebody has to know."""
    if not key.is_there():
        wait_for_turn(session, "first webhook")
        if session.scalar(select(col(Webhook.id)).limit(1)) is None:
            key.add()


def reseal_secrets(session: Session, key: WebhookKey, *, caller: Caller) -> int:
    """Seal every secret with the newest key of the file; webhooks whose secrets cannot be read end. How many did."""
    ended = []
    for hook in session.scalars(select(Webhook).order_by(col(Webhook.id)).with_for_update(key_share=True)).all():
        try:
            hook.secret = key.seal(key.open(hook.secret))
        except UnreadableSecret:
            if hook.ended_at is None:
                ended.append(_end(session, hook, caller))
    if ended:
        record_all(session, ended, caller=caller, at=caller.at)
    return len(ended)


def end_webhook(
    session: Session, webhook_id: int, *, caller: Caller, still_current: Callable[[WebhookView], bool] | None = None
) -> WebhookView:
    """Deliver nothing more to a webhook; ending one that has ended changes nothing.

    `still_current` says whether the caller's copy (If-Match) is the present one; Outdated if it is not.
    """
    hook = session.scalar(
        select(Webhook).where(col(Webhook.id) == webhook_id, seen_by(caller.by)).with_for_update(key_share=True)
    )
    if hook is None:
        raise unknown_webhook(webhook_id)
    if still_current is not None and not still_current(webhook_view(hook)):
        raise Outdated("outdated-copy", "The webhook has changed since you read it. Read it again first.")
    if hook.ended_at is None:
        record_all(session, [_end(session, hook, caller)], caller=caller, at=caller.at)
    return webhook_view(hook)


def end_webhooks_of(session: Session, owner_id: str, *, caller: Caller) -> list[Act]:
    """A key that may not read any more is not told any more either; what was done, for the audit trail.

    The caller records it, since the service's chain is locked last, after every webhook.
    """
    owned = select(Webhook).where(col(Webhook.owner_id) == owner_id, col(Webhook.ended_at).is_(None))
    hooks = session.scalars(owned.order_by(col(Webhook.id)).with_for_update(key_share=True)).all()
    return [_end(session, hook, caller) for hook in hooks]


def _end(session: Session, hook: Webhook, caller: Caller) -> Act:
    before = webhook_view(hook)
    hook.ended_at, hook.ended_by = caller.at, caller.by.name
    session.flush()
    return _act("webhook.ended", before, webhook_view(hook))


def replay_delivery(session: Session, webhook_id: int, delivery_id: int, *, caller: Caller) -> DeliveryView:
    """Deliver a message again, under its own id and with all the attempts of a new one.

    Conflict where its webhook has ended, and while an attempt is under way.
    """
    hook = session.scalar(select(Webhook).where(col(Webhook.id) == webhook_id, seen_by(caller.by)))
    if hook is None:
        raise unknown_webhook(webhook_id)
    if hook.ended_at is not None:
        raise Conflict(
            "webhook-ended", f"Webhook {webhook_id} has ended. Make a new one to be told of what is to come."
        )
    delivery = session.scalar(
        select(WebhookDelivery)
        .where(col(WebhookDelivery.id) == delivery_id, col(WebhookDelivery.webhook_id) == webhook_id)
        .with_for_update()
    )
    before = read_delivery(session, webhook_id, delivery_id)
    assert delivery is not None
    if delivery.claimed_until is not None and delivery.claimed_until > caller.at:
        raise Conflict("delivery-under-way", "It is being delivered just now. Look again when the attempt has ended.")
    session.execute(
        update(WebhookDelivery)
        .where(col(WebhookDelivery.id) == delivery_id)
        .values(
            status=DeliveryStatus.PENDING.value,
            schedule_from=delivery.attempts,
            due_at=caller.at,
            claimed_until=None,
        )
    )
    subject = f"/v1/webhooks/{webhook_id}/deliveries/{delivery_id}"
    old = {"status": before.status.value, "attempts": before.attempts}
    new = old | {"status": DeliveryStatus.PENDING.value}
    record(session, caller=caller, at=caller.at, action="webhook.replayed", subject=subject, before=old, after=new)
    return read_delivery(session, webhook_id, delivery_id)


def _refuse_address(url: str, policy: WebhookPolicy) -> None:
    """What can be told from the address alone; what its name stands for is looked up at every delivery."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    detail = None
    if parts.scheme != "https" and not policy.plain_http:
        detail = "Messages are delivered over https only. Give an address that begins with https://."
    elif is_literal(host) and not is_public(host) and not policy.private_addresses:
        detail = f"{host} is not a public address. Give one that can be reached over the internet."
    if detail is not None:
        raise Refused("webhook-address-refused", detail, [FieldFault("/url", detail)])


def _scope(session: Session, wanted: NewWebhook, by: Principal) -> tuple[str | None, str | None]:
    """The region and the prison to hear of, narrowed to the caller's own."""
    region, prison = wanted.region, wanted.prison
    if by.role in BOUND_TO_PRISON:
        prison = prison or by.prison
    if by.role in BOUND_TO_REGION:
        region = region or by.region
        if region != by.region:
            raise Forbidden("out-of-scope", f"This key is for the region {by.region}: leave region out, or give that.")
    if prison is not None:
        found = session.execute(
            select(col(Prison.code), col(Prison.region)).where(col(Prison.code) == prison.upper())
        ).first()
        if found is None:
            raise unknown_prison(prison)
        if (reason := scope_refusal(by, prison=found.code, region=found.region)) is not None:
            raise Forbidden(reason.code, reason.detail)
        prison = found.code
    return region, prison


def _act(action: str, before: WebhookView | None, after: WebhookView) -> Act:
    return Act(action, f"/v1/webhooks/{after.id}", _document(before) if before else None, _document(after))


def _document(view: WebhookView) -> dict[str, object]:
    return {name: None if value is None else str(value) for name, value in asdict(view).items()}
