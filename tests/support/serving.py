"""The application under uvicorn, in a thread of the test's process."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn

from tests.support.service import Service


@contextmanager
def serving(service: Service) -> Iterator[str]:
    """The address of a service whose lifespan is already under way."""
    config = uvicorn.Config(service.app, port=0, lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
