"""Quotas, kept in this process: each caller's requests and downloads, and each address's keys that were refused."""

import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from threading import Lock

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import TooMany
from app.http.credentials import address_of, digest_of, presented_key
from app.http.problems import problem_response

# When to look for a place again.
WAIT_SECONDS = 5
# How many keys are remembered as good ones.
MOST_KNOWN = 10_000


class Quotas:
    """Refuses with 429 what goes beyond the quota; health, metrics and documentation are not counted.

    A caller is known by its key, or by its address where it sends none. With several workers each keeps its own
    count, so that the whole quota is at most as many times larger.
    """

    def __init__(self, app: ASGIApp, *, quota: str) -> None:
        self.app = app
        self.item: RateLimitItem = parse(quota)
        self.limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self.app(scope, receive, send)
            return
        caller = _caller(scope)
        allowed = self.limiter.hit(self.item, caller)
        reset, remaining = self.limiter.get_window_stats(self.item, caller)
        wait = max(1, round(reset - time.time()))
        told = [
            (b"ratelimit-limit", str(self.item.amount).encode()),
            (b"ratelimit-remaining", str(remaining).encode()),
            (b"ratelimit-reset", str(wait).encode()),
        ]

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *told]
            await send(message)

        if allowed:
            await self.app(scope, receive, tell)
            return
        detail = f"The quota is {self.item}. Wait {wait} seconds, then send requests more slowly."
        refusal = problem_response(Request(scope), 429, "too-many-requests", detail, headers={"Retry-After": str(wait)})
        await refusal(scope, receive, tell)


def _caller(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization" and (key := presented_key(value.decode("latin-1"))) is not None:
            return digest_of(key)
    return address_of(scope)


class FailedAttempts:
    """How often an address may send a key that is not accepted, so that guessing keys is slow.

    A key that was accepted before goes on working, or one program with an old key would shut out everybody behind
    the same address.
    """

    def __init__(self, limit: str) -> None:
        self.item: RateLimitItem | None = parse(limit) if limit else None
        self.limiter = MovingWindowRateLimiter(MemoryStorage())
        self._accepted: set[str] = set()

    def refuse_guessing(self, address: str, digest: str) -> None:
        """TooMany where the address has had its share of refused keys, before this one is looked up."""
        if self.item is None or digest in self._accepted or self.limiter.test(self.item, address):
            return
        wait = max(1, round(self.limiter.get_window_stats(self.item, address)[0] - time.time()))
        detail = f"Too many keys from your address were not accepted ({self.item}). Wait {wait} seconds."
        raise TooMany("too-many-requests", detail, wait)

    def failed(self, address: str, digest: str) -> None:
        self._accepted.discard(digest)
        if self.item is not None:
            self.limiter.hit(self.item, address)

    def succeeded(self, digest: str) -> None:
        if len(self._accepted) >= MOST_KNOWN:
            self._accepted.clear()
        self._accepted.add(digest)


class Downloads:
    """Places for downloads, so that nobody who reads slowly, or not at all, holds more than a few."""

    def __init__(self, most_per_caller: int) -> None:
        self._most = most_per_caller
        self._taken: Counter[str] = Counter()
        self._lock = Lock()

    def enter(self, caller: str) -> Callable[[], None]:
        """Take a place and answer with how to leave it; TooMany where the caller has its share."""
        with self._lock:
            if self._taken[caller] >= self._most:
                detail = f"Your key has {self._most} downloads under way, which is the most for one. Finish one first."
                raise TooMany("too-many-downloads", detail, WAIT_SECONDS)
            self._taken[caller] += 1
        return partial(self._leave, caller)

    def _leave(self, caller: str) -> None:
        with self._lock:
            self._taken -= Counter([caller])
