"""Bodies over 1 kB are compressed for those who ask."""

import re

from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import Receive, Scope, Send

SMALLEST = 1024
# Level 9 takes twice as long for a few bytes less.
LEVEL = 5
# Compressed already, or sent just as they were received.
AS_THEY_ARE = (
    *DEFAULT_EXCLUDED_CONTENT_TYPES,
    *("application/pdf", "application/octet-stream", "application/jose"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
)
# A weight of nothing asks for anything but that (RFC 9110).
_REFUSES = re.compile(rb"gzip\s*;\s*q=0(\.0*)?\s*(,|$)", re.IGNORECASE)


class Compressing(GZipMiddleware):
    """The framework's, out of the way of those who do not ask: it would look at each of their answers twice."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = (value for name, value in scope.get("headers", ()) if name == b"accept-encoding")
        if any(b"gzip" in value and not _REFUSES.search(value) for value in asked):
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)
