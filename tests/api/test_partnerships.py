"""Partnerships: who makes and changes them, and who writes and reads their plans."""

from typing import Any

import pytest

from tests.support.service import Service, max_statements

REGION = "region:south-east"
Json = dict[str, Any]


def made(service: Service, name: str = "East Sussex", *codes: str, by: str = REGION) -> Json:
    answer = service.post("/v1/partnerships", {"name": name, "prisons": list(codes) or ["LWI", "msi"]}, by=by)
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


def refused(answer: Any, status: int, code: str, pointer: str | None = None) -> None:
    found = answer.json()
    assert (answer.status_code, found["code"]) == (status, code), answer.text
    if pointer is not None:
        assert [fault["pointer"] for fault in found["errors"]] == [pointer]


def test_a_partnership_is_made_read_and_changed(service: Service):
    view = made(service)
    assert view["prisons"] == ["LWI", "MSI"]
    assert view["region"] == {"slug": "south-east", "name": "South East"}
    address = f"/v1/partnerships/{view['id']}"
    read = service.get(address)
    assert read.json() == service.get("/v1/partnerships/East%20Sussex").json() == view
    with max_statements(service, 2):
        assert service.get("/v1/partnerships").json()["items"] == [view]
    tag = {"if-match": read.headers["etag"]}
    service.clock.tick()
    changed = service.patch(address, {"prisons": ["LWI"]}, by=REGION, headers=tag).json()
    assert (changed["name"], changed["prisons"], changed["version"]) == ("East Sussex", ["LWI"], 2)
    with service.unchanged():
        refused(service.patch(address, {"name": "Other"}, by=REGION, headers=tag), 412, "outdated-copy")
        assert service.patch(address, {"name": "East Sussex"}, by="admin").json() == changed
        refused(service.get(address, by="prison:MSI"), 403, "out-of-scope")
        assert service.get("/v1/partnerships", by="prison:MSI").json()["items"] == []
        refused(service.get("/v1/partnerships/nobody"), 404, "not-found")
    events = service.get("/v1/events?limit=500").json()["items"]
    told = [(one["kind"], one["prison"]) for one in events if one["kind"].startswith("partnership")]
    assert told == [
        *(("partnership.made", "LWI"), ("partnership.made", "MSI")),
        *(("partnership.changed", "LWI"), ("partnership.changed", "MSI")),
    ]


@pytest.mark.parametrize(
    ("body", "by", "status", "code", "pointer"),
    [
        ({"name": "Sussex", "prisons": []}, REGION, 422, "invalid-input", "/prisons"),
        ({"name": "Sussex", "prisons": ["LWI", "lwi"]}, REGION, 422, "invalid-input", "/prisons/1"),
        ({"name": "Sussex", "prisons": ["QQQ"]}, REGION, 422, "invalid-input", "/prisons/0"),
        ({"name": "", "prisons": ["LWI"]}, REGION, 422, "invalid-input", "/name"),
        ({"name": "Sussex", "prisons": ["LWI", "BXI"]}, REGION, 403, "out-of-scope", None),
        ({"name": "Sussex", "prisons": ["LWI"]}, "prison:LWI", 403, "role-not-allowed", None),
        ({"name": "Sussex", "prisons": ["LWI"]}, "national", 403, "role-not-allowed", None),
    ],
)
def test_a_bad_partnership_is_refused(
    untouched: Service, body: Json, by: str, status: int, code: str, pointer: str | None
):
    refused(untouched.post("/v1/partnerships", body, by=by), status, code, pointer)


def test_a_name_is_one_partnerships_alone(service: Service):
    made(service)
    other = made(service, "Kent", "MSI", by="admin")
    with service.unchanged():
        body = {"name": "East Sussex", "prisons": ["LWI"]}
        refused(service.post("/v1/partnerships", body, by=REGION), 409, "partnership-exists", "/name")
        answer = service.patch(f"/v1/partnerships/{other['id']}", {"name": "East Sussex"}, by="admin")
        refused(answer, 409, "partnership-exists", "/name")


def test_a_partnerships_plan_is_written_by_its_prisons_and_their_region_and_by_nobody_outside(service: Service):
    partnership = made(service)
    action = {"reference": "1", "text": "Meet", "by_when": "Quarterly", "by_whom": "JCM / CRI"}
    body = {"partnership": "East Sussex", "title": "Plan", "sections": [{"objectives": [{"actions": [action]}]}]}
    answer = service.post("/v1/plans", body, by="prison:MSI")
    plan = answer.json()
    assert (answer.status_code, plan["prison"]) == (201, None)
    assert plan["partnership"] == {"id": partnership["id"], "name": "East Sussex"}
    address = f"/v1/plans/{plan['id']}"
    for by in ("prison:LWI", REGION, "admin"):
        service.clock.tick()
        answer = service.post(f"{address}/actions/1/updates", {"text": f"Seen by {by}"}, by=by)
        assert answer.status_code == 201, answer.text
    assert [one["text"] for one in answer.json()["updates"]] == [
        f"Seen by {by}" for by in ("prison:LWI", REGION, "admin")
    ]
    outsiders = ("prison:LEI", "region:london")
    for by in outsiders:
        service.key(by)
    with service.unchanged():
        for by in outsiders:
            for outside in (
                service.get(address, by=by),
                service.post("/v1/plans", body, by=by),
                service.patch(f"{address}/actions/1", {"done_on": "2026-03-02"}, by=by),
                service.put(f"{address}/content", {"sections": []}, by=by),
                service.get("/v1/plans?partnership=East%20Sussex", by=by),
            ):
                refused(outside, 403, "out-of-scope")
            assert service.get("/v1/plans", by=by).json()["items"] == []
        refused(service.post(f"{address}/submit", by=REGION), 403, "role-not-allowed")
    service.post(f"{address}/submit")
    assert service.post(f"{address}/approve", by=REGION).json()["status"] == "approved"
    for query in ("partnership=East%20Sussex", "prison=LWI", "region=south-east", f"partnership={partnership['id']}"):
        found = service.get(f"/v1/plans?{query}", by="national").json()["items"]
        assert [one["id"] for one in found] == [plan["id"]]
    assert service.get("/v1/audit/verify", by="national").json()["intact"]
    actions = [one["action"] for one in service.get("/v1/audit?limit=9", by="admin").json()["items"]]
    assert actions[:2] == ["plan.approved", "plan.submitted"]
    service.patch(f"/v1/partnerships/{partnership['id']}", {"prisons": ["LWI"]}, by=REGION)
    refused(service.get(address, by="prison:MSI"), 403, "out-of-scope")
