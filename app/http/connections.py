"""Connections as the server takes them: heads have a size, and whoever sends or reads nothing is cut off."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# The first line and all headers of one request.
HEAD_BYTES = 32 * 1024
# For a whole head, from when the connection is made or a further head begins.
HEAD_SECONDS = 15.0
# Without a byte of a body that was announced, or without reading of an answer that is waiting.
STALL_SECONDS = 30.0

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class HeadTooLarge(Exception):
    """More than is kept of a request before it is known whose it is."""


class GuardedProtocol(HttpToolsProtocol):
    """Uvicorn's protocol with the limits that it lacks: alone it takes heads of any size, and waits for ever."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._awaits_head = True
        self._head_bytes = 0
        self._incoming: asyncio.TimerHandle | None = None
        self._outgoing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._incoming = self.loop.call_later(HEAD_SECONDS, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_incoming()
        self._stop_outgoing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._awaits_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._awaits_head:
            # The time for a head is not prolonged by sending a byte of it now and then.
            if self._incoming is None:
                self._incoming = self.loop.call_later(HEAD_SECONDS, self.transport.abort)
            if self._head_bytes > HEAD_BYTES:
                self._refuse_head()
        elif self._incoming is not None or self.cycle.more_body:
            self._stop_incoming()
            if self.cycle.more_body:
                self._await_body()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._awaits_head = True

    def on_headers_complete(self) -> None:
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > HEAD_BYTES:
            raise HeadTooLarge
        self._awaits_head, self._head_bytes = False, 0
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        if self._head_bytes > HEAD_BYTES:
            self._refuse_head()
        else:
            super().send_400_response(msg)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._outgoing = self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        self._stop_outgoing()
        super().resume_writing()

    def _refuse_head(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def _await_body(self) -> None:
        self._incoming = self.loop.call_later(STALL_SECONDS, self._body_stalls)

    def _body_stalls(self) -> None:
        # Where nothing is read because the service has not taken what came before, the sender is not to blame.
        if self.flow.read_paused:
            self._await_body()
        else:
            self.transport.abort()

    def _stop_incoming(self) -> None:
        if self._incoming is not None:
            self._incoming.cancel()
            self._incoming = None

    def _stop_outgoing(self) -> None:
        if self._outgoing is not None:
            self._outgoing.cancel()
            self._outgoing = None
