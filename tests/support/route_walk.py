"""Every route of the service, and those that need no key."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

# Nobody needs a key for these; everything else names its permission.
PUBLIC = {
    ("GET", "/v1/toolkit"),
    ("GET", "/v1/toolkits"),
    ("GET", "/v1/toolkits/{version}"),
    ("GET", "/v1/toolkits/{version}/changes"),
    ("GET", "/v1/statements/verify"),
    ("POST", "/v1/statements/verify"),
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/health"),
    ("GET", "/health/ping"),
    ("GET", "/health/liveness"),
    ("GET", "/health/readiness"),
    ("GET", "/info"),
    ("GET", "/metrics"),
    ("GET", "/problems"),
    ("GET", "/problems/{code}"),
    ("GET", "/docs"),
    ("GET", "/static/{path:path}"),
    ("GET", "/"),
    ("GET", "/openapi.json"),
    ("HEAD", "/openapi.json"),
}
# Something for each parameter of a path, of the right shape.
FILLED = {"code": "LWI", "number": "5", "version": "2006-09", "slug": "south-east", "month": "2026-01"}


def routes(app: FastAPI) -> dict[tuple[str, str], Any]:
    """Every route by method and path."""
    return {
        (method, str(context.path)): context.original_route
        for context in iter_route_contexts(app.routes)
        for method in context.methods or ()
    }
