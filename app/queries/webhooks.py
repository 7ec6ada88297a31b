"""Webhooks and their deliveries: what their keepers see, and what is due."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, or_, select
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from app.errors import NotFound
from app.models import ChangeEvent, Webhook, WebhookDelivery
from app.models.columns import columns_of
from app.rules.access import Principal, Role
from app.rules.regions import RegionRef, region_ref
from app.rules.types import AnyCase


class DeliveryStatus(AnyCase):
    """The state of a delivery. `cancelled` means that its webhook ended before the message arrived."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class WebhookView:
    """An address to which changes are posted, without its secret. `kinds` is null for every kind."""

    id: int
    url: str
    description: str
    kinds: list[str] | None
    region: RegionRef | None
    prison: str | None
    active: bool
    created_at: datetime
    created_by: str
    ended_at: datetime | None
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One event on its way to a webhook. `next_attempt_at` is null if there will be none.

    `last_status` is the HTTP status of the last answer, `last_error` why there was none, or why it was not accepted.
    """

    id: int
    message_id: str
    event_id: int
    kind: str
    subject: str
    status: DeliveryStatus
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    attempted_at: datetime | None
    delivered_at: datetime | None
    last_status: int | None
    last_error: str | None


def message_id(webhook_id: int, event_id: int) -> str:
    """What receivers know a message by: the same on every attempt and every replay."""
    return f"msg_{webhook_id}_{event_id}"


def webhook_view(hook: Webhook) -> WebhookView:
    assert hook.id is not None
    return WebhookView(
        id=hook.id,
        url=hook.url,
        description=hook.description,
        kinds=None if hook.kinds is None else hook.kinds.strip(",").split(","),
        region=region_ref(hook.region),
        prison=hook.prison_code,
        active=hook.ended_at is None,
        created_at=hook.created_at,
        created_by=hook.owner_name,
        ended_at=hook.ended_at,
        ended_by=hook.ended_by,
    )


def seen_by(by: Principal) -> ColumnElement[bool]:
    """A key keeps its own webhooks; an administrator sees everybody's."""
    return col(Webhook.id).is_not(None) if by.role is Role.ADMIN else col(Webhook.owner_id) == by.id


def unknown_webhook(webhook_id: int) -> NotFound:
    return NotFound("not-found", f"You have no webhook {webhook_id}. GET /v1/webhooks lists yours.")


def read_webhook(session: Session, webhook_id: int, by: Principal) -> WebhookView:
    hook = session.scalar(select(Webhook).where(col(Webhook.id) == webhook_id, seen_by(by)))
    if hook is None:
        raise unknown_webhook(webhook_id)
    return webhook_view(hook)


def list_webhooks(session: Session, by: Principal, *, before: int | None, limit: int) -> list[WebhookView]:
    """Webhooks that the caller may see, newest first, ended ones included."""
    statement = select(Webhook).where(seen_by(by)).order_by(col(Webhook.id).desc()).limit(limit)
    if before is not None:
        statement = statement.where(col(Webhook.id) < before)
    return [webhook_view(hook) for hook in session.scalars(statement)]


# What is on its way to a webhook that has ended will not arrive any more.
_STATUS = case(
    (
        and_(col(WebhookDelivery.status) == DeliveryStatus.PENDING, col(Webhook.ended_at).is_not(None)),
        DeliveryStatus.CANCELLED.value,
    ),
    else_=col(WebhookDelivery.status),
)
_DELIVERIES = (
    select(
        *columns_of(WebhookDelivery, "id webhook_id event_id"),
        *columns_of(ChangeEvent, "kind subject"),
        _STATUS,
        *columns_of(WebhookDelivery, "attempts created_at due_at attempted_at delivered_at last_status last_error"),
    )
    .join(Webhook, col(Webhook.id) == col(WebhookDelivery.webhook_id))
    .join(ChangeEvent, col(ChangeEvent.id) == col(WebhookDelivery.event_id))
)


def _delivery_view(row: Any) -> DeliveryView:
    delivery_id, webhook_id, event_id, kind, subject, status, attempts, created_at, due_at, *rest = row
    status = DeliveryStatus(status)
    message = message_id(webhook_id, event_id)
    next_at = due_at if status is DeliveryStatus.PENDING else None
    return DeliveryView(delivery_id, message, event_id, kind, subject, status, attempts, created_at, next_at, *rest)


def list_deliveries(
    session: Session, webhook_id: int, *, status: DeliveryStatus | None, before: int | None, limit: int
) -> list[DeliveryView]:
    """Deliveries of one webhook, newest first."""
    statement = _DELIVERIES.where(col(WebhookDelivery.webhook_id) == webhook_id)
    if status is not None:
        statement = statement.where(_STATUS.in_([status.value]))
    if before is not None:
        statement = statement.where(col(WebhookDelivery.id) < before)
    rows = session.execute(statement.order_by(col(WebhookDelivery.id).desc()).limit(limit))
    return [_delivery_view(row) for row in rows]


def read_delivery(session: Session, webhook_id: int, delivery_id: int) -> DeliveryView:
    row = session.execute(
        _DELIVERIES.where(col(WebhookDelivery.webhook_id) == webhook_id, col(WebhookDelivery.id) == delivery_id)
    ).first()
    if row is None:
        raise NotFound("not-found", f"Webhook {webhook_id} has no delivery {delivery_id}.")
    return _delivery_view(row)


def is_free(at: datetime) -> ColumnElement[bool]:
    """Whether a delivery waits for a worker: nobody holds it, or whoever did has not come back in time."""
    return and_(
        col(WebhookDelivery.status) == DeliveryStatus.PENDING,
        col(WebhookDelivery.due_at) <= at,
        or_(col(WebhookDelivery.claimed_until).is_(None), col(WebhookDelivery.claimed_until) <= at),
    )


def due_deliveries(session: Session, at: datetime, limit: int) -> list[int]:
    """The oldest due delivery of each active webhook that has none under way.

    One at a time for each receiver: a slow one holds up nobody else, and messages arrive in order as long
    as they arrive. The cost grows with the webhooks, not with what waits for them.
    """
    other = aliased(WebhookDelivery)
    is_busy = exists().where(col(other.webhook_id) == col(Webhook.id), col(other.claimed_until) > at)
    oldest = (
        select(col(WebhookDelivery.id))
        .where(col(WebhookDelivery.webhook_id) == col(Webhook.id), is_free(at))
        .order_by(col(WebhookDelivery.due_at), col(WebhookDelivery.id))
        .limit(1)
        .correlate(Webhook)
        .scalar_subquery()
    )
    waiting = select(oldest.label("id")).where(col(Webhook.ended_at).is_(None), ~is_busy).subquery()
    return list(
        session.scalars(select(waiting.c.id).where(waiting.c.id.is_not(None)).order_by(waiting.c.id).limit(limit))
    )
