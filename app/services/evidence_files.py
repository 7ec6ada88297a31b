"""Files of evidence: in the store before their row is written, and out of it again where no row keeps them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.queries.evidence import StoredFile, stored_file
from app.services.evidence import is_kept
from app.storage.db import Database
from app.storage.evidence_store import EvidenceStore

log = structlog.get_logger("idts.evidence")


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file as it came. `media_type` is worked out from its content."""

    content: BinaryIO
    sha256: str
    size: int
    media_type: str


@contextmanager
def in_the_store(database: Database, store: EvidenceStore, file: IncomingFile, *, at: datetime) -> Iterator[StoredFile]:
    """Where the file is kept, while the block writes the row that keeps it.

    A content that has a row already is not stored again. What was stored in vain (the row was refused, or another
    upload of the same content came first) is removed at the end. Unavailable where the store cannot be reached.
    """
    with database.reading() as session:
        kept = stored_file(session, file.sha256)
    if kept is not None:
        yield kept
        return
    stored = StoredFile(file.sha256, file.size, file.media_type, store.put(file.content))
    try:
        yield stored
    finally:
        _discard_unless_kept(database, store, stored, at)


def _discard_unless_kept(database: Database, store: EvidenceStore, stored: StoredFile, at: datetime) -> None:
    """Where the database cannot say whether a row keeps it, the object stays: one too many can be removed later."""
    try:
        with database.write_session() as session:
            has_row = is_kept(session, stored, at)
    except SQLAlchemyError as fault:
        log.warning("evidence file left in doubt", key=stored.store_key, error=str(fault)[:200])
        return
    if not has_row:
        store.discard(stored.store_key)
