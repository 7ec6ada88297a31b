"""The SQLite file is deleted or replaced while the service runs: nothing is acknowledged into nothing."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli import first_start
from app.errors import Refused
from app.storage import schema
from app.storage.db import Database
from tests.support.processes import idts
from tests.support.service import Service, running, service_settings

LWI = "/v1/prisons/LWI"


def delete(file: Path) -> None:
    file.unlink()


def replace(file: Path) -> None:
    other = file.with_name("other")
    shutil.copyfile(file, other)
    other.replace(file)


def delete_log(file: Path) -> None:
    file.with_name(file.name + "-wal").unlink()


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("harm", [delete, replace, delete_log])
def test_it_is_noticed_before_anything_is_stored(service: Service, database_url: str, harm: Callable[[Path], None]):
    file = Path(database_url.removeprefix("sqlite:///"))
    assert service.patch(f"{LWI}/sections/5", {"comment": "Kept"}).status_code == 200
    harm(file)
    for _ in range(2):
        answer = service.patch(f"{LWI}/sections/5", {"comment": "Lost"})
        assert (answer.status_code, answer.json()["code"]) == (503, "storage-unavailable")
        assert "Nothing was stored" in answer.json()["detail"]
    for path in ("/health", "/health/readiness"):
        assert service.get(path, by=None).status_code == 503
    # The service makes no database where there is none.
    assert file.exists() is (harm is not delete)


@pytest.mark.parametrize("left", ["signing-keys/one.json", "evidence/aa/bb"])
@pytest.mark.parametrize("size", [None, 0])
def test_no_database_begins_beside_what_an_earlier_one_left(tmp_path: Path, left: str, size: int | None):
    (tmp_path / left).parent.mkdir(parents=True)
    (tmp_path / left).write_text("{}")
    if size is not None:
        (tmp_path / "idts.db").touch()
    for command in ("serve", "migrate"):
        ran = idts(command, data_dir=str(tmp_path), port="0")
        assert ran.code == 1
        (line,) = ran.err.splitlines()
        assert str(tmp_path / left.split("/")[0]) in line
        assert "Restore the database" in line
        assert "IDTS_DATA_DIR" in line
    assert not (tmp_path / "idts.db").exists() or (tmp_path / "idts.db").stat().st_size == 0


def test_a_first_start_that_was_interrupted_goes_on(tmp_path: Path):
    """The first key is made after the establishments: neither without the other stops the next start."""
    settings = service_settings("", data_dir=tmp_path)
    for _ in range(2):
        schema.migrate(settings)
        database = Database(settings)
        first_start.seed(settings, database)
        first_start.ensure_signing_key(settings, database)
        database.dispose()
    with running(settings) as service:
        assert service.get("/health", by=None).status_code == 200


@pytest.mark.postgres
@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_on_a_server_an_empty_database_does_not_begin_beside_old_keys(database_url: str, tmp_path: Path):
    settings = service_settings(database_url, data_dir=tmp_path)
    (tmp_path / "signing-keys").mkdir()
    (tmp_path / "signing-keys" / "one.json").write_text("{}")
    # One that is in use goes on.
    schema.migrate(settings)
    database = Database(settings)
    with database.session_scope() as session:
        session.connection().exec_driver_sql("DROP SCHEMA public CASCADE")
        session.connection().exec_driver_sql("CREATE SCHEMA public")
    database.dispose()
    with pytest.raises(Refused, match="signing-keys"):
        schema.migrate(settings)
