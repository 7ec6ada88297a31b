"""Announcing what changed: one row of the feed and its deliveries, in the transaction of the change."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, literal, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import ChangeEvent, Webhook, WebhookDelivery, table_of
from app.models.events import current_transaction
from app.queries.events import KINDS
from app.queries.webhooks import DeliveryStatus
from app.rules.prison import PrisonFacts
from app.rules.readiness import ReadinessView
from app.storage.batch import Row, Write


@dataclass(frozen=True, slots=True)
class Announcement:
    """One event to announce. `kind` is one of `KINDS`, `subject` the address of what changed.

    Every key of the programme may read the feed: `content` takes ratings, versions, stages and counts, and never
    comments, evidence, names of people or reasons.
    """

    kind: str
    prison: PrisonFacts
    at: datetime
    subject: str
    content: Mapping[str, Any]


def feed_writes(session: Session, announcements: Sequence[Announcement], *, has_webhooks: bool) -> list[Write]:
    """What appends several events in order, and the deliveries of them where there are any webhooks."""
    rows = _event_rows(announcements)
    if not has_webhooks:
        return [(_APPEND, rows)]
    numbers = session.connection().execute(_APPEND_NUMBERED, rows).scalars().all()
    return [(_FILL_OUTBOX, {"first": min(numbers), "last": max(numbers)})]


def _event_rows(announcements: Sequence[Announcement]) -> list[Row]:
    if unknown := {one.kind for one in announcements} - set(KINDS):
        raise ValueError(f"no such kinds of event: {', '.join(sorted(unknown))}")
    return [
        {
            "at": one.at,
            "kind": one.kind,
            "prison_code": one.prison.code,
            "region": one.prison.region,
            "subject": one.subject,
            "content": dict(one.content),
        }
        for one in announcements
    ]


_EVENT = table_of(ChangeEvent)
_APPEND = insert(_EVENT).inline()
_APPEND_NUMBERED = insert(_EVENT).returning(_EVENT.c.id, sort_by_parameter_order=True)
_OUTBOX_COLUMNS = ("webhook_id", "event_id", "status", "attempts", "schedule_from", "created_at", "due_at")


def _outbox_of_events() -> Any:
    """A delivery for each of this transaction's events from `first` to `last` and each webhook that asks for it."""
    wanted = (
        select(
            col(Webhook.id),
            col(ChangeEvent.id),
            literal(DeliveryStatus.PENDING.value),
            literal(0),
            literal(0),
            col(ChangeEvent.at),
            col(ChangeEvent.at),
        )
        .join(
            ChangeEvent,
            or_(col(Webhook.region).is_(None), col(Webhook.region) == col(ChangeEvent.region))
            & or_(col(Webhook.prison_code).is_(None), col(Webhook.prison_code) == col(ChangeEvent.prison_code))
            & or_(col(Webhook.kinds).is_(None), col(Webhook.kinds).contains("," + col(ChangeEvent.kind) + ",")),
        )
        .where(
            col(Webhook.ended_at).is_(None),
            col(ChangeEvent.xid) == current_transaction(),
            col(ChangeEvent.id).between(bindparam("first"), bindparam("last")),
        )
    )
    return insert(table_of(WebhookDelivery)).from_select(_OUTBOX_COLUMNS, wanted)


_FILL_OUTBOX = _outbox_of_events()


def verdict_content(readiness: ReadinessView) -> dict[str, Any]:
    """What an event tells of a prison's verdict."""
    return {
        "stage": readiness.stage.value,
        "commissioning_ready": readiness.commissioning.ready,
        "eligible": readiness.go_live.eligible,
        "counts": asdict(readiness.counts),
    }
