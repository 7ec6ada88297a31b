"""A clock that is behind what is stored: the service refuses to write, since no answer about a moment would agree."""

from datetime import datetime
from typing import Any

import pytest

from tests.support import factories
from tests.support.service import Service
from tests.support.statements import raised

LWI = "/v1/prisons/LWI"
PATCH, POST = "PATCH", "POST"


def assert_clock_behind(answer: Any) -> None:
    assert (answer.status_code, answer.json()["code"]) == (503, "clock-behind"), answer.text
    assert "Nothing was stored" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body", "by"),
    [
        (PATCH, f"{LWI}/sections/5", {"rating": "AMBER"}, "prison:LWI"),
        (PATCH, f"{LWI}/sections", factories.several({5: "AMBER"}), "prison:LWI"),
        (PATCH, LWI, {"county": "East Sussex"}, "admin"),
        ("PUT", f"{LWI}/sections/7/exemption", {"rationale": "Not a local prison"}, "region:south-east"),
        (
            POST,
            f"{LWI}/statements",
            {"go_live_date": "2026-04-01", "signatories": [{"role": "governor", "name": "A. Mor"}]},
            "prison:LWI",
        ),
    ],
)
def test_after_a_write_dated_2036_nothing_is_written_until_the_clock_is_right(
    service: Service, method: str, path: str, body: dict[str, Any], by: str
):
    right = service.clock.now
    service.clock.set("2036-03-02T09:00:00Z")
    assert service.patch(f"{LWI}/sections/12", {"comment": "From the future"}).status_code == 200
    service.clock.now = right
    with service.unchanged():
        assert_clock_behind(service.call(method, path, by, json=body))
    # Other prisons have nothing of that date.
    assert service.patch("/v1/prisons/MSI/sections/5", {"rating": "AMBER"}, by="prison:MSI").status_code == 200


def test_a_statement_takes_no_step_by_a_clock_that_is_behind(service: Service):
    statement = raised(service)
    service.clock.tick(-61)
    with service.unchanged():
        answer = service.post(
            f"/v1/statements/{statement['id']}/withdraw", {"reason": "Too early"}, by="region:south-east"
        )
        assert_clock_behind(answer)


def test_within_a_minute_the_history_goes_on_in_one_order(service: Service):
    service.patch(f"{LWI}/sections/5", {"comment": "First"})
    service.clock.tick(-60)
    assert service.patch(f"{LWI}/sections/5", {"comment": "Second"}).status_code == 200
    newest, oldest = service.get(f"{LWI}/sections/5/history").json()["items"]
    assert (newest["comment"], oldest["comment"]) == ("Second", "First")
    assert datetime.fromisoformat(newest["at"]) > datetime.fromisoformat(oldest["at"])


def test_a_clock_two_days_back_dates_nothing_into_a_frozen_month(service: Service):
    """The prisons themselves were last written in January: it is the frozen return that would change."""
    assert service.post("/v1/returns/2026-02/freeze", by="national").status_code == 201
    service.clock.tick(-2 * 86400)
    with service.unchanged():
        assert_clock_behind(service.patch(f"{LWI}/sections/5", {"rating": "AMBER"}))
        assert_clock_behind(service.patch(LWI, {"county": "East Sussex"}, by="admin"))
        assert_clock_behind(service.post("/v1/prisons", factories.prison(), by="admin"))


def test_a_clock_a_moment_behind_a_frozen_month_writes_after_it(service: Service):
    assert service.post("/v1/returns/2026-02/freeze", by="national").status_code == 201
    service.clock.set("2026-02-28T23:59:30Z")
    section = service.patch(f"{LWI}/sections/5", {"rating": "AMBER"}).json()
    assert section["updated_at"] == "2026-03-01T00:00:00Z"
    assert service.get(f"{LWI}/sections/5?as_of=2026-02-28", by="prison:LWI").json()["rating"] == "RED"
