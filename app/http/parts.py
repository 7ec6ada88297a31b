"""What an application is made of: put together once by `create_app`, handed to whoever answers a request."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fastapi import FastAPI
from starlette.requests import Request

from app.http.kept import KeptAnswers
from app.http.metrics import Metrics
from app.http.quotas import Downloads, FailedAttempts
from app.http.tokens import TokenReader
from app.queries.events import EventFilter, EventPage, Position
from app.settings import Settings
from app.storage.db import Database
from app.storage.evidence_store import EvidenceStore
from app.storage.key_files import KeyFiles
from app.storage.webhook_key import WebhookKey


class ChangeFeed(Protocol):
    """The change feed as a stream follows it; what looks for news runs beside the requests."""

    heartbeat_seconds: float

    def enter(self, caller: str) -> None:
        """Take a place for a caller, to be left with `leave`; Unavailable where there is none."""

    def leave(self, caller: str) -> None: ...

    def running(self) -> AbstractAsyncContextManager[None]: ...

    async def end(self) -> Position: ...

    def follow(self, wanted: EventFilter, after: Position) -> AsyncIterator[EventPage]: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one application. `tokens` is None where no identity provider is configured."""

    settings: Settings
    clock: Callable[[], datetime]
    database: Database
    evidence_store: EvidenceStore
    key_files: KeyFiles
    webhook_key: WebhookKey
    feed: ChangeFeed
    metrics: Metrics
    tokens: TokenReader | None
    failed_attempts: FailedAttempts
    downloads: Downloads
    kept_sections: KeptAnswers


def parts(request: Request) -> Parts:
    """The parts of the application that the request came to."""
    its_parts: Parts = request.app.state.parts
    return its_parts


def parts_of(app: FastAPI) -> Parts:
    """The same, for what drives an application from outside."""
    its_parts: Parts = app.state.parts
    return its_parts
