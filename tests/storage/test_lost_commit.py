"""A connection that is lost while something is stored: what callers are told is true, and repeating is safe."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.support import factories
from tests.support.cutting_proxy import Cutter, cutting_proxy
from tests.support.service import Service, running, service_settings

LWI = "/v1/prisons/LWI"

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("database_kind", ["postgresql"])]


@pytest.fixture
def behind(database_url: str, tmp_path: Path) -> Iterator[tuple[Service, Cutter]]:
    address = make_url(database_url)
    assert address.host
    assert address.port
    with cutting_proxy(address.host, address.port) as cutter:
        through = address.set(host="127.0.0.1", port=cutter.port).render_as_string(hide_password=False)
        with running(service_settings(through, data_dir=tmp_path)) as service:
            assert service.patch(f"{LWI}/sections/5", {"comment": "Before"}).status_code == 200
            yield service, cutter


@pytest.mark.parametrize("is_stored", [True, False])
def test_a_commit_without_an_answer_may_have_stored_it(behind: tuple[Service, Cutter], is_stored: bool):
    """Whether the server had the COMMIT or not, the service cannot know."""
    service, cutter = behind
    cutter.cut_at(b"COMMIT\0", delivered=is_stored)
    answer = service.patch(f"{LWI}/sections/5", {"comment": "After"})
    assert cutter.was_cut.wait(10)
    assert (answer.status_code, answer.json()["code"]) == (503, "outcome-unknown")
    assert "nothing was stored" not in answer.text.lower()
    assert "Idempotency-Key" in answer.json()["detail"]
    section = service.get(f"{LWI}/sections/5").json()
    assert section["comment"] == ("After" if is_stored else "Before")
    assert service.patch(f"{LWI}/sections/5", {"comment": "Again"}).status_code == 200


def test_before_the_commit_nothing_was_stored(behind: tuple[Service, Cutter]):
    service, cutter = behind
    cutter.cut_at(b"INSERT INTO", delivered=True)
    answer = service.patch(f"{LWI}/sections/5", {"comment": "After"})
    assert cutter.was_cut.wait(10)
    assert (answer.status_code, answer.json()["code"]) == (503, "database-unavailable")
    assert service.get(f"{LWI}/sections/5").json()["comment"] == "Before"


@pytest.mark.parametrize("is_stored", [True, False])
def test_a_repeat_with_the_same_key_stores_it_once(behind: tuple[Service, Cutter], is_stored: bool):
    service, cutter = behind
    cutter.cut_at(b"COMMIT\0", delivered=is_stored)

    def register():
        return service.post("/v1/prisons", factories.prison(), by="admin", headers={"idempotency-key": "one"})

    assert register().json()["code"] == "outcome-unknown"
    assert cutter.was_cut.wait(10)
    again = register()
    assert (again.status_code, again.json()["code"]) == (201, "ZZA")
    assert again.headers.get("idempotency-replayed") == ("true" if is_stored else None)
