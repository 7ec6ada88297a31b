"""A quota of requests for each caller, told in every answer and kept in this process."""

import hashlib
import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.problems import problem_response


class Quotas:
    """Refuses with 429 what goes beyond the quota; health, metrics and documentation are not counted.

    A caller is known by its credentials, or by its address where it sends none. With several workers each
    keeps its own count, so that the whole quota is at most as many times larger.
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
        detail = f"The quota is {self.item}. Wait {wait} seconds and go on more slowly."
        refusal = problem_response(Request(scope), 429, "too-many-requests", detail, headers={"Retry-After": str(wait)})
        await refusal(scope, receive, tell)


def _caller(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return hashlib.sha256(value).hexdigest()
    return str((scope.get("client") or ("unknown",))[0])
