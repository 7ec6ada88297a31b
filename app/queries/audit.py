"""The audit trail: read with filters, and walked from end to end for anything that was altered."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, cast, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import Forbidden
from app.models import AuditCheckpoint, AuditEntry, AuditHead, Prison, SectionChange
from app.models.columns import columns_of
from app.queries.sections import Actor
from app.rules.access import BOUND_TO_PRISON, BOUND_TO_REGION, Principal, scope_refusal
from app.rules.audit import GENESIS, checkpoint_hash, digest_of
from app.rules.audit_walk import AuditFault, AuditWalk, Mark
from app.rules.moments import moment_text


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


_COLUMNS = [
    *columns_of(AuditEntry, "id chain seq at actor_id actor_name actor_role action subject"),
    *columns_of(AuditEntry, "before_digest after_digest request_id previous_hash hash"),
]


def list_entries(
    session: Session, wanted: AuditFilter, by: Principal, *, before: int | None, limit: int
) -> list[AuditEntryView]:
    """Entries within the caller's scope, newest first, from the one before the id `before`."""
    _refuse_beyond_scope(session, wanted.prison, by)
    statement = select(*_COLUMNS).order_by(col(AuditEntry.id).desc()).limit(limit)
    if by.role in BOUND_TO_PRISON:
        statement = statement.where(col(AuditEntry.chain) == by.prison)
    elif by.role in BOUND_TO_REGION:
        own = select(col(Prison.code)).where(col(Prison.region) == by.region)
        statement = statement.where(col(AuditEntry.chain).in_(own))
    if before is not None:
        statement = statement.where(col(AuditEntry.id) < before)
    if wanted.prison is not None:
        # A prison's code in any case, or the service's own chain.
        chains = (wanted.prison.upper(), wanted.prison.lower())
        statement = statement.where(col(AuditEntry.chain).in_(chains))
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


def _refuse_beyond_scope(session: Session, chain: str | None, by: Principal) -> None:
    """An empty list would read as if nothing had happened there."""
    if chain is None or by.role not in BOUND_TO_PRISON | BOUND_TO_REGION:
        return
    region = session.scalar(select(col(Prison.region)).where(col(Prison.code) == chain.upper()))
    if (reason := scope_refusal(by, prison=chain.upper(), region=region or "")) is not None:
        raise Forbidden(reason.code, reason.detail)


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
    read = _stored(session, col(AuditHead.chain), col(AuditHead.seq), col(AuditHead.hash))
    heads = {_name(row.chain): (_number(row.seq), _plain(row.hash)) for row in session.execute(read)}
    marks, checkpoints, faults = _checkpoints(session, unseal)
    walk = AuditWalk(heads, marks)
    in_order = _stored(session, *_COLUMNS).order_by(col(AuditEntry.chain), col(AuditEntry.seq))
    for row in session.execute(in_order.execution_options(yield_per=2000)):
        fields = {name: _plain(value) for name, value in row._mapping.items()}
        numbers = {"id": _number(row.id), "seq": _number(row.seq)}
        walk.entry(fields | numbers | {"chain": _name(row.chain)})
    walk.close()
    for fault in _altered_histories(session):
        walk.faults.setdefault(fault.chain, fault)
    found = [*faults, *sorted(walk.faults.values(), key=lambda fault: fault.chain)]
    return AuditVerification(not found, walk.entries, len(heads), checkpoints, found)


def _checkpoints(session: Session, unseal: Unseal) -> tuple[dict[str, list[Mark]], int, list[AuditFault]]:
    """What the checkpoints say of each chain, how many there are, and the first that is not as it was signed."""
    marks: dict[str, list[Mark]] = {}
    previous, count, faults = GENESIS, 0, []
    columns = columns_of(AuditCheckpoint, "id at heads previous_hash hash signature")
    read = _stored(session, *columns).order_by(col(AuditCheckpoint.id))
    for row in session.execute(read):
        count += 1
        number, found = _number(row.id), _plain(row.hash)
        heads = _sealed_heads(row, previous)
        if heads is None or unseal(_plain(row.signature)) != found.encode():
            detail = f"checkpoint {number} was altered, or one before it removed: its signature does not match"
            faults.append(AuditFault("checkpoints", number, detail))
            break
        previous = found
        for chain, (seq, end) in heads.items():
            marks.setdefault(chain, []).append(Mark(number, seq, end))
    return marks, count, faults


