"""Every route of the service, and the permission that each names."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from app.http.auth import requires

# Nobody needs a key for these; everything else names its permission.
PUBLIC = {
    ("GET", "/v1/toolkit"),
    ("GET", "/v1/toolkits"),
    ("GET", "/v1/toolkits/{version}"),
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


def routes(app: FastAPI) -> dict[tuple[str, str], Any]:
    """Every route by method and path."""
    return {
        (method, str(context.path)): context.original_route
        for context in iter_route_contexts(app.routes)
        for method in context.methods or ()
    }


def permissions(route: Any) -> Iterator[str]:
    """The permissions that a route names: in its dependencies, or beside them for OpenAPI."""
    if not isinstance(route, APIRoute):
        return
    if named := (route.openapi_extra or {}).get("x-permission"):
        yield named

    def walk(dependant: Dependant) -> Iterator[str]:
        if isinstance(dependant.call, requires):
            yield dependant.call.permission
        for one in dependant.dependencies:
            yield from walk(one)

    yield from walk(route.dependant)
