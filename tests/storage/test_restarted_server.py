"""A PostgreSQL server that is restarted under a running service: no caller notices."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import postgres
from tests.support.databases import fill
from tests.support.service import Service, running, service_settings

LWI = "/v1/prisons/LWI"

pytestmark = pytest.mark.postgres


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[tuple[Service, Path]]:
    home = postgres.make_home()
    try:
        url = postgres.create_database(postgres.start(home), "idts")
        fill(url)
        with running(service_settings(url, data_dir=tmp_path)) as service:
            yield service, home
    finally:
        postgres.stop(home)


def test_idle_connections_are_replaced_before_they_are_used(own_server: tuple[Service, Path]):
    service, home = own_server

    def answers(comment: str) -> list[int]:
        return [
            service.patch(f"{LWI}/sections/5", {"comment": comment}).status_code,
            service.get(f"{LWI}/sections/5").status_code,
            service.get(f"{LWI}/readiness").status_code,
            service.get("/health", by=None).status_code,
        ]

    assert answers("Before") == [200] * 4
    for turn in range(2):
        postgres.restart(home)
        assert answers(f"After {turn}") == [200] * 4
    assert [one["comment"] for one in service.get(f"{LWI}/sections/5/history").json()["items"]] == [
        "After 1",
        "After 0",
        "Before",
    ]
