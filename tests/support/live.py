"""A service behind real sockets in this process, with small buffers, so that a reader that stops is soon noticed."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from app.http.connections import GuardedProtocol

PATIENCE = 20.0


@contextmanager
def live(app: ASGIApp, *, lifespan: str = "off") -> Iterator[int]:
    """The port at which the application answers."""
    listening = socket.create_server(("127.0.0.1", 0))
    # Those that are accepted inherit it.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    settings: Any = {"http": GuardedProtocol, "lifespan": lifespan, "log_config": None}
    server = uvicorn.Server(uvicorn.Config(app, **settings))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        until(lambda: server.started)
        yield listening.getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        thread.join(PATIENCE)
        listening.close()


def unread(port: int, request: bytes) -> socket.socket:
    """A connection whose answer nobody reads."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    found.settimeout(PATIENCE)
    found.connect(("127.0.0.1", port))
    found.sendall(request)
    return found


def until(condition: Any) -> None:
    """Wait until it holds; an AssertionError where it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)
