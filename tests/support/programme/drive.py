"""What `idts rebuild` finds and does, on a test's database."""

from app.services.programme.rebuild import Findings, check_batch, prison_ids, rebuild_batch
from app.storage.db import Database


def differences(database: Database) -> list[str]:
    """What `idts rebuild --check` finds."""
    findings = Findings()
    with database.reading() as session:
        check_batch(session, prison_ids(session), findings)
    return findings.kept


def rebuild(database: Database) -> None:
    """What `idts rebuild` does."""
    with database.session_scope() as session:
        rebuild_batch(session, prison_ids(session))
