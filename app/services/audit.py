"""Appending to the audit trail, in the transaction of what it tells of."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import AuditEntry, AuditHead
from app.rules.audit import GENESIS, digest_of, entry_hash
from app.services.callers import Caller

SERVICE_CHAIN = "service"


def record(
    session: Session,
    *,
    caller: Caller,
    at: datetime,
    action: str,
    subject: str,
    prison: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Append an entry to the prison's chain, or to the service's own where `prison` is None.

    `action` is a verb in the past with its noun, such as `section.rated`; `subject` is the address of what
    was changed, such as `/v1/prisons/LWI/sections/7`. Only the digests of `before` and `after` are kept.
    A prison's row is locked by then, so its chain has one writer; the service's chain is locked here.
    """
    chain = prison or SERVICE_CHAIN
    head = session.execute(
        select(col(AuditHead.seq), col(AuditHead.hash)).where(col(AuditHead.chain) == chain).with_for_update()
    ).first()
    entry = {
        "chain": chain,
        "seq": head.seq + 1 if head else 1,
        "at": moment_text(at),
        "actor_id": caller.by.id,
        "actor_name": caller.by.name,
        "actor_role": str(caller.by.role),
        "action": action,
        "subject": subject,
        "before_digest": None if before is None else digest_of(before),
        "after_digest": None if after is None else digest_of(after),
        "request_id": caller.request_id,
        "previous_hash": head.hash if head else GENESIS,
    }
    entry["hash"] = entry_hash(entry)
    session.execute(insert(AuditEntry).values(entry | {"at": at}))
    if head is None:
        session.execute(insert(AuditHead).values(chain=chain, seq=1, hash=entry["hash"]))
    else:
        session.execute(
            update(AuditHead).where(col(AuditHead.chain) == chain).values(seq=entry["seq"], hash=entry["hash"])
        )


def moment_text(at: datetime) -> str:
    """A moment as the hash covers it, the same from either database."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
