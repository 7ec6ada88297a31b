"""Appending to the audit trail, in the transaction of what it tells of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.models import AuditEntry, AuditHead, table_of
from app.rules.access import Caller
from app.rules.audit import GENESIS, digest_of, entry_hash
from app.rules.moments import moment_text
from app.storage.batch import Write, send_all

SERVICE_CHAIN = "service"

_HEAD, _ENTRY = table_of(AuditHead), table_of(AuditEntry)
_LOCK_HEAD = select(_HEAD.c.seq, _HEAD.c.hash).where(_HEAD.c.chain == bindparam("of")).with_for_update()
_MOVE_HEAD = update(_HEAD).where(_HEAD.c.chain == bindparam("of"))
_BEGIN_CHAIN = insert(_HEAD).inline()
_APPEND = insert(_ENTRY).inline()


@dataclass(frozen=True, slots=True)
class Act:
    """One thing done. `action` is a noun and a verb in the past, such as `section.rated`; `subject` is the
    address of what was changed, such as `/v1/prisons/LWI/sections/7`. Only the digests of `before` and `after`
    are kept."""

    action: str
    subject: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


def record(
    session: Session,
    *,
    caller: Caller,
    at: datetime,
    action: str,
    subject: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Append one entry to the service's own chain; see `Act` and `record_all`."""
    record_all(session, [Act(action, subject, before, after)], caller=caller, at=at)


def record_all(session: Session, acts: Sequence[Act], *, caller: Caller, at: datetime) -> None:
    """Append an entry for each act to the service's own chain, which is locked here until the transaction ends."""
    head = session.execute(_LOCK_HEAD, {"of": SERVICE_CHAIN}).first()
    end = None if head is None else (head.seq, head.hash)
    send_all(session.connection(), chain_writes(acts, SERVICE_CHAIN, end, caller=caller, at=at))


def chain_writes(
    acts: Sequence[Act], chain: str, end: tuple[int, str] | None, *, caller: Caller, at: datetime
) -> list[Write]:
    """What appends an entry for each act to a chain that ends at `end` (number and hash; None for a new one).

    Whoever sends it is the chain's only writer: a prison's row is locked for a prison's chain.
    """
    seq, last = end or (0, GENESIS)
    rows = []
    for act in acts:
        seq += 1
        entry = _entry(act, caller, at) | {"chain": chain, "seq": seq, "previous_hash": last}
        last = entry_hash(entry)
        rows.append(entry | {"at": at, "hash": last})
    move: Write = (_BEGIN_CHAIN, {"chain": chain, "seq": seq, "hash": last})
    if end is not None:
        move = (_MOVE_HEAD, {"of": chain, "seq": seq, "hash": last})
    return [(_APPEND, rows), move]


def _entry(act: Act, caller: Caller, at: datetime) -> dict[str, Any]:
    """What was done, when, by whom and in which request, as its hash covers it."""
    return {
        "at": moment_text(at),
        "actor_id": caller.by.id,
        "actor_name": caller.by.name,
        "actor_role": str(caller.by.role),
        "action": act.action,
        "subject": act.subject,
        "before_digest": None if act.before is None else digest_of(act.before),
        "after_digest": None if act.after is None else digest_of(act.after),
        "request_id": caller.request_id,
    }
