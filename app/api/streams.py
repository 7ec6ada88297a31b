"""Files that are made while they are sent, from one snapshot, under an ETag that is known beforehand."""

from collections.abc import Callable, Hashable, Iterator

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.api.parameters import has_same
from app.db import Database
from app.rules.digests import etag_of


def streamed(
    request: Request, media_type: str, name: str, mark: Hashable, pieces: Callable[[Session], Iterator[bytes]]
) -> Response:
    """The pieces as they are made, or 304. `mark` has everything that the file's bytes rest on.

    The request's own session ends before the first piece is sent, so the pieces are read in one of their own.
    """
    database: Database = request.app.state.database
    etag = etag_of(repr(mark).encode())
    headers = {"etag": etag, "vary": "Accept"}
    if has_same(request, etag):
        return Response(status_code=304, headers=headers)

    def send() -> Iterator[bytes]:
        with database.reading() as session:
            yield from pieces(session)

    disposition = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(send(), headers=headers | disposition, media_type=media_type)
