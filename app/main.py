"""The application: settings in, a FastAPI application out; nothing is kept at module level."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from app.api import (
    audit,
    dashboards,
    evaluation,
    events,
    evidence,
    evidence_uploads,
    exemptions,
    going_live,
    health,
    keys,
    partnerships,
    plan_actions,
    plans,
    prisons,
    readiness,
    readiness_meetings,
    regions,
    returns,
    reviews,
    section_reads,
    sections,
    statement_documents,
    statements,
    toolkits,
    verification,
    webhooks,
)
from app.background.checkpoints import keep_checkpointing
from app.background.delivery import delivering
from app.background.feed import Feed
from app.background.upkeep import keeping_log_short
from app.background.verdicts import settling
from app.http import compression, docs, handlers, openapi, problem_pages
from app.http.edge import Edge
from app.http.kept import KeptAnswers
from app.http.logs import configure_logs
from app.http.methods import Methods
from app.http.metrics import Metrics
from app.http.parts import Parts, parts_of
from app.http.quotas import Downloads, FailedAttempts, Quotas
from app.http.tokens import token_reader
from app.settings import Settings
from app.storage.db import Database
from app.storage.evidence_store import EvidenceStore
from app.storage.key_files import KeyFiles
from app.storage.webhook_key import WebhookKey

# What a page of another origin may send, and what it may read of an answer beside the body.
CORS_REQUEST_HEADERS = [
    *("Authorization", "Content-Type", "Accept", "If-Match", "If-None-Match", "Idempotency-Key", "Prefer"),
    *("Last-Event-ID", "X-Correlation-ID", "X-Request-ID"),
]
CORS_ANSWER_HEADERS = [
    *("ETag", "Link", "Location", "Retry-After", "Preference-Applied", "Content-Disposition", "Deprecation"),
    *("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "X-Correlation-ID", "X-Request-ID"),
]

ROUTERS = (
    # First, since routes are tried in order and these are asked for most.
    readiness.router,
    section_reads.router,
    sections.router,
    evaluation.router,
    toolkits.router,
    prisons.router,
    exemptions.router,
    reviews.router,
    partnerships.router,
    plans.router,
    plan_actions.router,
    evidence_uploads.router,
    evidence.router,
    # Before the statements: `verify` is not one of their ids.
    verification.router,
    statements.router,
    going_live.router,
    readiness_meetings.router,
    statement_documents.router,
    events.router,
    webhooks.router,
    regions.router,
    dashboards.router,
    returns.router,
    audit.router,
    keys.router,
    health.router,
    problem_pages.router,
    docs.router,
)

DESCRIPTION = """
For each prison, the 35 sections of the Integrated Drug Treatment System toolkit with their RED, AMBER or GREEN
ratings and evidence; the verdict on commissioning and go-live, with its reasons; and what follows from it.
"""


def utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(settings: Settings, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """The service on the database that the settings name. `clock` tells every moment that it records."""
    app = FastAPI(
        title="IDTS go-live readiness",
        description=DESCRIPTION,
        version=version("idts"),
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    app.state.parts = parts = build_parts(settings, clock)
    for router in ROUTERS:
        # Not included, since nothing is added to any of them: the framework would build each route a second time.
        app.router.routes.extend(router.routes)
    handlers.install(app)
    if settings.rate_limit:
        app.add_middleware(Quotas, quota=settings.rate_limit)
    app.add_middleware(
        compression.Compressing,
        minimum_size=compression.SMALLEST,
        compresslevel=compression.LEVEL,
        exclude_content_types=compression.AS_THEY_ARE,
    )
    app.add_middleware(Methods, methods_at=handlers.methods_at)
    app.add_middleware(Edge, settings=settings, metrics=parts.metrics, on_error=handlers.on_anything_else)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=CORS_REQUEST_HEADERS,
            expose_headers=CORS_ANSWER_HEADERS,
        )
    app.openapi = lambda: openapi.openapi_document(app)  # type: ignore[method-assign]
    return app


def build_parts(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Parts:
    """The parts of one application; none of them is at work yet."""
    database = Database(settings, serving=True)
    return Parts(
        settings=settings,
        clock=clock,
        database=database,
        evidence_store=EvidenceStore(settings),
        key_files=KeyFiles(settings.signing_keys_dir),
        webhook_key=WebhookKey(settings.webhook_key_file),
        feed=Feed(database, settings),
        metrics=Metrics(),
        tokens=token_reader(settings),
        kept_sections=KeptAnswers(),
        downloads=Downloads(settings.downloads_per_key),
        failed_attempts=FailedAttempts(settings.failed_keys_limit),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """What runs beside the requests: the feed's reader, deliveries of webhooks, verdicts to settle, checkpoints."""
    parts = parts_of(app)
    every = timedelta(minutes=parts.settings.checkpoint_minutes)
    chore = keep_checkpointing(parts.database, parts.key_files, parts.clock, every)
    checkpoints = asyncio.create_task(chore) if every else chore.close()
    async with (
        parts.database.running(),
        keeping_log_short(parts.database),
        parts.feed.running(),
        settling(parts.database, parts.clock),
        delivering(parts.database, parts.settings, parts.clock),
    ):
        yield
        if checkpoints is not None:
            checkpoints.cancel()
            # One that is being signed is signed before the database is closed.
            with suppress(asyncio.CancelledError):
                await checkpoints


def from_environment() -> Any:
    """What each worker process of the server builds."""
    settings = Settings()
    configure_logs(settings.log_level)
    app = create_app(settings)
    # What has been made by now stays: later searches for garbage leave it out, and pause the service for less long.
    gc.freeze()
    gc.enable()
    return app
