"""A disk that takes no more, and one that takes nothing: real limits of the system on a service of its own process."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.support.processes import ROOT, free_port, server_process
from tests.support.service import ADMIN_KEY, secret_of

SECTION = "/v1/prisons/LWI/sections/5"
HEADERS = {"authorization": f"Bearer {secret_of('prison:LWI')}"}
# No file of this process may grow beyond the limit: to the database that is a full disk.
LIMITED = """
import resource, sys
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from app.cli import main
main()
"""
# Without the right to override file permissions, in case an administrator runs the tests.
BARRED = """
import ctypes, os, sys
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
if os.geteuid() == 0:
    assert ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0) == 0
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


@contextmanager
def serving(command: list[str], url: str, data_dir: Path, port: int) -> Iterator[tuple[httpx2.Client, list[str]]]:
    settings = {"IDTS_DATABASE_URL": url, "IDTS_DATA_DIR": str(data_dir), "IDTS_ADMIN_KEY": ADMIN_KEY}
    with (
        server_process([sys.executable, "-c", *command], settings, port, cwd=ROOT, ready="/health/readiness") as said,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=HEADERS, timeout=60, trust_env=False) as client,
    ):
        yield client, said


def test_a_full_disk_is_said_and_what_was_acknowledged_stays(database_url: str, tmp_path: Path):
    file = Path(database_url.removeprefix("sqlite:///"))
    port, limit = free_port(), file.stat().st_size + 300_000
    acknowledged = []
    with serving([LIMITED, str(limit), "serve", "--port", str(port)], database_url, tmp_path, port) as (client, said):
        for turn in range(5_000):
            answer = client.patch(SECTION, json={"comment": f"{turn} " + "x" * 1500})
            if answer.status_code != 200:
                break
            acknowledged.append(answer.json()["comment"])
        assert (answer.status_code, answer.json()["code"]) == (503, "storage-unavailable")
        assert "Nothing was stored" in answer.json()["detail"]
        assert int(answer.headers["retry-after"]) > 0
        assert client.get("/health").status_code == 503
        assert client.get("/health/readiness").status_code == 200
        assert client.get(SECTION).json()["comment"] == acknowledged[-1]
    assert any("storage-unavailable" in line and ("I/O" in line or "full" in line) for line in said)
    # A comment is a value: it is in no line of the log.
    assert not any("xxxxx" in line for line in said)
    with sqlite3.connect(file) as connection:
        (kept,) = connection.execute("SELECT count(*) FROM section_change WHERE number = 5").fetchone()
    assert kept == len(acknowledged)


def test_a_read_only_disk_is_said_and_read_from(database_url: str, tmp_path: Path):
    file = Path(database_url.removeprefix("sqlite:///"))
    port = free_port()
    # The log files are there, as they are when a disk becomes read-only under a running service.
    keeper = sqlite3.connect(file)
    keeper.execute("PRAGMA journal_mode=WAL")
    keeper.execute("SELECT count(*) FROM prison").fetchone()
    sides = [file, *file.parent.glob(file.name + "-*")]
    worker = [BARRED, "-m", "uvicorn", "app.main:from_environment", "--factory", "--port", str(port)]
    try:
        for side in sides:
            side.chmod(0o444)
        file.parent.chmod(0o555)
        with serving(worker, database_url, tmp_path, port) as (client, said):
            assert client.get(SECTION).status_code == 200
            answer = client.patch(SECTION, json={"comment": "Lost"})
            assert (answer.status_code, answer.json()["code"]) == (503, "storage-unavailable")
            assert client.get("/health").status_code == 503
            assert client.get(SECTION).json()["version"] == 0
        assert any("storage-unavailable" in line and "Permission denied" in line for line in said)
    finally:
        file.parent.chmod(0o700)
        keeper.close()
