"""What holds secrets can be read by the service's own user alone, whatever the directory was before."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.cli import first_start
from app.storage import schema
from app.storage.db import Database
from tests.support.service import Clock, running, service_settings


@pytest.fixture
def open_umask():
    before = os.umask(0o000)
    yield
    os.umask(before)


def rights(directory: Path) -> dict[str, int]:
    return {path.relative_to(directory).as_posix(): path.stat().st_mode & 0o777 for path in directory.rglob("*")}


@pytest.mark.usefixtures("open_umask")
def test_in_a_directory_that_others_may_enter_they_can_read_nothing(tmp_path: Path):
    tmp_path.chmod(0o755)
    for name in ("evidence", "signing-keys"):
        (tmp_path / name).mkdir(mode=0o755)
    settings = service_settings("", data_dir=tmp_path)
    schema.migrate(settings)
    database = Database(settings)
    first_start.seed(settings.model_copy(update={"admin_key": None}), database)
    first_start.ensure_signing_key(settings, database)
    with running(settings, Clock(datetime.now(UTC))) as service:
        answer = service.post(
            "/v1/prisons/BXI/sections/5/evidence",
            by="prison:BXI",
            data={"title": "Minutes"},
            files={"file": ("minutes.txt", b"What was said.", "text/plain")},
        )
        assert answer.status_code == 201, answer.text
        assert service.get("/health", by=None).status_code == 200
        found = rights(tmp_path)
    database.dispose()
    assert {"idts.db", "idts.db-wal", "idts.db-shm", "idts.db-turn", "idts.db-waiting"} <= set(found)
    assert found["evidence"] == found["signing-keys"] == 0o700
    at_the_top = {name: mode for name, mode in found.items() if "/" not in name and (tmp_path / name).is_file()}
    assert set(at_the_top.values()) == {0o600}
    assert {mode for name, mode in found.items() if name.startswith("signing-keys/")} == {0o600}


def test_a_database_that_others_could_read_is_closed_to_them_at_the_next_start(tmp_path: Path):
    settings = service_settings("", data_dir=tmp_path)
    schema.migrate(settings)
    (tmp_path / "idts.db").chmod(0o644)
    schema.migrate(settings)
    assert rights(tmp_path)["idts.db"] == 0o600
