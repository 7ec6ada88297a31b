"""How every route reads its request: the key first, then the media type, then strict JSON."""

import codecs
import json
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, get_args, get_origin

from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from app.errors import FieldFault, Invalid, NotFound, WrongMediaType
from app.http.auth import SAFE_METHODS, credentials_of
from app.http.malformed import incorrect, no_such
from app.storage.db import on_one_thread

_MOST_DIGITS = 1000
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
        # Some editors and spreadsheets put a byte order mark before their text.
        text = body.removeprefix(codecs.BOM_UTF8).decode("utf-8")
        content = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=AsWritten, parse_int=_short_int
        )
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


class AsWritten(float):
    """A number with a fraction that can still be read to the letter: its nearest float may be another one."""

    def __init__(self, text: str) -> None:
        self.text = text


def _short_int(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"a number has more than {_MOST_DIGITS} digits")
    return int(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise ValueError(f"the name {name[:60]!r} appears twice in one object")
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

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, on_one_thread(endpoint), **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        original = super().get_route_handler()
        takes_json = self.body_field is not None
        needs_key = self.needs_key
        single, several = _query_names(self)

        async def read_strictly(request: Request) -> Response:
            if needs_key:
                credentials_of(request)
            _refuse_strange_addresses(request)
            if request.scope["query_string"]:
                _refuse_strange_query(request, single, several)
            if takes_json and _has_body(request):
                _refuse_other_media(request)
            if takes_json and not isinstance(request, StrictRequest):
                request = StrictRequest(request.scope, request.receive)
            answer = await original(request)
            return _minimal(request, answer) if _wants_minimal(request) else answer

        return read_strictly


class KeyedRoute(PublicRoute):
    """A route for callers with a key; nothing of a request without one is read."""

    needs_key = True


def _query_names(route: APIRoute) -> tuple[frozenset[str], frozenset[str]]:
    """The query parameters that a route takes once, and those that it takes several times."""
    kinds = dict(_query_parameters(route.dependant))
    several = {name for name, kind in kinds.items() if any(get_origin(one) is list for one in (kind, *get_args(kind)))}
    return frozenset(kinds) - several, frozenset(several)


def _query_parameters(dependant: Dependant) -> Iterator[tuple[str, Any]]:
    """Name and type of each, those of the dependencies too."""
    for field in dependant.query_params:
        yield field.alias, field.field_info.annotation
    for one in dependant.dependencies:
        yield from _query_parameters(one)


def _refuse_strange_query(request: Request, single: frozenset[str], several: frozenset[str]) -> None:
    """A misspelt filter would be dropped in silence, and the answer taken for what it is not."""
    names = [name for name, _ in request.query_params.multi_items()]
    if len(names) == len(set(names)) and single.issuperset(names):
        return
    known = single | several
    strange = [name for name in dict.fromkeys(names) if name not in known]
    faults = [FieldFault(f"?{name}", no_such("query parameter", name, known)) for name in strange]
    faults += [FieldFault(f"?{name}", "give it once") for name in sorted(single) if names.count(name) > 1]
    if faults:
        raise incorrect(faults)


# What these answer with is what they are called for, or is shown this once.
_ALWAYS_WHOLE = re.compile(r"/v1/(keys|webhooks)(/.*)?|/v1/(readiness/evaluate|statements/verify)")


def shows_once(path: str) -> bool:
    return _ALWAYS_WHOLE.fullmatch(path) is not None


def _wants_minimal(request: Request) -> bool:
    """`Prefer: return=minimal` (RFC 7240), which says something about a write alone."""
    asks = any("return=minimal" in value.lower().replace(" ", "") for value in request.headers.getlist("prefer"))
    return asks and request.method not in SAFE_METHODS and not shows_once(request.scope["path"])


def _minimal(request: Request, answer: Response) -> Response:
    """The answer to a write without its body: 204, or 201 with where the new resource is."""
    if not 200 <= answer.status_code < 300:
        return answer
    kept = {name: answer.headers[name] for name in ("etag", "location") if name in answer.headers}
    status = 201 if answer.status_code == 201 else 204
    return Response(status_code=status, headers={**kept, "preference-applied": "return=minimal"})


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


def ready_first(answer: Callable[[Request, str], Awaitable[Response]]) -> type[KeyedRoute]:
    """A kind of route under a prison's code that leaves the plain request (no query, an ordinary code) to `answer`.

    The framework takes longer to bind the code, and an `as_of` that is not there, than the database takes to answer.
    """

    class ReadyRoute(KeyedRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            whole_way = super().get_route_handler()

            async def ready_or_whole_way(request: Request) -> Response:
                code: str = request.scope["path_params"]["code"]
                is_plain = not request.scope["query_string"] and b"%" not in request.scope.get("raw_path", b"")
                is_ready = is_plain and len(code) == len("LWI") and code.isalnum()
                return await (answer(request, code) if is_ready else whole_way(request))

            return ready_or_whole_way

    return ReadyRoute
