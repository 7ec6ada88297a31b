"""Downloads: worked out whole before the first byte is sent, a few at once for each caller."""

import weakref
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from functools import partial
from tempfile import SpooledTemporaryFile

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.http.parameters import has_same
from app.http.parts import parts
from app.queries.etags import etag_of
from app.rules.access import Principal

# A file that is larger waits on disk until it is sent.
MEMORY_BYTES = 1024 * 1024
PIECE_BYTES = 64 * 1024


class Download(StreamingResponse):
    """A file on its way; when the answer ends, however it ends, `end` is called, once."""

    def __init__(
        self,
        pieces: Iterator[bytes] | AsyncIterator[bytes],
        headers: dict[str, str],
        end: Callable[[], None],
        media_type: str | None = None,
    ) -> None:
        super().__init__(pieces, headers=headers, media_type=media_type)
        # Also for an answer that never comes to be sent.
        self._end = weakref.finalize(self, end)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._end()


def downloading(request: Request) -> Callable[[], None]:
    """A place for the request's caller, to be left when its download ends."""
    by: Principal = request.scope["state"]["principal"]
    return parts(request).downloads.enter(by.id)


def made_whole(
    request: Request,
    session: Session,
    media_type: str,
    name: str,
    mark: Callable[[Session], Hashable],
    pieces: Callable[[Session], Iterator[bytes]],
) -> Response:
    """A file that is worked out in the request's snapshot, or 304. `mark` has everything that its bytes rest on.

    Nothing is sent before all of it is there: a transaction is not to last as long as a stranger takes to read.
    """
    etag = etag_of(repr(mark(session)).encode())
    headers = {"etag": etag, "vary": "Accept"}
    if has_same(request, etag):
        return Response(status_code=304, headers=headers)
    leave = downloading(request)
    file = SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115 - closed with the answer

    def end() -> None:
        file.close()
        leave()

    try:
        for piece in pieces(session):
            file.write(piece)
    except BaseException:
        end()
        raise
    headers |= {
        "content-length": str(file.tell()),
        "content-disposition": f'attachment; filename="{name}"',
    }
    file.seek(0)
    return Download(iter(partial(file.read, PIECE_BYTES), b""), headers, end, media_type)
