"""The HTTP server: uvicorn with the limits that the service sets it, one worker or several."""

import gc
from contextlib import ExitStack, suppress
from socket import socket
from tempfile import TemporaryDirectory

import typer

from app.cli.common import err
from app.cli.listening import once_it_answers
from app.settings import Settings, tell_workers

# An idle connection is kept a little longer than proxies keep theirs, so that none sends into a closed one.
KEEP_ALIVE_SECONDS = 65
GRACE_SECONDS = 20


def run_server(settings: Settings, host: str, listening: socket, workers: int) -> None:
    """Serve on the socket until the process is told to end; `host` is its name for people."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    from app.http.connections import GuardedProtocol

    with ExitStack() as stack:
        # Each of several workers sees the others' requests in files, or `/metrics` would tell a part of them.
        counts = stack.enter_context(TemporaryDirectory(prefix="idts-counts-")) if workers > 1 else None
        port = listening.getsockname()[1]
        tell_workers(host, port, counts)
        # Until the application is there: see `from_environment`.
        gc.disable()
        config = uvicorn.Config(
            "app.main:from_environment",
            factory=True,
            workers=workers,
            http=GuardedProtocol,
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            forwarded_allow_ips=settings.forwarded_allow_ips,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        said = f"Serving on {address} (API: /docs). Press Ctrl+C to stop."
        once_it_answers(listening, lambda: err.print(said, markup=False))
        server = uvicorn.Server(config)
        with suppress(KeyboardInterrupt):
            if workers > 1:
                Multiprocess(config, sockets=[listening]).run()
            else:
                server.run(sockets=[listening])
        if workers == 1 and not server.started:
            raise typer.Exit(3)
