"""A browser for the API's own description that needs no internet."""

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from app.errors import NotFound
from app.http.routing import PublicRoute

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
