"""Health is asked without waiting behind writers, and knows when nothing can be stored."""

import re
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, text

from app.storage import health
from tests.support.service import Service, running, service_settings

LWI = "/v1/prisons/LWI"


def states(service: Service) -> tuple[int, int]:
    return service.get("/health", by=None).status_code, service.get("/health/readiness", by=None).status_code


def test_a_writer_that_takes_its_time_is_no_reason_to_be_down(database_url: str, tmp_path: Path):
    """It has the one connection that the service writes with, and on SQLite the lock."""
    settings = service_settings(database_url, data_dir=tmp_path, database_pool_size=1)
    with running(settings) as service, service.database.session_scope() as session:
        session.execute(text("UPDATE prison SET name = name"))
        assert states(service) == (200, 200)


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_database_that_takes_nothing_is_told_apart_and_healthy_again_once_it_does(
    service: Service, monkeypatch: pytest.MonkeyPatch
):
    def set_read_only(value: str) -> None:
        pooled = service.database.write_engine.raw_connection()
        pooled.cursor().execute(f"PRAGMA query_only={value}")
        pooled.close()

    set_read_only("ON")
    assert states(service) == (200, 200)
    answer = service.patch(f"{LWI}/sections/5", {"comment": "Lost"})
    assert (answer.status_code, answer.json()["code"]) == (503, "storage-unavailable")
    assert states(service) == (503, 200)
    assert service.get(f"{LWI}/sections").status_code == 200
    set_read_only("OFF")
    assert service.patch(f"{LWI}/sections/5", {"comment": "Kept"}).json()["version"] == 1
    assert states(service) == (200, 200)
    # Nobody may write to a service that is down: the failure does not count for ever.
    set_read_only("ON")
    assert service.patch(f"{LWI}/sections/5", {"comment": "Lost"}).status_code == 503
    assert states(service) == (503, 200)
    monkeypatch.setattr(health, "FAILURE_SECONDS", 0)
    assert states(service) == (200, 200)


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_disk_that_takes_no_bytes_is_noticed_before_anybody_writes(service: Service, database_url: str):
    """A directory lies where the probe would write, which stops it whoever runs the test."""
    file = Path(database_url.removeprefix("sqlite:///"))
    (file.parent / f"{file.name}-probe").mkdir()
    assert states(service) == (503, 200)


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_read_only_server_is_down_for_health_and_up_for_readers(database_url: str, tmp_path: Path):
    name = make_url(database_url).database
    with psycopg.connect(re.sub(r"\+psycopg", "", database_url), autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'.encode())
    with running(service_settings(database_url, data_dir=tmp_path)) as service:
        assert states(service) == (503, 200)
        answer = service.patch(f"{LWI}/sections/5", {"comment": "Lost"})
        assert (answer.status_code, answer.json()["code"]) == (503, "storage-unavailable")
        assert service.get(f"{LWI}/sections").status_code == 200


def test_a_database_without_tables_is_told_apart(database_url: str, tmp_path: Path):
    with running(service_settings(database_url, data_dir=tmp_path)) as service:
        with service.database.write_engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE prison RENAME TO elsewhere")
            connection.exec_driver_sql("DROP TABLE alembic_version")
        for answer in (service.get(f"{LWI}/sections"), service.patch(f"{LWI}/sections/5", {"comment": "Lost"})):
            assert (answer.status_code, answer.json()["code"]) == (503, "schema-missing")
            assert "idts migrate" in answer.json()["detail"]
        assert states(service) == (503, 503)
