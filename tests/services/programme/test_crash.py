"""Work that is killed between any two of its statements leaves the old state or the new one, whole."""

import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.factories import rated
from tests.support.killed import killer
from tests.support.receivers import receiving
from tests.support.service import STARTS_AT, Service, running, service_settings

pytestmark = pytest.mark.slow


@pytest.fixture
def alone(database_url: str, tmp_path: Path) -> Iterator[Service]:
    """A service on a database that other processes work on too."""
    allowed = {"webhook_private_addresses": True, "webhook_plain_http": True}
    with running(service_settings(database_url, data_dir=tmp_path, **allowed)) as service:
        yield service


def stored(service: Service, *tables: str) -> dict[str, object]:
    return {name: rows for name, rows in service.stored().items() if name.startswith(tables)}


def test_a_freeze_killed_between_any_two_statements_leaves_the_old_or_the_new_state(alone: Service):
    assert alone.post("/v1/returns/2026-02/freeze", by="national").status_code == 201
    alone.patch("/v1/prisons/LWI/sections/1", {"rating": "AMBER"})
    old, killed = stored(alone, "return", "audit"), 0
    with killer("freeze", alone.settings) as freeze:
        while (ended := freeze(killed + 1, STARTS_AT)) == -signal.SIGKILL:
            killed += 1
            assert stored(alone, "return", "audit") == old
    assert ended == 0
    # The kills came before each statement of the change, the last of them before the commit.
    assert killed > 8
    assert stored(alone, "return", "audit") != old
    listed = alone.get("/v1/returns/2026-02/revisions", "national").json()["items"]
    assert [(one["revision"], one["rows"]) for one in listed] == [(2, 111), (1, 111)]


def test_a_delivery_killed_between_any_two_statements_is_not_made_yet_or_is_tried_again(alone: Service):
    with receiving() as receiver, killer("deliver", alone.settings) as deliver:
        wanted = {"url": receiver.url(), "description": "Test"}
        assert alone.post("/v1/webhooks", wanted, by="national").status_code == 201
        assert alone.patch("/v1/prisons/LWI/sections/5", rated(5, "AMBER")).status_code == 200
        states: list[str] = []
        at, before = alone.clock(), (0, 0)
        while not states or states[-1] != "delivered":
            assert deliver(len(states) + 1, at) == -signal.SIGKILL
            (delivery,) = alone.get("/v1/webhooks/1/deliveries", "admin").json()["items"]
            now = delivery["attempts"], len(receiver.received)
            states.append(state_of(delivery, now[0] - before[0], now[1] - before[1]))
            # By then the claim of the dead worker has run out.
            before, at = now, at + timedelta(hours=1)
        assert deliver(1000, at) == 0
    # Before the claim is committed nothing has happened; from then on the message goes out each time until its
    # outcome is recorded, and the worker dies looking for the next one.
    assert states == sorted(states, key=["untouched", "claimed", "sent", "delivered"].index)
    assert states.count("untouched") >= 3
    assert states.count("sent") >= 2
    assert len(receiver.received) == states.count("sent") + 1
    assert {(one.message_id, one.body) for one in receiver.received} == {
        (receiver.received[0].message_id, receiver.received[0].body)
    }


def state_of(delivery: dict[str, Any], attempts: int, sent: int) -> str:
    """What a killed worker left; anything that is neither the old state nor a new one is a failure."""
    seen = (delivery["status"], delivery["last_status"], attempts, sent)
    known: dict[Any, str] = {
        ("pending", None, 0, 0): "untouched",
        ("pending", None, 1, 0): "claimed",
        ("pending", None, 1, 1): "sent",
        ("delivered", 204, 1, 1): "delivered",
    }
    assert seen in known, seen
    return known[seen]
