"""What a change of a section costs the database: counted, since more would come unnoticed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import databases, factories
from tests.support.round_trips import Relay, relayed
from tests.support.service import Service, max_statements, running, service_settings

FIVE = "/v1/prisons/LWI/sections/5"
# The key is looked up beside the session.
OF_THE_KEY = 1
CHANGES = [
    {"rating": "AMBER", "comment": "Terms of reference are with the governor."},
    {"lead": "R. Okafor", "target_date": "2026-05-01"},
    factories.rated(5),
]


@pytest.mark.parametrize("body", CHANGES)
def test_a_change_takes_at_most_ten_statements(service: Service, body: dict[str, Any]):
    """Those of the key and the session; BEGIN and COMMIT apart. On PostgreSQL the lock is one more.

    The section has evidence. Adding to it is one more: the items are rows of their own.
    """
    warm_up(service)
    most = 10 - OF_THE_KEY + ("evidence" in body) + (not service.settings.is_embedded)
    with max_statements(service, most) as seen:
        assert service.patch(FIVE, body).status_code == 200
    assert sum(one.lstrip().startswith("SELECT") for one in seen) == 1 + (not service.settings.is_embedded)


@pytest.fixture
def counted(shared_home: Path, tmp_path: Path) -> Iterator[tuple[Service, Relay]]:
    with (
        databases.fresh_copy("postgresql", shared_home) as url,
        relayed(url) as (address, relay),
        running(service_settings(address, data_dir=tmp_path)) as service,
    ):
        yield service, relay


@pytest.mark.postgres
@pytest.mark.parametrize("with_webhook", [False, True])
def test_a_change_takes_at_most_seven_round_trips(counted: tuple[Service, Relay], with_webhook: bool):
    """All that the server is asked for, the key, BEGIN and COMMIT included; see `Relay` for what is counted."""
    service, relay = counted
    if with_webhook:
        wanted = {"url": "https://example.org/hook", "description": "All"}
        assert service.post("/v1/webhooks", wanted, by="national").status_code == 201
    warm_up(service)
    before = relay.trips
    assert service.patch(FIVE, factories.rated(5)).status_code == 200
    assert relay.trips - before <= 7 + with_webhook


def warm_up(service: Service) -> None:
    """Connections are made and statements prepared; every section has been rated."""
    service.patch("/v1/prisons/LWI/sections", factories.several(dict.fromkeys(range(1, 36), "AMBER")))
    service.patch(FIVE, {"evidence": [factories.note(), factories.note("Terms of reference")]})
    for place in range(8):
        assert service.patch(FIVE, {"rating": ("RED", "AMBER")[place % 2], "comment": f"{place}"}).status_code == 200
    service.patch(FIVE, {"rating": "RED"})
