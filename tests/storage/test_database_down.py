"""A database that cannot be reached: said so, and used again as soon as it is back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from tests.support import factories
from tests.support.service import Service, running, service_settings

LWI = "/v1/prisons/LWI"


@contextmanager
def locked_out(admin_url: str, url: str) -> Iterator[None]:
    """A PostgreSQL database that ends every connection and takes no new one."""
    name = make_url(url).database or ""
    address = admin_url.replace("postgresql+psycopg://", "postgresql://")
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            admin.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


@contextmanager
def moved_away(url: str) -> Iterator[None]:
    """An SQLite database whose directory is not there, as when a disk is not mounted."""
    directory = Path(url.removeprefix("sqlite:///")).parent
    elsewhere = directory.with_name(directory.name + "-elsewhere")
    directory.rename(elsewhere)
    try:
        yield
    finally:
        elsewhere.rename(directory)


def is_down(service: Service, code: str = "database-unavailable") -> None:
    for answer in (
        service.get(f"{LWI}/readiness"),
        service.get(f"{LWI}/sections"),
        service.get("/v1/prisons"),
        service.get("/v1/toolkit", by=None),
        service.patch(f"{LWI}/sections/5", {"rating": "AMBER"}),
        service.post("/v1/prisons", factories.prison(), by="admin"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (503, code)
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) > 0
        assert "postgres" not in answer.text.lower()
        assert "sqlite" not in answer.text.lower()
    health = service.get("/health", by=None)
    assert (health.status_code, health.json()["status"]) == (503, "DOWN")
    assert health.json()["components"]["database"]["status"] == "DOWN"
    assert service.get("/health/readiness", by=None).status_code == 503
    assert service.get("/health/liveness", by=None).status_code == 200
    assert service.get("/health/ping", by=None).status_code == 200


def is_up(service: Service) -> None:
    health = service.get("/health", by=None)
    assert (health.status_code, health.json()["status"]) == (200, "UP")
    assert health.json()["components"]["database"]["status"] == "UP"
    assert service.get(f"{LWI}/readiness").status_code == 200
    assert service.get("/health/readiness", by=None).status_code == 200


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_postgresql_that_goes_away_is_used_again_when_it_is_back(postgres_admin_url: str, service: Service):
    assert service.patch(f"{LWI}/sections/5", {"rating": "AMBER"}).status_code == 200
    is_up(service)
    before = service.stored()
    for _ in range(2):
        with locked_out(postgres_admin_url, service.settings.database_url):
            is_down(service)
        is_up(service)
    assert service.stored() == before
    assert service.patch(f"{LWI}/sections/5", {"comment": "Back"}).json()["version"] == 2


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_connections_that_died_while_idle_are_not_noticed_by_callers(postgres_admin_url: str, service: Service):
    service.patch(f"{LWI}/sections/5", {"rating": "AMBER"})
    service.get(f"{LWI}/readiness")
    with locked_out(postgres_admin_url, service.settings.database_url):
        pass
    assert service.get(f"{LWI}/readiness").status_code == 200
    assert service.get(f"{LWI}/sections").status_code == 200
    assert service.patch(f"{LWI}/sections/5", {"comment": "Back"}).status_code == 200


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_an_sqlite_file_that_is_not_there_is_used_once_it_is(database_url: str, tmp_path: Path):
    with running(service_settings(database_url, data_dir=tmp_path)) as service:
        with moved_away(database_url):
            is_down(service, "storage-unavailable")
        is_up(service)
        assert service.patch(f"{LWI}/sections/5", {"rating": "AMBER"}).json()["version"] == 1
