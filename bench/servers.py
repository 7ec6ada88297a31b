"""Servers as processes of their own on free loopback ports, stopped by their process ids."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.floor import BODY_VARIABLE
from tests.support import postgres

START_SECONDS = 120.0
STOP_SECONDS = 20.0
ADMIN_KEY = "bench-admin-key-0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers at `url`, in the process `pid`."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """The processor time that it has taken so far; not a number where the system does not say."""
        stat = Path(f"/proc/{self.pid}/stat")
        if not stat.exists():
            return float("nan")
        user, system = stat.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def idle_memory(self) -> float:
        """The resident set now, in MiB; `peak_memory` counts from here on."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return self._memory("VmRSS")

    def peak_memory(self) -> float:
        """The largest resident set since `idle_memory` was asked, in MiB."""
        return self._memory("VmHWM")

    def _memory(self, name: str) -> float:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024
        raise RuntimeError(f"no {name}")


@contextmanager
def floor_server(body: bytes, directory: Path) -> Iterator[Server]:
    """The bare application, with the event loop, the HTTP parser and the log level of the service's server."""
    file = directory / "floor-body"
    file.write_bytes(body)
    port = free_port()
    command = [
        *(sys.executable, "-m", "uvicorn", "bench.floor:create_app", "--factory", "--host", "127.0.0.1"),
        *("--port", str(port), "--workers", "1", "--no-access-log", "--no-server-header", "--log-level", "warning"),
    ]
    with _running(command, {BODY_VARIABLE: str(file)}, f"http://127.0.0.1:{port}", "/v1/prisons/LWI/readiness") as one:
        yield one


@contextmanager
def service_server(settings: Mapping[str, str], checkout: Path | None = None) -> Iterator[Server]:
    """`idts serve` with those settings and one worker, once it answers; of another checkout where one is given."""
    port = free_port()
    python = sys.executable if checkout is None else str(checkout / ".venv" / "bin" / "python")
    command = [python, "-c", "from app.cli import main; main()", "serve", "--port", str(port)]
    with _running(command, settings, f"http://127.0.0.1:{port}", "/health/readiness", checkout) as one:
        yield one


@contextmanager
def database_url(kind: str, directory: Path) -> Iterator[str]:
    """A database for the service: a file on disk, or a PostgreSQL server that waits for the disk at every commit."""
    if kind == "sqlite":
        yield f"sqlite:///{directory / 'bench.db'}"
        return
    with postgres.postgres_server(durable=True) as admin_url:
        name = f"idts_bench_{os.getpid()}"
        try:
            yield postgres.create_database(admin_url, name)
        finally:
            postgres.drop_database(admin_url, name)


def service_settings(database: str, directory: Path) -> dict[str, str]:
    return {
        "IDTS_DATABASE_URL": database,
        "IDTS_DATA_DIR": str(directory),
        "IDTS_ADMIN_KEY": ADMIN_KEY,
        "IDTS_LOG_LEVEL": "warning",
    }


def prison_keys(url: str, codes: Sequence[str]) -> dict[str, str]:
    """A new key of each prison's lead."""
    with httpx.Client(base_url=url, headers={"authorization": f"Bearer {ADMIN_KEY}"}, trust_env=False) as client:
        bodies = {code: {"name": f"Bench {code}", "role": "prison", "prison": code} for code in codes}
        return {
            code: client.post("/v1/keys", json=body).raise_for_status().json()["key"] for code, body in bodies.items()
        }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _running(
    command: Sequence[str], settings: Mapping[str, str], url: str, ready: str, folder: Path | None = None
) -> Iterator[Server]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("IDTS_")}
    with subprocess.Popen(
        command,
        env=inherited | dict(settings),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            _wait_for(server, url + ready)
            yield Server(url, server.pid)
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.communicate(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_for(server: "subprocess.Popen[str]", address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(address, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    server.kill()
    raise RuntimeError(f"the server did not start:\n{server.communicate()[1]}")
