"""Health, version and metrics, for those who run the service."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from anyio import CapacityLimiter, move_on_after, to_thread
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from app.http.parts import parts
from app.http.routing import PublicRoute
from app.http.schemas import Health, ServiceHealth, ServiceInfo

router = APIRouter(tags=["Service"], route_class=PublicRoute)


# Not the threads of requests: those may all be waiting for what is asked about here.
_probing = CapacityLimiter(2)
PROBE_SECONDS = 5


async def _is_so(question: Callable[[], bool]) -> bool:
    """Its answer, or no where it takes too long."""
    with move_on_after(PROBE_SECONDS):
        return await to_thread.run_sync(question, abandon_on_cancel=True, limiter=_probing)
    return False


async def _components(request: Request) -> dict[str, Any]:
    database, store = parts(request).database, parts(request).evidence_store

    def works() -> bool:
        return database.probe.can_read() and database.probe.can_write()

    answers = {"database": await _is_so(works), "evidence": await _is_so(store.is_reachable)}
    return {name: {"status": "UP" if is_up else "DOWN"} for name, is_up in answers.items()}


def _overall(components: dict[str, Any]) -> str:
    return "UP" if all(part["status"] == "UP" for part in components.values()) else "DOWN"


@router.get(
    "/health",
    summary="Check the service's health",
    response_model=ServiceHealth,
    responses={503: {"model": ServiceHealth, "description": "A part is down: `components` says which"}},
)
async def health(request: Request) -> JSONResponse:
    """Whether the service and the parts that it needs are up: the database can be read and written."""
    components = await _components(request)
    status = _overall(components)
    return JSONResponse({"status": status, "components": components}, 200 if status == "UP" else 503)


@router.get("/health/ping", summary="Ping the process", response_model=Health)
async def ping() -> JSONResponse:
    """Whether the process answers at all."""
    return JSONResponse({"status": "UP"})


@router.get("/health/liveness", summary="Check liveness", response_model=Health)
async def liveness() -> JSONResponse:
    """Whether the process should be left running."""
    return JSONResponse({"status": "UP"})


@router.get(
    "/health/readiness",
    summary="Check readiness for requests",
    response_model=Health,
    responses={503: {"model": Health, "description": "Send no requests here for now"}},
)
async def readiness(request: Request) -> JSONResponse:
    """Whether requests should be sent here: not while the database cannot be read.

    The evidence store does not matter here: without it everything but uploads and downloads goes on. Nor does a
    full disk: reading goes on.
    """
    status = "UP" if await _is_so(parts(request).database.probe.can_read) else "DOWN"
    return JSONResponse({"status": status}, 200 if status == "UP" else 503)


@router.get("/info", summary="Read the service's version", response_model=ServiceInfo)
async def about() -> JSONResponse:
    """What is running."""
    return JSONResponse({"build": {"name": "idts", "version": version("idts")}})


@router.get("/metrics", summary="Read metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Counters for Prometheus: requests by route and status, and how long they took."""
    return Response(parts(request).metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
