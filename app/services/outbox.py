"""The outbox: a worker claims what is due, and records what became of it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, literal, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import ChangeEvent, Webhook, WebhookDelivery
from app.models.columns import UtcDateTime, columns_of
from app.queries.events import EVENT_COLUMNS, EVENT_JSON, event_view
from app.queries.webhooks import DeliveryStatus, is_free, message_id
from app.rules.moments import moment_in_json

# The pauses between the attempts; after the last one a delivery has failed until somebody replays it.
PAUSES = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
)
# Each pause is up to this much longer, so that receivers that failed together are not all tried together.
JITTER_PERCENT = 20


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A message that one worker has for a while: where it goes, what it says, which attempt it is."""

    id: int
    attempt: int
    attempt_in_schedule: int
    message_id: str
    url: str
    sealed_secret: str
    body: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: the HTTP status, or why there was none."""

    status: int | None = None
    error: str | None = None

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def claim_deliveries(session: Session, ids: Sequence[int], *, at: datetime, lease: timedelta) -> list[ClaimedDelivery]:
    """Those of the deliveries that are still free, now this worker's until the lease runs out.

    An attempt counts from here on: one that a crash cuts short is made again when its lease has run out.
    """
    rows = session.execute(
        select(
            *columns_of(WebhookDelivery, "id attempts schedule_from"),
            *columns_of(Webhook, "id url secret"),
            *EVENT_COLUMNS,
        )
        .join(Webhook, col(Webhook.id) == col(WebhookDelivery.webhook_id))
        .join(ChangeEvent, col(ChangeEvent.id) == col(WebhookDelivery.event_id))
        .where(col(WebhookDelivery.id).in_(ids), is_free(at), col(Webhook.ended_at).is_(None))
        .order_by(col(WebhookDelivery.id))
        .with_for_update(of=WebhookDelivery, skip_locked=True)
    ).all()
    claimed = []
    for delivery_id, attempts, schedule_from, webhook_id, url, secret, *event in rows:
        view = event_view(event)
        message = message_id(webhook_id, view.id)
        body = message_body(view.kind, view.at, EVENT_JSON.dump_python(view, mode="json"))
        attempt = attempts + 1
        claimed.append(ClaimedDelivery(delivery_id, attempt, attempt - schedule_from, message, url, secret, body))
    session.execute(
        update(WebhookDelivery)
        .where(col(WebhookDelivery.id).in_([one.id for one in claimed]))
        .values(attempts=col(WebhookDelivery.attempts) + 1, claimed_until=at + lease, attempted_at=at)
        .execution_options(synchronize_session=False)
    )
    return claimed


def message_body(kind: str, at: datetime, event: object) -> str:
    """The message as Standard Webhooks recommends: its type, its moment, and the event as in the feed."""
    moment = moment_in_json(at.astimezone(UTC))
    return json.dumps({"type": kind, "timestamp": moment, "data": event}, ensure_ascii=False, separators=(",", ":"))


def record_attempt(session: Session, claimed: ClaimedDelivery, answer: Answer, *, at: datetime) -> None:
    """What became of an attempt; nothing, where the lease ran out and another worker took it up since."""
    values: dict[str, object] = {"claimed_until": None, "last_status": answer.status, "last_error": answer.error}
    if answer.is_delivered:
        first = col(WebhookDelivery.delivered_at)
        values |= {
            "status": DeliveryStatus.DELIVERED.value,
            "delivered_at": func.coalesce(first, literal(at, UtcDateTime())),
        }
    elif (pause := pause_after(claimed.attempt_in_schedule, claimed.message_id)) is not None:
        values["due_at"] = at + pause
    else:
        values["status"] = DeliveryStatus.FAILED.value
    session.execute(
        update(WebhookDelivery)
        .where(
            col(WebhookDelivery.id) == claimed.id,
            col(WebhookDelivery.attempts) == claimed.attempt,
            col(WebhookDelivery.status) == DeliveryStatus.PENDING.value,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def pause_after(attempts: int, message: str) -> timedelta | None:
    """How long to wait after so many failed attempts (1 or more); None where there are no more to come."""
    if attempts > len(PAUSES):
        return None
    digest = hashlib.sha256(f"{message}/{attempts}".encode()).digest()
    share = int.from_bytes(digest[:4]) / 2**32
    return PAUSES[attempts - 1] * (1 + share * JITTER_PERCENT / 100)
