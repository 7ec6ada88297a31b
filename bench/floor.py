"""The floor: the least that the framework does for a `def` route which returns bytes that lie ready."""

import os
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response

BODY_VARIABLE = "BENCH_FLOOR_BODY"


def create_app() -> FastAPI:
    """A bare application: no middleware, no key, no database, nothing to decide."""
    body = Path(os.environ[BODY_VARIABLE]).read_bytes()
    app = FastAPI(openapi_url=None)

    @app.get("/v1/prisons/{code}/readiness")
    def ready_made(code: str) -> Response:
        return Response(body, media_type="application/json")

    return app
