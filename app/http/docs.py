"""The API's own description: OpenAPI 3.1, and a browser for it that needs no internet."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from app.errors import NotFound
from app.http.routing import PublicRoute
from app.http.schemas import Problem, problems

router = APIRouter(tags=["Service"], route_class=PublicRoute)

STATIC = Path(__file__).parent.parent / "web" / "static"
FILES = {
    "docs.js": "text/javascript",
    "swagger-ui/swagger-ui-bundle.js": "text/javascript",
    "swagger-ui/swagger-ui.css": "text/css",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>API - IDTS go-live readiness</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><link rel="stylesheet" href="/static/swagger-ui/swagger-ui.css">
<script src="/static/swagger-ui/swagger-ui-bundle.js" defer></script><script src="/static/docs.js" defer></script>
</head><body><main><div id="api"></div>
<noscript><p>This page needs JavaScript. The same description is at <a href="/openapi.json">/openapi.json</a>.</p>
</noscript></main></body></html>
"""


@router.get("/", include_in_schema=False)
async def lead_to_docs() -> RedirectResponse:
    """Whoever comes without an address is shown what there is."""
    return RedirectResponse("/docs", 302)


@router.get("/docs", include_in_schema=False)
async def browse_api() -> HTMLResponse:
    """The API in a browser."""
    return HTMLResponse(PAGE, headers={"content-security-policy": POLICY})


@router.get("/static/{path:path}", include_in_schema=False)
async def static_file(path: str) -> Response:
    """The files that the pages need, from a fixed list."""
    if path not in FILES:
        raise NotFound("not-found", "There is no such file.")
    return FileResponse(STATIC / path, media_type=FILES[path], headers={"cache-control": "public, max-age=3600"})


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1 of the whole service, with the problems that each route can answer with."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            openapi_version="3.1.0",
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        problem = TypeAdapter(Problem).json_schema(ref_template="#/components/schemas/{model}")
        schemas |= problem.pop("$defs", {}) | {"Problem": problem}
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                _describe_refusals(path, method, operation)
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = document
    return app.openapi_schema


def _describe_refusals(path: str, method: str, operation: dict[str, Any]) -> None:
    statuses = {422, 500, 503} if operation.get("parameters") or "requestBody" in operation else {500}
    if "{" in path:
        statuses |= {404}
    if "security" in operation:
        statuses |= {401, 403, 429, 503} if method == "get" else {401, 403, 409, 429, 503}
    if "requestBody" in operation:
        statuses |= {409, 413, 415}
    names = {parameter["name"].lower() for parameter in operation.get("parameters", [])}
    if "if-match" in names:
        statuses |= {409, 412}
    if method == "get" and path.startswith("/v1/"):
        operation["responses"].setdefault("304", {"description": "Your copy is up to date (If-None-Match)"})
    responses: dict[str, Any] = operation["responses"]
    for status, entry in problems(*sorted(statuses)).items():
        if str(status) == "422" or str(status) not in responses:
            responses[str(status)] = entry
