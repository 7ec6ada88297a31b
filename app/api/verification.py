"""Anyone can check an issued statement: by its credential, or by the serial and digest on the paper."""

import json
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from starlette.requests import Request
from starlette.responses import Response

from app.http.answers import resource, written
from app.http.routing import PublicRoute
from app.http.schemas import KeySet
from app.queries.signing_keys import public_keys
from app.services.verification import SERIAL, Verification, check_credential, check_document
from app.storage.db import ReadSession

router = APIRouter(tags=["Verification"], route_class=PublicRoute)

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


_ANSWER = TypeAdapter(Verification)


@router.get("/.well-known/jwks.json", summary="Read the public keys", response_model=KeySet)
def read_key_set(request: Request, session: ReadSession) -> Response:
    """The public keys (RFC 7517) for checking credentials, including retired ones."""
    return resource(request, json.dumps({"keys": public_keys(session)}).encode())


@router.post("/v1/statements/verify", summary="Verify a statement", response_model=Verification)
def verify(body: VerifyStatement, session: ReadSession) -> Response:
    """Whether a credential or a document is as it was issued. This needs no key and stores nothing."""
    if body.credential is not None:
        return written(_ANSWER.dump_json(check_credential(session, body.credential)))
    assert body.serial is not None
    assert body.digest is not None
    return written(_ANSWER.dump_json(check_document(session, body.serial, body.digest)))


@router.get("/v1/statements/verify", summary="Verify a statement by its QR code", response_model=Verification)
def verify_scanned(
    request: Request,
    session: ReadSession,
    serial: Annotated[str, Query(max_length=24, pattern=SERIAL)],
    digest: Annotated[str, Query(pattern="^[0-9a-f]{64}$")],
) -> Response:
    """The same check, at the address in a document's QR code."""
    return resource(request, _ANSWER.dump_json(check_document(session, serial, digest)))
