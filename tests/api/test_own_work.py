"""Only the prison's own work counts as its update (rule 9): a region's reminder does not make it look busy."""

import pytest

from tests.support.programme.drive import differences, rebuild
from tests.support.service import Service

MSI = "/v1/prisons/MSI"
REGION = "region:south-east"


def last_update(service: Service) -> tuple[str | None, bool]:
    """When, and whether that is long ago: the register, the return and the dashboard say the same.

    No other prison of the region does anything here.
    """
    rows = service.get(f"/v1/returns/{service.clock.now:%Y-%m}?limit=500", "national").json()["items"]
    (row,) = (one for one in rows if one["code"] == "MSI")
    assert row["last_update"] == service.get(MSI).json()["sections_updated_at"]
    dashboard = service.get("/v1/regions/south-east/dashboard").json()
    assert dashboard["without_update"]["prisons"] == dashboard["prisons"] - (not row["stale"])
    return row["last_update"], row["stale"]


def stage(service: Service, **params: str) -> str:
    found: str = service.get(f"{MSI}/readiness", params=params).json()["stage"]
    return found


def by_others(service: Service) -> None:
    """All that a region and an administrator do about a section or a prison."""
    service.clock.tick()
    answers = [
        service.put(f"{MSI}/sections/7/exemption", {"rationale": "There is no such unit."}, by=REGION),
        service.delete(f"{MSI}/sections/7/exemption", by=REGION),
        service.put(f"{MSI}/sections/23/exemption", {"rationale": "Nobody arrives from court."}, by=REGION),
        service.post(f"{MSI}/sections/5/reviews", {"kind": "challenged", "text": "Where is it kept?"}, by=REGION),
        service.patch(MSI, {"county": "Kent and Medway"}, by="admin"),
    ]
    assert [answer.is_success for answer in answers] == [True] * 5


def test_a_prison_that_only_others_have_touched_has_not_started(service: Service):
    by_others(service)
    assert (last_update(service), stage(service)) == ((None, True), "not_started")
    service.clock.tick()
    service.patch(f"{MSI}/sections/5", {"comment": "Begun"}, by="prison:MSI")
    now = "2026-03-02T09:02:00Z"
    assert (last_update(service), stage(service)) == ((now, False), "preparing")
    assert stage(service, as_of="2026-03-02T09:01:30Z") == "not_started"
    assert differences(service.database) == []


def test_a_silent_prison_stays_silent_whatever_others_do(service: Service):
    service.patch(f"{MSI}/sections/5", {"rating": "AMBER"}, by="prison:MSI")
    worked = "2026-03-02T09:00:00Z"
    service.clock.set("2026-03-29T12:00:00Z")
    by_others(service)
    assert last_update(service) == (worked, False)
    service.clock.set("2026-03-30T12:00:00Z")
    assert last_update(service) == (worked, True)
    before = service.fingerprints()
    rebuild(service.database)
    assert {name: rows for name, rows in service.fingerprints().items() if rows != before[name]} == {}


@pytest.mark.parametrize(
    "body",
    [
        {"rating": "AMBER"},
        {"comment": "Begun"},
        {"lead": "A. Lead"},
        {"target_date": "2026-09-30"},
        {"outcomes": {"*": "met"}},
        {"evidence": [{"kind": "link", "title": "Register", "reference": "https://example.org/register"}]},
    ],
)
def test_each_thing_that_a_prison_changes_in_a_section_is_its_own_work(service: Service, body: dict[str, object]):
    assert service.patch(f"{MSI}/sections/5", body, by="prison:MSI").status_code == 200
    assert (last_update(service), stage(service)) == (("2026-03-02T09:00:00Z", False), "preparing")
