"""Health, version and metrics, for those who run the service."""

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from app.http.parts import parts
from app.http.routing import PublicRoute

router = APIRouter(tags=["Service"], route_class=PublicRoute)


async def _components(request: Request) -> dict[str, Any]:
    checks = {
        "database": parts(request).database.is_reachable,
        "evidence": parts(request).evidence_store.is_reachable,
    }
    answers = {name: await run_in_threadpool(is_reachable) for name, is_reachable in checks.items()}
    return {name: {"status": "UP" if is_up else "DOWN"} for name, is_up in answers.items()}


def _overall(components: dict[str, Any]) -> str:
    return "UP" if all(part["status"] == "UP" for part in components.values()) else "DOWN"


@router.get(
    "/health",
    summary="Check the service and its parts",
    responses={503: {"description": "A part is down: `components` says which"}},
)
async def health(request: Request) -> JSONResponse:
    """Whether the service and the parts that it needs are up."""
    components = await _components(request)
    status = _overall(components)
    return JSONResponse({"status": status, "components": components}, 200 if status == "UP" else 503)


@router.get("/health/ping", summary="Check that the process answers")
async def ping() -> JSONResponse:
    """Whether the process answers at all."""
    return JSONResponse({"status": "UP"})


@router.get("/health/liveness", summary="Check that the process should keep running")
async def liveness() -> JSONResponse:
    """Whether the process should be left running."""
    return JSONResponse({"status": "UP"})


@router.get(
    "/health/readiness",
    summary="Check that requests can be sent here",
    responses={503: {"description": "Send no requests here for now"}},
)
async def readiness(request: Request) -> JSONResponse:
    """Whether requests should be sent here: not while the database cannot be reached.

    The evidence store does not matter here: without it everything but uploads and downloads goes on.
    """
    status = "UP" if await run_in_threadpool(parts(request).database.is_reachable) else "DOWN"
    return JSONResponse({"status": status}, 200 if status == "UP" else 503)


@router.get("/info", summary="Read what is running")
async def about() -> JSONResponse:
    """What is running."""
    return JSONResponse({"build": {"name": "idts", "version": version("idts")}})


@router.get("/metrics", summary="Read metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Counters for Prometheus: requests by route and status, and how long they took."""
    return Response(parts(request).metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
