"""The command as a process of its own: run to its end, or serving until the block ends."""

import os
import pty
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IDTS = [sys.executable, "-c", "from app.cli import main; main()"]
START_SECONDS = 120


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command: none of the caller's own settings, no colours."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("IDTS_", "COV_"))}
    return inherited | {"NO_COLOR": "1", "COLUMNS": "160"} | dict(settings)


def idts(*arguments: str, **settings: str) -> Ran:
    """Run `idts` with those arguments; `data_dir=...` is IDTS_DATA_DIR, and so on."""
    named = {f"IDTS_{name.upper()}": value for name, value in settings.items()}
    ran = subprocess.run(
        [*IDTS, *arguments], env=environment(named), cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def idts_at_a_terminal(*arguments: str, typed: str = "", **settings: str) -> tuple[int, str]:
    """Run `idts` as somebody does who sits at a terminal of 80 columns; its exit code, and all that it shows."""
    named = {f"IDTS_{name.upper()}": value for name, value in settings.items()}
    own = environment(named) | {"TERM": "xterm-256color", "COLUMNS": "80"}
    del own["NO_COLOR"]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*IDTS, *arguments], env=own, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        os.write(ours, typed.encode())
        shown = b""
        # Reading fails once nobody has the other end open any more.
        with suppress(OSError):
            while part := os.read(ours, 65536):
                shown += part
        code = process.wait(timeout=300)
    os.close(ours)
    return code, shown.decode().replace("\r\n", "\n")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(settings: Mapping[str, str], port: int) -> Iterator[list[str]]:
    """`idts serve` for as long as the block lasts; the list has what it said on stderr once it has ended."""
    with server_process([*IDTS, "serve", "--port", str(port)], settings, port, cwd=ROOT) as said:
        yield said


@contextmanager
def server_process(
    command: list[str], settings: Mapping[str, str], port: int, *, cwd: Path, ready: str = "/health"
) -> Iterator[list[str]]:
    """A command that serves on that port of this machine, in a session of its own, once `ready` answers."""
    said: list[str] = []
    # A file: a pipe that nobody reads is full after a few hundred lines, and the server then waits for ever.
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            command,
            env=environment(settings),
            cwd=cwd,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        ) as server,
    ):
        try:
            _wait_for(server, f"http://127.0.0.1:{port}{ready}")
            yield said
        finally:
            if server.poll() is None:
                server.send_signal(signal.SIGTERM)
            server.wait(timeout=60)
            errors.seek(0)
            said += errors.read().splitlines()


def _wait_for(server: "subprocess.Popen[bytes]", address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise AssertionError("the server did not start")
