"""The audit trail: read with filters, and walked from end to end for anything that was altered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import AuditCheckpoint, AuditEntry, AuditHead, Prison
from app.queries.sections import Actor
from app.rules.access import BOUND_TO_PRISON, BOUND_TO_REGION, Principal
from app.rules.audit import GENESIS, checkpoint_hash, moment_text
from app.rules.audit_walk import AuditFault, AuditWalk, Mark


@dataclass(frozen=True, slots=True)
class AuditEntryView:
    """One thing done. `chain` is the prison's code, or `service`; `hash` covers all of it and the one before."""

    id: int
    chain: str
    seq: int
    at: datetime
    actor: Actor
    action: str
    subject: str
    before_digest: str | None
    after_digest: str | None
    request_id: str | None
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries to show; None leaves a filter out. `actor` is a key's id or name."""

    prison: str | None = None
    actor: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_COLUMNS = (
    col(AuditEntry.id),
    col(AuditEntry.chain),
    col(AuditEntry.seq),
    col(AuditEntry.at),
    col(AuditEntry.actor_id),
    col(AuditEntry.actor_name),
    col(AuditEntry.actor_role),
    col(AuditEntry.action),
    col(AuditEntry.subject),
    col(AuditEntry.before_digest),
    col(AuditEntry.after_digest),
    col(AuditEntry.request_id),
    col(AuditEntry.previous_hash),
    col(AuditEntry.hash),
)


def list_entries(
    session: Session, wanted: AuditFilter, by: Principal, *, before: int | None, limit: int
) -> list[AuditEntryView]:
    """Entries within the caller's scope, newest first, from the one before the id `before`."""
    statement = select(*_COLUMNS).order_by(col(AuditEntry.id).desc()).limit(limit)
    if by.role in BOUND_TO_PRISON:
        statement = statement.where(col(AuditEntry.chain) == by.prison)
    elif by.role in BOUND_TO_REGION:
        own = select(col(Prison.code)).where(col(Prison.region) == by.region)
        statement = statement.where(col(AuditEntry.chain).in_(own))
    if before is not None:
        statement = statement.where(col(AuditEntry.id) < before)
    if wanted.prison is not None:
        statement = statement.where(col(AuditEntry.chain) == wanted.prison.upper())
    if wanted.actor is not None:
        is_actor = (col(AuditEntry.actor_id) == wanted.actor) | (col(AuditEntry.actor_name) == wanted.actor)
        statement = statement.where(is_actor)
    if wanted.action is not None:
        statement = statement.where(col(AuditEntry.action) == wanted.action)
    if wanted.since is not None:
        statement = statement.where(col(AuditEntry.at) >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(col(AuditEntry.at) <= wanted.until)
    return [
        AuditEntryView(identity, chain, seq, at, Actor(actor_id, name, role), *rest)
        for identity, chain, seq, at, actor_id, name, role, *rest in map(list, session.execute(statement))
    ]


@dataclass(frozen=True, slots=True)
class AuditVerification:
    """Whether the whole trail is as it was written. `faults` has the first fault of each chain."""

    intact: bool
    entries: int
    chains: int
    checkpoints: int
    faults: list[AuditFault]


# The content that a JWS seals, or None where its signature is not that of one of our keys.
Unseal = Callable[[str], bytes | None]


def verify_trail(session: Session, unseal: Unseal) -> AuditVerification:
    """Walk every chain, its head and every checkpoint, row by row: memory does not grow with the entries."""
    heads = {
        row.chain: (row.seq, row.hash)
        for row in session.execute(select(col(AuditHead.chain), col(AuditHead.seq), col(AuditHead.hash)))
    }
    marks, checkpoints, faults = _checkpoints(session, unseal)
    walk = AuditWalk(heads, marks)
    for row in session.execute(
        select(*_COLUMNS).order_by(col(AuditEntry.chain), col(AuditEntry.seq)).execution_options(yield_per=2000)
    ):
        fields = dict(row._mapping)
        walk.entry(fields | {"at": moment_text(fields["at"])})
    walk.close()
    found = [*faults, *sorted(walk.faults.values(), key=lambda fault: fault.chain)]
    return AuditVerification(not found, walk.entries, len(heads), checkpoints, found)


def _checkpoints(session: Session, unseal: Unseal) -> tuple[dict[str, list[Mark]], int, list[AuditFault]]:
    """What the checkpoints say of each chain, how many there are, and the first that is not as it was signed."""
    marks: dict[str, list[Mark]] = {}
    previous, count, faults = GENESIS, 0, []
    for row in session.execute(
        select(
            col(AuditCheckpoint.id),
            col(AuditCheckpoint.at),
            col(AuditCheckpoint.heads),
            col(AuditCheckpoint.previous_hash),
            col(AuditCheckpoint.hash),
            col(AuditCheckpoint.signature),
        ).order_by(col(AuditCheckpoint.id))
    ):
        count += 1
        sound = row.previous_hash == previous and checkpoint_hash(previous, row.at, row.heads) == row.hash
        if not sound or unseal(row.signature) != row.hash.encode():
            detail = f"checkpoint {row.id} was altered, or one before it removed: its signature does not match"
            faults.append(AuditFault("checkpoints", row.id, detail))
            break
        previous = row.hash
        for chain, (seq, found) in row.heads.items():
            marks.setdefault(chain, []).append(Mark(row.id, seq, found))
    return marks, count, faults
