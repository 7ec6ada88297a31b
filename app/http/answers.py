"""Answers: a resource under its ETag, a page of a list, a created resource."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import TypeAdapter
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import Response

from app.errors import FieldFault, Invalid
from app.http.parameters import has_same
from app.queries.etags import etag_of

T = TypeVar("T")

JSON = "application/json"


def resource(
    request: Request, body: bytes, headers: Mapping[str, str] | None = None, *, version: int | None = None
) -> Response:
    """The body under its ETag, or 304 where the caller has the same."""
    return tagged(request, body, etag_of(body, version), headers)


def tagged(request: Request, body: bytes, etag: str, headers: Mapping[str, str] | None = None) -> Response:
    own = {"etag": etag, **(headers or {})}
    if has_same(request, etag):
        return Response(status_code=304, headers=own)
    return Response(body, headers=own, media_type=JSON)


def written(body: bytes, etag: str | None = None, *, status: int = 200, location: str | None = None) -> Response:
    """The answer to a write; the ETag is the one that a GET of the resource would now have."""
    headers = {name: value for name, value in (("etag", etag), ("location", location)) if value is not None}
    return Response(body, status, headers, media_type=JSON)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; `next_cursor` is null on the last."""

    items: list[T]
    next_cursor: str | None = None


Limit = Annotated[int, Query(ge=1, le=500, description="How many items at most.")]
Cursor = Annotated[
    str | None, Query(max_length=1000, description="`next_cursor` of the previous page, with the same filters.")
]


def page_response(
    request: Request,
    adapter: TypeAdapter[Any],
    rows: list[Any],
    limit: int,
    place: Callable[[Any], Mapping[str, Any]],
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A page of at most `limit` of `rows` (which has one more where there is a next page).

    `place` is the place in the list just behind a row: the next page begins behind the last one that is shown.
    """
    cursor, links = next_page(request, place(rows[limit - 1]) if len(rows) > limit else None)
    return resource(request, adapter.dump_json(Page(rows[:limit], cursor)), links | dict(headers or {}))


def next_page(request: Request, position: Mapping[str, Any] | None) -> tuple[str | None, dict[str, str]]:
    """The cursor of the page that begins at `position`, and the header that links to it; nothing for None."""
    if position is None:
        return None, {}
    cursor = encode_cursor(request, position)
    following = URL(request.url.path).replace(query=request.url.query).include_query_params(cursor=cursor)
    return cursor, {"link": f'<{following}>; rel="next"'}


def encode_cursor(request: Request, position: Mapping[str, Any]) -> str:
    text = json.dumps({"at": position, "of": _filters(request)}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode_cursor(request: Request, cursor: str | None, shape: Mapping[str, type]) -> dict[str, Any] | None:
    """Where a page begins, in the named parts; Invalid for a cursor that no list gave, or that another one did."""
    if cursor is None:
        return None
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        content = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        position, origin = content["at"], content["of"]
    except (ValueError, binascii.Error, KeyError, TypeError):
        position, origin = None, None
    fits = isinstance(position, dict) and {name: type(part) for name, part in position.items()} == dict(shape)
    if not fits or not all(map(_can_be_sought, position.values())) or origin != _filters(request):
        detail = "Use `next_cursor` exactly as the list gave it, with the same filters, or leave it out to begin again."
        raise Invalid("invalid-cursor", detail, [FieldFault("?cursor", detail)])
    return dict(position)


def _can_be_sought(part: object) -> bool:
    """A cursor may have been tampered with: the database must be able to take what it says."""
    return part.isprintable() if isinstance(part, str) else not isinstance(part, int) or 0 <= part < 2**63


def moment_of_cursor(text: str) -> datetime:
    """A moment that is part of a cursor; Invalid where nobody could have given it."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    detail = "Use `next_cursor` exactly as the list gave it, or leave it out to begin again."
    raise Invalid("invalid-cursor", detail, [FieldFault("?cursor", detail)])


def _filters(request: Request) -> str:
    """A fingerprint of the list that a cursor belongs to: its path and its filters."""
    asked = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in ("cursor", "limit"))
    return hashlib.sha256(repr((request.url.path, asked)).encode("utf-8", "replace")).hexdigest()[:12]
