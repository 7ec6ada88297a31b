"""A real HTTP server on loopback that receives webhooks and does with them what a test says."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message_id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """What came in, and how to answer: `answer` is given how many came before, and returns a status and headers."""

    port: int = 0
    scheme: str = "http"
    received: list[Received] = field(default_factory=list)
    answer: Callable[[int], tuple[int, dict[str, str]]] = lambda _before: (204, {})
    # While it is not set, nothing is answered.
    go: Event = field(default_factory=Event)
    # Is set by each request that comes in.
    came: Event = field(default_factory=Event)

    def url(self, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}/hooks/idts"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Senders that give up, or are killed, are part of the tests."""


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver that is there for as long as the block lasts."""
    receiver = Receiver(scheme="https" if tls else "http")
    receiver.go.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            before = len(receiver.received)
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, body))
            receiver.came.set()
            receiver.go.wait()
            status, more = receiver.answer(before)
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.go.set()
        server.shutdown()
        server.server_close()
        thread.join()
