"""A TCP proxy before a database server that cuts a connection at a chosen word."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

PIECE = 65_536


class Cutter:
    """Cuts the next connection on which a word is sent: before the server has it, or before the client has its answer.

    `was_cut` is set once that has happened; where the server was to have the word, once it has answered.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.was_cut = Event()
        self._word = b""
        self._is_delivered = False

    def cut_at(self, word: bytes, *, delivered: bool) -> None:
        self.was_cut.clear()
        self._word, self._is_delivered = word, delivered

    def carry(self, client: socket.socket, server: socket.socket, answered: Event) -> None:
        with suppress(OSError):
            while piece := client.recv(PIECE):
                if not self._word or self._word not in piece:
                    server.sendall(piece)
                    continue
                self._word = b""
                end(client)
                if self._is_delivered:
                    answered.clear()
                    server.sendall(piece)
                    answered.wait(10)
                self.was_cut.set()
                break
        end(server)

    def carry_back(self, server: socket.socket, client: socket.socket, answered: Event) -> None:
        with suppress(OSError):
            while piece := server.recv(PIECE):
                answered.set()
                client.sendall(piece)
        end(client)


def end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def cutting_proxy(host: str, port: int) -> Iterator[Cutter]:
    """Everything goes through, until the cutter is told what to cut at."""
    opened: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cutter = Cutter(listener.getsockname()[1])

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    server = socket.create_connection((host, port))
                    opened.extend((client, server))
                    answered = Event()
                    Thread(target=cutter.carry, args=(client, server, answered), daemon=True).start()
                    Thread(target=cutter.carry_back, args=(server, client, answered), daemon=True).start()

        Thread(target=accept, daemon=True).start()
        try:
            yield cutter
        finally:
            end(listener)
            for one in opened:
                end(one)
                one.close()
