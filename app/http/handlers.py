"""From an exception to a problem: what was refused, by whom, and how to put it right."""

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.errors import DomainError, FieldFault, TooMany
from app.http.malformed import malformed
from app.http.problems import problem_response, status_of
from app.storage.faults import Fault, fault_of, words_of

log = structlog.get_logger("idts.problems")

RETRY_SOON = {"Retry-After": "2"}
_STATUS_CODES = {
    400: ("bad-request", "The request could not be read. Check its syntax and its body."),
    404: ("not-found", "There is nothing at this address. The addresses are listed at /docs."),
    405: (
        "method-not-allowed",
        "This address does not accept that method. The Allow header lists those that it accepts.",
    ),
    413: ("body-too-large", "The body is larger than this address accepts."),
    415: ("unsupported-media-type", "Send the body as application/json."),
}


def install(app: FastAPI) -> None:
    app.add_exception_handler(DomainError, on_domain_error)
    app.add_exception_handler(RequestValidationError, on_malformed)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(SQLAlchemyError, on_database_error)
    app.add_exception_handler(Exception, on_anything_else)


def on_domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    status = status_of(error)
    headers = {"WWW-Authenticate": 'Bearer realm="idts"'} if status == 401 else {}
    if status == 503 or error.code == "request-in-flight":
        headers |= RETRY_SOON
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.wait_seconds)
    return problem_response(request, status, error.code, error.detail, faults=error.faults, headers=headers)


def on_malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if any(one["type"] == "json_invalid" for one in error.errors()):
        one = error.errors()[0]
        where = one["loc"][-1]
        fault = FieldFault("", f"not JSON at character {where}: {one['ctx']['error']}")
        return problem_response(request, 422, "malformed-json", f"The body is {fault.detail}.", faults=(fault,))
    field = getattr(request.scope.get("route"), "body_field", None)
    return on_domain_error(request, malformed(error.errors(), field and field.field_info.annotation))


def on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, detail = _STATUS_CODES.get(error.status_code, _STATUS_CODES[400])
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(methods_at(request)))
    return problem_response(request, error.status_code, code, detail, headers=headers)


def methods_at(request: Request) -> set[str]:
    """All of the address's methods: the framework knows only those of the first route that it fits."""
    found: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        if route.path_regex.match(request.scope["path"]):
            found |= route.methods or set()
    if "GET" in found:
        found |= {"HEAD"}
    return found | {"OPTIONS"} if found else found


_FAULTS = {
    Fault.BUSY_OR_AWAY: (
        "The database cannot be reached or is too busy just now. Nothing was stored; try again shortly."
    ),
    Fault.CANNOT_STORE: (
        "The service cannot use its database just now: the disk is full or read-only, or the file is not there. "
        "Nothing was stored. An operator has to put it right."
    ),
    Fault.NO_SCHEMA: (
        "The database does not have the tables of this version of the service. Nothing was stored. An operator runs "
        "`idts migrate`."
    ),
    Fault.UNKNOWN_OUTCOME: (
        "The connection to the database was lost while the change was being stored, so it may have been stored or "
        "not. Read it again, or repeat the request with the same Idempotency-Key."
    ),
}


def on_database_error(request: Request, error: Exception) -> Response:
    fault = fault_of(error)
    if fault is None:
        return on_anything_else(request, error)
    level = log.warning if fault is Fault.BUSY_OR_AWAY else log.error
    level(fault.value, error=words_of(error), request_id=request.state.request_id)
    return problem_response(request, 503, fault.value, _FAULTS[fault], headers=RETRY_SOON)


def on_anything_else(request: Request, error: Exception) -> Response:
    log.error("unhandled", path=request.url.path, request_id=request.state.request_id, exc_info=error)
    detail = "Something went wrong on our side and nothing was stored. Report the request_id if it happens again."
    return problem_response(request, 500, "internal-error", detail)
