"""Errors as callers see them: RFC 9457 problems, and a page that explains each kind."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.errors import (
    Conflict,
    DomainError,
    FieldFault,
    Forbidden,
    Invalid,
    NotAcceptable,
    NotFound,
    Outdated,
    Refused,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    WrongMediaType,
)
from app.http.problem_kinds import KINDS

STATUS_OF_KIND: dict[type[DomainError], int] = {
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    NotAcceptable: 406,
    Refused: 409,
    Conflict: 409,
    Outdated: 412,
    TooLarge: 413,
    WrongMediaType: 415,
    Invalid: 422,
    TooMany: 429,
    Unavailable: 503,
}


def status_of(error: DomainError) -> int:
    return STATUS_OF_KIND[type(error)]


def problem_response(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    faults: tuple[FieldFault, ...] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """A problem for a caller. `userMessage` and `errorCode` are what HMPPS clients look for."""
    request_id = request.scope.get("state", {}).get("request_id")
    document: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": KINDS[code].title,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        "code": code,
        "errorCode": code,
        "userMessage": detail,
        "request_id": request_id,
    }
    if faults:
        document["errors"] = [
            {"pointer": fault.pointer, "detail": fault.detail, "code": fault.code or code} for fault in faults
        ]
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    return Response(body, status, headers, media_type="application/problem+json")
