"""Checking an issued statement, open to everyone: by its credential, or by the serial and digest on the paper."""

import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from starlette.requests import Request
from starlette.responses import Response

from app.documents.statement.credential import Mismatch, differing_parts, read_credential
from app.http.answers import resource, written
from app.http.routing import PublicRoute
from app.http.schemas import KeySet
from app.queries.signing_keys import public_keys
from app.queries.verification import IssuedFacts, issued_by_serial
from app.rules.statement import Standing, StatementStatus
from app.storage.db import ReadSession

router = APIRouter(tags=["Verification"], route_class=PublicRoute)

SERIAL = "^[A-Z0-9-]+$"
Serial = Annotated[str, Field(max_length=24, pattern=SERIAL)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class VerifyStatement(BaseModel):
    """A credential, or the serial and digest that a document shows."""

    model_config = ConfigDict(extra="forbid")

    credential: Annotated[str | None, Field(max_length=900_000)] = None
    serial: Serial | None = None
    digest: Digest | None = None

    @model_validator(mode="after")
    def one_of_the_two(self) -> "VerifyStatement":
        if (self.credential is None) == (self.serial is None or self.digest is None):
            raise ValueError("give either a credential, or a serial and a digest")
        return self


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
    live_on: date | None
    superseded_by: str | None
    withdrawn_at: datetime | None
    mismatches: list[Mismatch]


_ANSWER = TypeAdapter(Verification)


@router.get("/.well-known/jwks.json", response_model=KeySet)
def read_key_set(request: Request, session: ReadSession) -> Response:
    """The public keys (RFC 7517) that credentials are checked with, retired ones included."""
    return resource(request, json.dumps({"keys": public_keys(session)}).encode())


@router.post("/v1/statements/verify", response_model=Verification)
def verify(body: VerifyStatement, session: ReadSession) -> Response:
    """Whether a credential or a document is as it was issued. It needs no key and stores nothing."""
    if body.credential is not None:
        return written(_ANSWER.dump_json(_of_credential(session, body.credential)))
    assert body.serial is not None
    assert body.digest is not None
    return written(_ANSWER.dump_json(_of_document(session, body.serial, body.digest)))


@router.get("/v1/statements/verify", response_model=Verification)
def verify_scanned(
    request: Request,
    session: ReadSession,
    serial: Annotated[str, Query(max_length=24, pattern=SERIAL)],
    digest: Annotated[str, Query(pattern="^[0-9a-f]{64}$")],
) -> Response:
    """The same by the address in a document's QR code."""
    return resource(request, _ANSWER.dump_json(_of_document(session, serial, digest)))


def _of_credential(session: ReadSession, text: str) -> Verification:
    read = read_credential(text, public_keys(session))
    mismatches = list(read.mismatches)
    given = (read.content or {}).get("serial")
    serial = given if isinstance(given, str) and re.fullmatch(SERIAL, given) else None
    issued = issued_by_serial(session, serial) if serial is not None else None
    if issued is None:
        named = "what it gives as its serial" if serial is None else f"the serial {serial[:40]}"
        mismatches.append(Mismatch("serial", f"no statement was issued under {named}"))
    else:
        mismatches = differing_parts(text, issued.credential, mismatches)
    return _verification(issued, read.kid, mismatches)


def _of_document(session: ReadSession, serial: str, digest: str) -> Verification:
    issued = issued_by_serial(session, serial)
    if issued is None:
        return _verification(None, None, [Mismatch("serial", f"no statement was issued under the serial {serial}")])
    read = read_credential(issued.credential, public_keys(session))
    mismatches = list(read.mismatches)
    if digest != issued.digest:
        mismatches.append(Mismatch("digest", f"the statement {serial} was issued with another digest"))
    return _verification(issued, read.kid, mismatches)


def _verification(issued: IssuedFacts | None, kid: str | None, mismatches: list[Mismatch]) -> Verification:
    valid = not mismatches
    # Whoever holds something that does not match learns what does not, and nothing to put it right with.
    told = issued if valid else None
    known: dict[str, Any] = {
        name: getattr(told, name, None)
        for name in (
            "serial",
            "prison",
            "digest",
            "status",
            "standing",
            "issued_at",
            "go_live_date",
            "live_on",
            "superseded_by",
            "withdrawn_at",
        )
    }
    in_effect = told is not None and told.status is StatementStatus.ISSUED
    return Verification(
        valid=valid,
        in_effect=in_effect,
        detail=_sentence(issued, mismatches),
        kid=kid,
        breached_sections=list(told.breached_sections) if told else [],
        mismatches=mismatches,
        **known,
    )


def _sentence(issued: IssuedFacts | None, mismatches: list[Mismatch]) -> str:
    if mismatches or issued is None:
        return "Not valid: " + "; ".join(f"{one.part}: {one.detail}" for one in mismatches) + "."
    if issued.status is StatementStatus.SUPERSEDED:
        return f"Valid as issued, and superseded since by {issued.superseded_by}."
    if issued.withdrawn_at is not None:
        return f"Valid as issued, and withdrawn since, on {issued.withdrawn_at:%Y-%m-%d}."
    if issued.standing is Standing.IN_BREACH:
        sections = ", ".join(map(str, issued.breached_sections))
        return f"Valid, and in breach: section {sections} is below its minimum now."
    return "Valid and in force."
