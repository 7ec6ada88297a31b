"""Connections as real sockets: heads that are too large or never end, senders and readers that stop."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from starlette.types import Receive, Scope, Send

from app.http import connections
from tests.support.live import live, unread

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
PATIENCE = 10.0


class Answering:
    """An application that takes a body whole, and sends what it is asked for; it notes when it is let go."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.received = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            while True:
                message = await receive()
                self.received += len(message.get("body", b""))
                if not message.get("more_body"):
                    break
            if message["type"] == "http.disconnect":
                return
            await send({"type": "http.response.start", "status": 200, "headers": []})
            pieces = int(scope["query_string"] or b"1")
            for _ in range(pieces):
                await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
                if scope["path"] == "/slow":
                    await asyncio.sleep(0.05)
                if (await _told(receive)) == "http.disconnect":
                    return
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self.ended.set()


async def _told(receive: Receive) -> str | None:
    try:
        async with asyncio.timeout(0):
            return str((await receive())["type"])
    except TimeoutError:
        return None


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Answering, int]]:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 1.0)
    monkeypatch.setattr(connections, "STALL_SECONDS", 1.0)
    app = Answering()
    with live(app) as port:
        yield app, port


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def rest(connection: socket.socket) -> bytes:
    """All that comes until the other side ends it."""
    found = b""
    try:
        while piece := connection.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    return found


def test_an_ordinary_request_is_answered_and_another_one_after_it(served):
    _, port = served
    with connected(port) as connection:
        for _ in range(2):
            connection.sendall(HEAD + b"\r\n")
            answer = b""
            while not answer.endswith(b"0\r\n\r\n"):
                answer += connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("pieces", [1, 40])
def test_a_head_that_is_too_large_is_refused_before_it_is_whole(served, pieces):
    app, port = served
    with connected(port) as connection:
        connection.sendall(HEAD + b"X-Long: ")
        try:
            for _ in range(pieces):
                connection.sendall(b"x" * (connections.HEAD_BYTES * 2 // pieces))
                time.sleep(0.002)
            connection.sendall(b"\r\n\r\n")
        except (ConnectionResetError, BrokenPipeError):
            pass
        answer = rest(connection)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431")
    assert not app.ended.is_set()


def test_a_head_that_is_just_small_enough_is_taken(served):
    _, port = served
    with connected(port) as connection:
        connection.sendall(
            HEAD + b"Connection: close\r\nX-Long: " + b"x" * (connections.HEAD_BYTES - 100) + b"\r\n\r\n"
        )
        assert rest(connection).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("sent", [b"", HEAD], ids=["silent", "half a head"])
def test_a_connection_without_a_whole_head_is_ended(served, sent):
    app, port = served
    with connected(port) as connection:
        connection.sendall(sent)
        began = time.monotonic()
        assert rest(connection) == b""
        assert time.monotonic() - began < PATIENCE / 2
    assert not app.ended.is_set()


def test_a_byte_now_and_then_does_not_prolong_the_head(served):
    _, port = served
    with connected(port) as connection:
        began = time.monotonic()
        connection.sendall(HEAD)
        with suppress(ConnectionResetError, BrokenPipeError):
            while time.monotonic() - began < PATIENCE:
                connection.sendall(b"X-A: b\r\n")
                time.sleep(0.05)
        assert time.monotonic() - began < PATIENCE / 2


def test_a_further_head_on_the_same_connection_has_its_time_too(served):
    _, port = served
    with connected(port) as connection:
        connection.sendall(HEAD + b"\r\n")
        answer = b""
        while not answer.endswith(b"0\r\n\r\n"):
            answer += connection.recv(65536)
        connection.sendall(HEAD)
        began = time.monotonic()
        assert rest(connection) == b""
        # Sooner than an idle connection would be ended.
        assert time.monotonic() - began < 3


def test_a_body_that_stops_coming_is_given_up(served):
    app, port = served
    with connected(port) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + b"x" * 10)
        assert rest(connection) == b""
    assert app.ended.wait(PATIENCE)


def test_a_body_that_comes_slowly_is_taken(served):
    app, port = served
    with connected(port) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10\r\n\r\n")
        for _ in range(10):
            time.sleep(0.15)
            connection.sendall(b"x")
        assert rest(connection).startswith(b"HTTP/1.1 200")
    assert app.received == 10


def test_a_reader_that_does_not_read_is_cut_off_and_the_application_let_go(served):
    app, port = served
    with unread(port, b"GET /?1000 HTTP/1.1\r\nHost: x\r\n\r\n") as connection:
        assert app.ended.wait(PATIENCE)
        # What lay in the system's buffers still comes, and no more than that.
        assert len(rest(connection)) < 900 * 65536


def test_a_reader_that_reads_slowly_gets_everything(served):
    _, port = served
    with connected(port) as connection:
        connection.sendall(b"GET /slow?40 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert len(rest(connection)) > 40 * 65536
