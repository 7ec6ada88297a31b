"""Files that are made while they are sent, from one snapshot, under an ETag that is known beforehand."""

from collections.abc import Callable, Generator, Hashable, Iterator

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.http.parameters import has_same
from app.http.parts import parts
from app.queries.etags import etag_of


def streamed(
    request: Request,
    session: Session,
    media_type: str,
    name: str,
    mark: Callable[[Session], Hashable],
    pieces: Callable[[Session], Iterator[bytes]],
) -> Response:
    """The pieces as they are made, or 304. `mark` has everything that the file's bytes rest on.

    The request's own `session` would end before the first piece is sent, so mark and pieces are read in another one.
    It ends here, or each such request would hold two connections.
    """
    session.close()
    database = parts(request).database

    def send() -> Generator[bytes]:
        with database.reading() as fresh:
            yield etag_of(repr(mark(fresh)).encode()).encode()
            yield from pieces(fresh)

    # Once begun, it gives its connection back whatever becomes of the answer.
    sent = send()
    etag = next(sent).decode()
    headers = {"etag": etag, "vary": "Accept"}
    if has_same(request, etag):
        sent.close()
        return Response(status_code=304, headers=headers)
    disposition = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(sent, headers=headers | disposition, media_type=media_type)
