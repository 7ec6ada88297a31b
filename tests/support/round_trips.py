"""How often a client of PostgreSQL waits for an answer, counted on the wire."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

from sqlalchemy import make_url


class Relay:
    """Passes bytes between clients and a server. What a client sends after it has been answered begins a trip, also
    where that is BEGIN or COMMIT; several statements that are sent without waiting are one."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.server = server
        self.trips = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self.server)
                is_answered = [True]
                Thread(target=self._pass, args=(client, server, is_answered, False), daemon=True).start()
                Thread(target=self._pass, args=(server, client, is_answered, True), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, is_answered: list[bool], is_answer: bool) -> None:
        with suppress(OSError):
            while content := source.recv(65536):
                if is_answered[0] and not is_answer:
                    self.trips += 1
                is_answered[0] = is_answer
                target.sendall(content)
        target.close()

    def close(self) -> None:
        self._listening.close()


@contextmanager
def relayed(url: str) -> Iterator[tuple[str, Relay]]:
    """The same database at an address that counts."""
    known = make_url(url)
    assert known.host is not None
    assert known.port is not None
    relay = Relay((known.host, known.port))
    try:
        yield known.set(host="127.0.0.1", port=relay.port).render_as_string(hide_password=False), relay
    finally:
        relay.close()
