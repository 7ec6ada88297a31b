"""What `idts rebuild` finds and does, on a test's database."""

from app.services.programme.ledger import Ledger
from app.services.programme.rebuild import (
    Findings,
    check_batch,
    check_totals,
    prison_ids,
    rebuild_batch,
    rebuild_totals,
)
from app.storage.db import Database


def differences(database: Database) -> list[str]:
    """What `idts rebuild --check` finds."""
    ledger, findings = Ledger(), Findings()
    with database.reading() as session:
        check_batch(session, prison_ids(session), ledger, findings)
        check_totals(session, ledger, findings)
    return findings.kept


def rebuild(database: Database) -> None:
    """What `idts rebuild` does."""
    ledger = Ledger()
    with database.session_scope() as session:
        rebuild_batch(session, prison_ids(session), ledger)
        rebuild_totals(session, ledger)
