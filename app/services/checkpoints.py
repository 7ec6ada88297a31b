"""Checkpoints: where the chains of the audit trail end, under the service's signature."""

from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import AuditCheckpoint, AuditHead
from app.queries.signing_keys import current_kid
from app.rules.audit import GENESIS, checkpoint_hash
from app.rules.moments import moment_text
from app.services.audit import SERVICE_CHAIN
from app.storage.key_files import KeyFiles, sign

KIND = "idts-audit-checkpoint+jws"


def checkpoint(session: Session, files: KeyFiles, at: datetime, *, unless_since: datetime | None = None) -> int | None:
    """Sign where every chain that grew since the last checkpoint ends now; its number, or None where none grew.

    Nothing is signed where a checkpoint was signed at `unless_since` or later: several workers take turns. Whoever
    rewrites a chain afterwards, head and all, would need the private key too.
    """
    key = files.read(current_kid(session))
    # One checkpoint at a time; the chains themselves are not locked, a head that moves on is seen next time.
    session.execute(select(col(AuditHead.seq)).where(col(AuditHead.chain) == SERVICE_CHAIN).with_for_update())
    last = session.execute(
        select(col(AuditCheckpoint.at), col(AuditCheckpoint.hash)).order_by(col(AuditCheckpoint.id).desc()).limit(1)
    ).first()
    if last is not None and unless_since is not None and last.at >= unless_since:
        return None
    seen = _seen_heads(session)
    heads = {
        row.chain: [row.seq, row.hash]
        for row in session.execute(select(col(AuditHead.chain), col(AuditHead.seq), col(AuditHead.hash)))
        if row.seq > 0 and seen.get(row.chain) != row.seq
    }
    if not heads:
        return None
    previous = last.hash if last else GENESIS
    content = checkpoint_hash(previous, moment_text(at), heads)
    values = {
        "at": at,
        "heads": heads,
        "previous_hash": previous,
        "hash": content,
        "signature": sign(content.encode(), key, KIND),
    }
    result = session.execute(insert(AuditCheckpoint).values(**values).returning(col(AuditCheckpoint.id)))
    return result.scalar_one()


def _seen_heads(session: Session) -> dict[str, int]:
    """How far each chain had grown at its latest checkpoint."""
    seen: dict[str, int] = {}
    for heads in session.scalars(select(col(AuditCheckpoint.heads)).order_by(col(AuditCheckpoint.id))):
        seen |= {chain: seq for chain, (seq, _) in heads.items()}
    return seen
