"""Where the service listens: the port is taken before anything else is done, and told of once it answers."""

import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from time import sleep

from app.cli.common import fail

POLL_SECONDS = 0.05
_PING = b"GET /health/ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket that has the address and does not listen yet; whoever calls meanwhile is refused, as before."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        taken = socket.socket(family, kind, protocol)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        taken.bind(address)
    except (OSError, UnicodeError) as fault:
        number = getattr(fault, "errno", None)
        advice = " Choose another one with --port." if number == errno.EADDRINUSE else ""
        reason = getattr(fault, "strerror", None) or "this is no host"
        raise fail(f"port {port} of {host} cannot be used: {reason}.{advice}") from None
    taken.set_inheritable(True)
    return taken


def once_it_answers(listening: socket.socket, say: Callable[[], None]) -> None:
    """Call `say` from a thread of its own as soon as the service answers there."""
    host, port = listening.getsockname()[:2]
    reached_at = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # nosec B104 - compared, not bound

    def wait() -> None:
        while not _answers(reached_at, port):
            sleep(POLL_SECONDS)
        say()

    Thread(target=wait, daemon=True).start()


def _answers(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port)) as connection:
        connection.sendall(_PING)
        return connection.recv(12) == b"HTTP/1.1 200"
    return False
