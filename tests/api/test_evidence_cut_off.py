"""Uploads whose connection dies, against a real server over a real socket: nothing of them is left."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn

from app.http.parts import parts_of
from tests.support import evidence_files as files
from tests.support.evidence_checks import EVIDENCE, assert_store_matches_rows, stored_keys, upload
from tests.support.service import Service

FILE = files.PDF + bytes(2_000_000)
PARTS = (
    b'--cut\r\nContent-Disposition: form-data; name="title"\r\n\r\nMinutes\r\n'
    b'--cut\r\nContent-Disposition: form-data; name="file"; filename="m.pdf"\r\n\r\n' + FILE + b"\r\n--cut--\r\n"
)


@contextmanager
def served(service: Service) -> Iterator[int]:
    """The port on which a real server answers for the application."""
    config = uvicorn.Config(service.app, host="127.0.0.1", port=0, lifespan="off", log_level="critical")
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def request_head(service: Service, framing: str) -> bytes:
    return (
        f"POST {EVIDENCE} HTTP/1.1\r\nHost: tests\r\nAuthorization: Bearer {service.key('prison:LWI')}\r\n"
        f"Content-Type: multipart/form-data; boundary=cut\r\n{framing}\r\n\r\n"
    ).encode()


def send(port: int, content: bytes) -> None:
    """Send, and go away without a word."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(content)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def answered(service: Service) -> float:
    """How many uploads have been answered or given up."""
    registry = parts_of(service.app).metrics.registry
    return sum(
        float(sample.value)
        for metric in registry.collect()
        for sample in metric.samples
        if sample.name == "idts_http_requests_total" and sample.labels["method"] == "POST"
    )


def wait_until_answered(service: Service, count: float) -> None:
    while answered(service) < count:
        time.sleep(0.01)


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "in chunks"])
def test_a_stream_cut_at_every_tenth_leaves_nothing(service: Service, chunked: bool):
    if chunked:
        head = request_head(service, "Transfer-Encoding: chunked")
        body = b"".join(
            b"%x\r\n%s\r\n" % (len(piece), piece)
            for start in range(0, len(PARTS), 65_536)
            for piece in [PARTS[start : start + 65_536]]
        )
    else:
        head = request_head(service, f"Content-Length: {len(PARTS)}")
        body = PARTS
    with served(service) as port, service.unchanged():
        for tenth in range(10):
            before = answered(service)
            send(port, head + body[: len(body) * tenth // 10])
            wait_until_answered(service, before + 1)
            assert stored_keys(service) == set()
            assert_store_matches_rows(service)
    assert upload(service, FILE).status_code == 201
    assert_store_matches_rows(service)


def test_a_whole_upload_over_the_same_socket_is_taken(service: Service):
    with served(service) as port, socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request_head(service, f"Content-Length: {len(PARTS)}") + PARTS)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 201 ")
    assert len(stored_keys(service)) == 1


def test_a_file_over_the_limit_is_refused_before_it_has_all_been_sent(service: Service):
    too_much = PARTS[:200] + bytes(26 * 1024 * 1024)
    head = request_head(service, "Transfer-Encoding: chunked")
    with (
        served(service) as port,
        service.unchanged(),
        socket.create_connection(("127.0.0.1", port), timeout=60) as connection,
    ):
        # Sent in one chunk that never ends; the answer comes all the same.
        connection.sendall(head + b"%x\r\n" % (1 << 30) + too_much)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 413 ")
    assert stored_keys(service) == set()
