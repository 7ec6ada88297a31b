"""The same POST or PATCH twice is one: `Idempotency-Key` replays the first answer for 24 hours."""

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Header
from joserfc.errors import JoseError
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from app.errors import Conflict, Invalid
from app.http.parameters import caller_now
from app.rules.access import Caller
from app.services.idempotency import Remembered, recall, remember, take_turn

# What seals is imported where something is sealed: it is heavy.
if TYPE_CHECKING:
    from joserfc.jwk import OctKey

SEALED = {"alg": "dir", "enc": "A256GCM"}
KEPT_HEADERS = ("etag", "location", "content-type")


class Once:
    """Runs a writing route once for each `Idempotency-Key`; without one, whenever it is called."""

    def __init__(self, request: Request, caller: Caller, key: str | None, digest: str) -> None:
        self.caller = caller.by.id
        self.key = key
        self.digest = digest
        self.at = caller.at
        self.request = request

    def __call__(self, session: Session, answer: Callable[[], Response]) -> Response:
        """The first answer again, or `answer()` remembered in the transaction of what it wrote."""
        if self.key is None:
            return answer()
        if not take_turn(session, self.caller, self.key):
            raise Conflict("request-in-flight", "The first request with this Idempotency-Key has not finished yet.")
        first = recall(session, self.caller, self.key, at=self.at)
        if first is not None:
            return self._again(first)
        from joserfc import jwe

        response = answer()
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        sealed = jwe.encrypt_compact(SEALED, bytes(response.body), self._seal()).encode()
        kept = Remembered(self.digest, response.status_code, json.dumps(headers), sealed)
        remember(session, self.caller, self.key, kept, at=self.at)
        return response

    def _seal(self) -> "OctKey":
        """An answer may hold a secret that is shown once, so it is kept under the caller's own credentials."""
        from joserfc.jwk import OctKey

        credentials = self.request.headers.get("authorization", "").encode("latin-1")
        return OctKey.import_key(hashlib.sha256(b"remembered answer\n" + credentials).digest())

    def _again(self, first: Remembered) -> Response:
        if first.request_digest != self.digest:
            raise Invalid(
                "idempotency-key-reused",
                "This Idempotency-Key was used for another request. Use a new key for each new request.",
            )
        from joserfc import jwe

        try:
            body = jwe.decrypt_compact(first.body.decode(), self._seal()).plaintext
        except JoseError as fault:
            raise Invalid(
                "idempotency-key-reused",
                "This Idempotency-Key was used with other credentials. Use a new key for each new request.",
            ) from fault
        return Response(body, first.status, json.loads(first.headers) | {"idempotency-replayed": "true"})


async def _once(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1, max_length=255, description="A repeated request with this key gets the first answer again."
        ),
    ] = None,
) -> Once:
    caller = await caller_now(request)
    if idempotency_key is None:
        return Once(request, caller, None, "")
    body = await request.body()
    digest = hashlib.sha256(b"\n".join((request.method.encode(), request.url.path.encode(), body))).hexdigest()
    return Once(request, caller, idempotency_key, digest)


Idempotency = Annotated[Once, Depends(_once)]
