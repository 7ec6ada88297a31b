"""The change feed: polled, or followed as server-sent events."""

import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import format_sse_event
from pydantic import TypeAdapter
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.errors import DomainError, FieldFault, Invalid
from app.http.answers import Limit, Page, resource
from app.http.auth import Reader, identify
from app.http.parameters import Kind, Region
from app.http.parts import ChangeFeed, parts
from app.http.routing import KeyedRoute
from app.queries.events import (
    BEGINNING,
    EVENT_JSON,
    EventFilter,
    EventPage,
    EventView,
    Position,
    position_of,
    read_events,
)
from app.storage.db import CurrentSession

router = APIRouter(prefix="/v1/events", tags=["Changes"], route_class=KeyedRoute)


After = Annotated[
    str | None,
    Query(
        max_length=40, description="A `next_cursor` of this list, or the id of a streamed event: read on from there."
    ),
]

_PAGE = TypeAdapter(Page[EventView])


async def _wanted(
    region: Annotated[Region | None, Query(description="A region's slug or name.")] = None,
    prison: Annotated[str | None, Query(max_length=16, description="A prison's code, in any case.")] = None,
    kind: Annotated[
        list[Kind] | None, Query(max_length=40, description="The kinds of event. Repeat the parameter for several.")
    ] = None,
) -> EventFilter:
    return EventFilter(region, prison, kind)


Wanted = Annotated[EventFilter, Depends(_wanted)]


@router.get("", summary="List events", response_model=Page[EventView])
def list_events(
    request: Request,
    session: CurrentSession,
    by: Reader,
    wanted: Wanted,
    after: After = None,
    cursor: After = None,
    limit: Limit = 50,
) -> Response:
    """What has changed in the programme, oldest first. Each event comes once, and none is left out.

    `next_cursor` is always there: keep it for as long as you like and come back with it as `after` to read
    what has changed since. A `Link` to the next page says that more is there already. Events carry ratings,
    versions, stages and counts; read the rest from their `subject`.
    """
    start = _position("after", after) or _position("cursor", cursor) or BEGINNING
    page = read_events(session, wanted, after=start, limit=limit)
    following = page.position.cursor
    body = _PAGE.dump_json(Page(page.items, following))
    headers = {}
    if page.more:
        url = URL(request.url.path).replace(query=request.url.query)
        url = url.remove_query_params("cursor").include_query_params(after=following)
        headers["link"] = f'<{url}>; rel="next"'
    return resource(request, body, headers)


async def _followed_feed(request: Request, by: Reader) -> AsyncIterator[ChangeFeed]:
    """The feed, with a place for the caller; it is free again when the answer ends, however it ends."""
    feed = parts(request).feed
    feed.enter(by.id)
    try:
        yield feed
    finally:
        feed.leave(by.id)


FollowedFeed = Annotated[ChangeFeed, Depends(_followed_feed)]


@router.get(
    "/stream",
    summary="Stream events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def stream_events(
    request: Request,
    feed: FollowedFeed,
    wanted: Wanted,
    after: After = None,
    last_event_id: Annotated[
        str | None, Header(max_length=40, description="Where the stream broke off. Browsers send this by themselves.")
    ] = None,
) -> Response:
    """The events as they happen (server-sent events): from now on, from `after`, or from `Last-Event-ID`.

    The id of each message is a cursor of the feed. A stream ends now and then; clients come back with
    `Last-Event-ID` and have missed nothing.
    """
    start = _position("Last-Event-ID", last_event_id) or _position("after", after)
    # Proxies are told not to wait for more before they pass a message on.
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_messages(request, feed, wanted, start), headers=headers, media_type="text/event-stream")


async def _messages(
    request: Request, feed: ChangeFeed, wanted: EventFilter, start: Position | None
) -> AsyncIterator[bytes]:
    began = checked = time.monotonic()
    lifetime = parts(request).settings.event_stream_seconds
    yield format_sse_event(retry=2000)
    async for page in feed.follow(wanted, start if start is not None else await feed.end()):
        yield _lines(page)
        now = time.monotonic()
        if now - began >= lifetime:
            return
        if now - checked >= feed.heartbeat_seconds:
            checked = now
            if not await _key_still_counts(request):
                return


def _lines(page: EventPage) -> bytes:
    """Messages, or a comment that keeps the connection open; the id moves on past what the filter left out."""
    messages = [format_sse_event(data_str=EVENT_JSON.dump_json(one).decode(), id=one.cursor) for one in page.items]
    return b"".join(messages) + format_sse_event(comment="still here", id=page.position.cursor)


async def _key_still_counts(request: Request) -> bool:
    request.scope["state"].pop("principal", None)
    try:
        await identify(request)
    except DomainError:
        return False
    return True


def _position(name: str, cursor: str | None) -> Position | None:
    if cursor is None:
        return None
    position = position_of(cursor)
    if position is None:
        detail = "Use a next_cursor exactly as the feed gave it, or leave it out to begin again."
        raise Invalid("invalid-cursor", detail, [FieldFault(name if "-" in name else f"?{name}", detail)])
    return position
