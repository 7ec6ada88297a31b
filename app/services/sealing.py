"""Sealing a statement: the credential (a JWS, Ed25519) over its payload and its signatures."""

import json
from datetime import datetime

import rfc8785
from sqlalchemy.orm import Session

from app.queries.signing_keys import current_kid
from app.queries.statements import StatementView
from app.rules.moments import moment_in_json
from app.services.credentials import TYPE
from app.services.statements import Sealer
from app.storage.key_files import KeyFiles, sign


def sealer(session: Session, files: KeyFiles, *, issuer: str) -> Sealer:
    """Seals with the key that signs now, in the name of `issuer`, the public address of the service."""

    def seal(view: StatementView, payload: str) -> str:
        return sign(credential_content(view, payload, issuer=issuer), files.read(current_kid(session)), TYPE)

    return seal


def credential_content(view: StatementView, payload: str, *, issuer: str) -> bytes:
    """What a credential says, as canonical JSON: the payload and who signed its digest."""
    content = {
        "iss": issuer,
        "issued_at": _moment(view.issued_at),
        "serial": view.serial,
        # As it is planned at issue; the statement has the date that was attested.
        "go_live_date": view.go_live_date.isoformat(),
        "statement": json.loads(payload),
        "digest": view.digest,
        "signatures": [
            {
                "role": person.role,
                "title": person.title,
                "name": person.name,
                "signed_as": person.signed_as,
                "signed_at": _moment(person.signed_at),
            }
            for person in view.signatories
        ],
    }
    return rfc8785.dumps(content)


def _moment(at: datetime | None) -> str | None:
    return None if at is None else moment_in_json(at)
