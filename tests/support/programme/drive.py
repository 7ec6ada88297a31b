"""What `idts rebuild` finds and does, on a test's database."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import StoredVerdict
from app.services.programme.rebuild import Findings, check_batch, prison_ids, rebuild_prison, take_prison
from app.storage.db import Database


def differences(database: Database, at: datetime | None = None) -> list[str]:
    """What `idts rebuild --check` finds at a moment, if None that of the latest change."""
    findings = Findings()
    with database.reading() as session:
        check_batch(session, prison_ids(session), at or latest_change(session), findings)
    return findings.kept


def rebuild(database: Database) -> None:
    """What `idts rebuild` does."""
    with database.reading() as session:
        ids, at = prison_ids(session), latest_change(session)
    for prison_id in ids:
        with database.session_scope() as session:
            take_prison(session, prison_id)
            rebuild_prison(session, prison_id, at)


def latest_change(session: Session) -> datetime:
    """Now, as far as the database knows."""
    latest: datetime = session.scalars(select(func.max(col(StoredVerdict.latest_at)))).one()
    return latest
