"""The outermost layer: request ids, body limits, security headers, the access log; what is counted."""

import re
import time
import uuid
from collections.abc import Callable, Sequence

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.metrics import Metrics
from app.http.problems import problem_response
from app.settings import MEBIBYTE, Settings

log = structlog.get_logger("idts.access")

_SAFE_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"private, no-cache"),
    (b"referrer-policy", b"no-referrer"),
]
_VARY = (b"vary", b"accept-encoding")
_CONTENT_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
SLOW_SECONDS = 1.0


OnError = Callable[[Request, Exception], Response]


class Edge:
    """Pure ASGI, so that a read that takes a fraction of a millisecond is not doubled by its wrapping."""

    def __init__(self, app: ASGIApp, *, settings: Settings, metrics: Metrics, on_error: OnError) -> None:
        self.app = app
        self.on_error = on_error
        self.metrics = metrics
        self.body_limit = settings.body_limit_bytes
        self.file_limit = settings.evidence_limit_bytes
        self.upload_limit = settings.evidence_limit_bytes + settings.body_limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        given, correlation, length = _incoming(scope["headers"])
        request_id = given or uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        own_headers = [(b"x-request-id", request_id.encode()), *_HEADERS]
        if correlation is not None:
            own_headers.append((b"x-correlation-id", correlation))
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, own_headers)
            await send(message)

        try:
            limit = self.upload_limit if scope["path"].endswith("/evidence") else self.body_limit
            if length is not None and length > limit:
                # Who uploads is told of the file, not of the multipart body around it.
                told = self.file_limit if limit == self.upload_limit else limit
                await _refuse_length(scope, receive, answer, told)
            elif length is not None or scope["method"] in ("POST", "PUT", "PATCH"):
                await self.app(scope, _limited(receive, limit), answer)
            else:
                await self.app(scope, receive, answer)
        except Exception as error:
            # Answered here and not further out, where it would go without the headers of every answer.
            if not status:
                await self.on_error(Request(scope), error)(scope, receive, answer)
            raise
        finally:
            self._record(scope, status or 500, time.perf_counter() - started, request_id)

    def _record(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        method, path = scope["method"], scope["path"]
        self.metrics.observe(method if method in _METHODS else "OTHER", _template(scope), status, seconds)
        # Successful quick reads are in the metrics; a line for each would cost more than many of the answers.
        if method in _READS and status < 400 and seconds < SLOW_SECONDS:
            return
        level = log.error if status >= 500 else log.info
        level(
            "request",
            method=method,
            path=path,
            status=status,
            ms=round(seconds * 1000, 2),
            request_id=request_id,
            caller=scope["state"].get("caller"),
        )


_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_METHODS = _READS | {"POST", "PUT", "PATCH", "DELETE"}


def _incoming(headers: Sequence[tuple[bytes, bytes]]) -> tuple[str | None, bytes | None, int | None]:
    """The caller's request id and correlation id where they are safe to log and echo, and the body's length."""
    request_id: str | None = None
    correlation: bytes | None = None
    length: int | None = None
    for name, value in headers:
        if name == b"content-length" and value.isdigit():
            length = int(value)
        elif name == b"x-request-id" and _SAFE_ID.match(text := value.decode("latin-1")):
            request_id = text
        elif name == b"x-correlation-id" and _SAFE_ID.match(value.decode("latin-1")):
            correlation = value
    return request_id, correlation, length


def _add_headers(message: Message, own: list[tuple[bytes, bytes]]) -> None:
    headers = message.setdefault("headers", [])
    present = {name for name, _ in headers}
    headers.extend(pair for pair in own if pair[0] not in present)
    # An answer that depends on more says so in a line of its own.
    headers.append(_VARY)
    if b"content-security-policy" not in present:
        headers.append(_CONTENT_POLICY)


def _template(scope: Scope) -> str:
    """The route's path with its parameters unfilled, so that the metrics stay few."""
    route = scope.get("route")
    return getattr(route, "path", None) or "unmatched"


def _limited(receive: Receive, limit: int) -> Receive:
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise HTTPException(413)
        return message

    return limited


async def _refuse_length(scope: Scope, receive: Receive, send: Send, limit: int) -> None:
    request = Request(scope)
    words = f"{limit // MEBIBYTE} MiB" if limit % MEBIBYTE == 0 else f"{limit:,} bytes"
    detail = f"A request may have at most {words}. Send less at once."
    response = problem_response(request, 413, "body-too-large", detail, headers={"Connection": "close"})
    await response(scope, receive, send)
