"""The same POST twice is one: `Idempotency-Key` replays the first answer for 24 hours."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Header
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from app.api.parameters import CallerNow
from app.errors import Conflict, Invalid
from app.services.idempotency import Remembered, recall, remember, take_turn

KEPT_HEADERS = ("etag", "location", "content-type")


class Once:
    """Runs a creating route once for each `Idempotency-Key`; without one, whenever it is called."""

    def __init__(self, caller: str, key: str | None, digest: str, at: datetime) -> None:
        self.caller = caller
        self.key = key
        self.digest = digest
        self.at = at

    def __call__(self, session: Session, answer: Callable[[], Response]) -> Response:
        """The first answer again, or `answer()` remembered in the transaction of what it wrote."""
        if self.key is None:
            return answer()
        if not take_turn(session, self.caller, self.key):
            raise Conflict("request-in-flight", "The first request with this Idempotency-Key has not finished yet.")
        first = recall(session, self.caller, self.key, at=self.at)
        if first is not None:
            return self._again(first)
        response = answer()
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        kept = Remembered(self.digest, response.status_code, json.dumps(headers), bytes(response.body))
        remember(session, self.caller, self.key, kept, at=self.at)
        return response

    def _again(self, first: Remembered) -> Response:
        if first.request_digest != self.digest:
            raise Invalid(
                "idempotency-key-reused",
                "This Idempotency-Key came with another request before. Use a new key for each new request.",
            )
        return Response(first.body, first.status, json.loads(first.headers) | {"idempotency-replayed": "true"})


async def _once(
    request: Request,
    caller: CallerNow,
    idempotency_key: Annotated[
        str | None,
        Header(min_length=1, max_length=255, description="Repeats with this key replay the first answer."),
    ] = None,
) -> Once:
    body = await request.body()
    digest = hashlib.sha256(b"\n".join((request.method.encode(), request.url.path.encode(), body))).hexdigest()
    return Once(caller.by.id, idempotency_key, digest, caller.at)


Idempotency = Annotated[Once, Depends(_once)]