def _sealed_heads(row: Any, previous: str) -> dict[str, Any] | None:
    """What a checkpoint says of the chains; None where it does not have its hash or does not follow `previous`."""
    try:
        heads: dict[str, Any] = json.loads(row.heads) if isinstance(row.heads, bytes) else row.heads
        content = checkpoint_hash(previous, _plain(row.at), heads)
    except ValueError:
        return None
    return heads if content == _plain(row.hash) and previous == _plain(row.previous_hash) else None


def _stored(session: Session, *columns: Any) -> Any:
    """A select of the columns as they are kept: SQLite lets whoever alters a row put anything at all into it."""
    if session.get_bind().dialect.name == "sqlite":
        return select(*(cast(column, LargeBinary).label(column.key) for column in columns))
    return select(*columns)


def _plain(value: Any) -> Any:
    """A value as its hash covers it; what is not UTF-8 becomes what no hash can cover."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return moment_text(value) if isinstance(value, datetime) else value


def _name(value: Any) -> str:
    """The name of a chain, fit to be told whatever stands there."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _number(value: Any) -> int:
    """A whole number; -1, which is in no sequence, for anything else."""
    return int(value) if isinstance(value, int) or value.isdigit() else -1


def _altered_histories(session: Session) -> Iterator[AuditFault]:
    """The first version of a section in each prison whose stored state is not the one that the trail saw.

    Every version has one entry, in the same order.
    """
    columns = (col(AuditEntry.chain), col(AuditEntry.seq), col(AuditEntry.subject), col(AuditEntry.after_digest))
    entries = session.execute(
        _stored(session, *columns)
        .where(col(AuditEntry.subject).like("/v1/prisons/%/sections/%"))
        .order_by(col(AuditEntry.chain), col(AuditEntry.seq))
    )
    seen: dict[tuple[str, int], list[tuple[int, str | None]]] = {}
    for row in entries:
        last = _name(row.subject).rpartition("/")[2]
        # What somebody put into a file of SQLite need not be text; the walk has named it by then.
        if last.isdecimal():
            told = (_number(row.seq), _plain(row.after_digest))
            seen.setdefault((_name(row.chain), int(last)), []).append(told)
    found: dict[tuple[str, int], int] = {}
    stated = (col(Prison.code), col(SectionChange.number), col(SectionChange.version), col(SectionChange.state))
    versions = session.execute(
        _stored(session, *stated)
        .join(SectionChange, col(SectionChange.prison_id) == col(Prison.id))
        .order_by(col(Prison.code), col(SectionChange.number), col(SectionChange.version))
        .execution_options(yield_per=2000)
    )
    for row in versions:
        code, number, version = _name(row.code), _number(row.number), _number(row.version)
        audited = seen.get((code, number), [])
        seq, digest = audited[version - 1] if 0 < version <= len(audited) else (0, None)
        if digest is None or digest != _digest_of_state(row.state):
            yield AuditFault(code, seq, f"version {version} of section {number} is not the one that was audited")
        found[code, number] = version
    for (chain, number), audited in seen.items():
        if found.get((chain, number), 0) < len(audited):
            yield AuditFault(chain, audited[-1][0], f"the last version of section {number} is missing from its history")


def _digest_of_state(state: Any) -> str | None:
    """The digest of a stored state; None for what is no JSON any more."""
    try:
        return digest_of(json.loads(state) if isinstance(state, bytes) else state)
    except (ValueError, RecursionError):
        return None
