"""Checking what was sealed: an issued statement by its credential or its paper, and the audit trail."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.queries.audit import AuditVerification, verify_trail
from app.queries.signing_keys import public_keys
from app.queries.verification import IssuedFacts, issued_by_serial
from app.rules.moments import day_in_words
from app.rules.statement import Standing, StatementStatus
from app.services.credentials import Mismatch, differing_parts, read_credential
from app.storage.key_files import unseal

SERIAL = "^[A-Z0-9-]+$"


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the statement is as it was issued, by which key, and what has become of it since.

    `valid` speaks of the document; `status` and `standing` of the statement today: an honest document of a
    withdrawn statement is valid, and `in_effect` is false. `mismatches` names each part that is not right.
    """

    valid: bool
    in_effect: bool
    detail: str
    kid: str | None
    serial: str | None
    prison: str | None
    digest: str | None
    status: StatementStatus | None
    standing: Standing | None
    breached_sections: list[int]
    issued_at: datetime | None
    go_live_date: date | None
    attested_go_live_date: date | None
    live_on: date | None
    service_ended_on: date | None
    superseded_by: str | None
    withdrawn_at: datetime | None
    mismatches: list[Mismatch]


def check_trail(session: Session) -> AuditVerification:
    """Walk the whole audit trail, its checkpoints with the keys that signed them."""
    keys = public_keys(session)
    return verify_trail(session, lambda text: unseal(text, keys))


def check_credential(session: Session, text: str) -> Verification:
    """Check a whole credential: its signature, and that it is the one that was issued."""
    read = read_credential(text, public_keys(session))
    mismatches = list(read.mismatches)
    named = (read.content or {}).get("serial")
    serial = named if isinstance(named, str) and re.fullmatch(SERIAL, named) else None
    issued = issued_by_serial(session, serial) if serial is not None else None
    if issued is None:
        under = "what it names as its serial" if serial is None else f"the serial {serial[:40]}"
        mismatches.append(Mismatch("serial", f"no statement was issued under {under}"))
    else:
        mismatches = differing_parts(text, issued.credential, mismatches)
    return _verification(issued, read.kid, mismatches)


def check_document(session: Session, serial: str, digest: str) -> Verification:
    """Check what a paper shows: its serial and its digest."""
    issued = issued_by_serial(session, serial)
    if issued is None:
        return _verification(None, None, [Mismatch("serial", f"no statement was issued under the serial {serial}")])
    read = read_credential(issued.credential, public_keys(session))
    mismatches = list(read.mismatches)
    if digest != issued.digest:
        mismatches.append(Mismatch("digest", f"the statement {serial} was issued with another digest"))
    return _verification(issued, read.kid, mismatches)


_SHOWN = (
    *("serial", "prison", "digest", "status", "standing", "issued_at", "go_live_date", "attested_go_live_date"),
    *("live_on", "service_ended_on", "superseded_by", "withdrawn_at"),
)


def _verification(issued: IssuedFacts | None, kid: str | None, mismatches: list[Mismatch]) -> Verification:
    valid = not mismatches
    # Whoever holds something that does not match learns what does not, and nothing to put it right with.
    shown = issued if valid else None
    facts: dict[str, Any] = {name: getattr(shown, name, None) for name in _SHOWN}
    in_effect = shown is not None and shown.status is StatementStatus.ISSUED and shown.service_ended_on is None
    return Verification(
        valid=valid,
        in_effect=in_effect,
        detail=_sentence(issued, mismatches),
        kid=kid,
        breached_sections=list(shown.breached_sections) if shown else [],
        mismatches=mismatches,
        **facts,
    )


def _sentence(issued: IssuedFacts | None, mismatches: list[Mismatch]) -> str:
    if mismatches or issued is None:
        return "Not valid: " + "; ".join(f"{mismatch.part}: {mismatch.detail}" for mismatch in mismatches) + "."
    if issued.status is StatementStatus.SUPERSEDED:
        return f"Valid as issued, but superseded since then by {issued.superseded_by}."
    if issued.withdrawn_at is not None:
        return f"Valid as issued, but withdrawn since then, on {issued.withdrawn_at:%Y-%m-%d}."
    if (ended := issued.service_ended_on) is not None:
        return f"Valid as issued; the service ended on {day_in_words(ended)}."
    if issued.standing is Standing.IN_BREACH:
        sections = ", ".join(map(str, issued.breached_sections))
        return f"Valid, but in breach: section {sections} is below its minimum now."
    return "Valid and in force."
