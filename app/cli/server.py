"""The HTTP server: uvicorn with the limits that the service sets it, one worker or several."""

from contextlib import ExitStack
from tempfile import TemporaryDirectory

from app.settings import Settings, tell_workers

# An idle connection is kept a little longer than proxies keep theirs, so that none sends into a closed one.
KEEP_ALIVE_SECONDS = 65
GRACE_SECONDS = 20


def run_server(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve until the process is told to end."""
    import uvicorn

    from app.http.connections import GuardedProtocol

    with ExitStack() as stack:
        # Each of several workers sees the others' requests in files, or `/metrics` would tell a part of them.
        counts = stack.enter_context(TemporaryDirectory(prefix="idts-counts-")) if workers > 1 else None
        tell_workers(host, port, counts)
        uvicorn.run(
            "app.main:from_environment",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            http=GuardedProtocol,
            access_log=False,
            log_config=None,
            server_header=False,
            forwarded_allow_ips=settings.forwarded_allow_ips,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
