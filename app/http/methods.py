"""HEAD answers wherever GET does, and OPTIONS says which methods an address takes."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.routing import JSON_TYPES

# The methods of the address that a request names, none where there is nothing.
MethodsAt = Callable[[Request], set[str]]


class Methods:
    """A HEAD is handled as a GET and answered without its body, of which no more is then made."""

    def __init__(self, app: ASGIApp, *, methods_at: MethodsAt) -> None:
        self.app = app
        self.methods_at = methods_at

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope.get("method")
        if method == "HEAD":
            # A copy: the server looks into its own to know that no body follows.
            own = {**scope, "method": "GET"}
            try:
                await self._head(own, receive, send)
            finally:
                scope["route"] = own.get("route")
        elif method == "OPTIONS" and (allowed := self.methods_at(Request(scope))):
            headers = {"allow": ", ".join(sorted(allowed))}
            if "PATCH" in allowed:
                headers["accept-patch"] = ", ".join(JSON_TYPES)
            await Response(status_code=204, headers=headers)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_answered = False

        async def receive_until_answered() -> Message:
            # A stream without an end would go on making what nobody reads.
            return {"type": "http.disconnect"} if has_answered else await receive()

        async def send_without_body(message: Message) -> None:
            nonlocal has_answered
            if message["type"] == "http.response.start":
                await send(message)
            elif not has_answered:
                has_answered = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self.app(scope, receive_until_answered, send_without_body)
