"""How every route reads its request: the key first, then the media type, then strict JSON."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from app.errors import FieldFault, Invalid, NotFound, WrongMediaType
from app.http.auth import credentials_of

JSON_TYPES = ("application/json", "application/merge-patch+json")


class StrictRequest(Request):
    """A request whose JSON says one thing only: no name twice, no NaN, no half of a character."""

    async def json(self) -> Any:
        body = await self.body()
        try:
            return strict_json(body)
        except RequestValidationError as fault:
            # Of all that reading a body can raise, the framework passes on this one only.
            (error,) = fault.errors()
            raise json.JSONDecodeError(error["ctx"]["error"], "", error["loc"][-1]) from fault


def strict_json(body: bytes) -> Any:
    """The JSON text in `body`; RequestValidationError of the type `json_invalid` where it is not one."""
    try:
        text = body.decode("utf-8")
        content = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
        json.dumps(content, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as fault:
        raise _malformed(fault.pos, fault.msg) from fault
    except UnicodeError as fault:
        raise _malformed(getattr(fault, "start", 0), "use UTF-8 and whole characters") from fault
    except RecursionError as fault:
        raise _malformed(0, "nested too deeply") from fault
    except ValueError as fault:
        raise _malformed(0, str(fault)) from fault
    return content


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise ValueError(f"the name {name[:60]!r} is there twice in one object")
        members[name] = value
    return members


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _malformed(position: int, message: str) -> RequestValidationError:
    fault = {
        "type": "json_invalid",
        "loc": ("body", position),
        "msg": "",
        "input": {},
        "ctx": {"error": message},
    }
    return RequestValidationError([fault])


class PublicRoute(APIRoute):
    """A route that needs no key."""

    needs_key = False

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        original = super().get_route_handler()
        takes_json = self.body_field is not None
        needs_key = self.needs_key

        async def read_strictly(request: Request) -> Response:
            if needs_key:
                credentials_of(request)
            _refuse_strange_addresses(request)
            if takes_json and _has_body(request):
                _refuse_other_media(request)
            if takes_json:
                request = StrictRequest(request.scope, request.receive)
            return await original(request)

        return read_strictly


class KeyedRoute(PublicRoute):
    """A route for callers with a key; nothing of a request without one is read."""

    needs_key = True


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def _refuse_strange_addresses(request: Request) -> None:
    """A slash written as %2F is part of a name (RFC 3986), and nothing here has one in its name.

    No database keeps NUL in a text, so nothing is at such an address either and no filter could find it.
    """
    if "\0" in request.scope["path"] or b"%2f" in request.scope.get("raw_path", b"").lower():
        raise NotFound("not-found", "There is nothing at this address. The addresses are listed at /docs.")
    if b"%00" in request.scope["query_string"]:
        detail = "leave out control characters"
        faults = [FieldFault(f"?{name}", detail) for name, text in request.query_params.multi_items() if "\0" in text]
        raise Invalid("invalid-input", "A query parameter has a NUL character: leave it out.", faults)


def _refuse_other_media(request: Request) -> None:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in JSON_TYPES:
        raise WrongMediaType("unsupported-media-type", "Send the body as application/json.")
