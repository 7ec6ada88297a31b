"""Webhooks as their keepers see them: made, scoped, read, ended, their deliveries replayed."""

from typing import Any

import pytest

from tests.support.factories import rated
from tests.support.service import Service

URL = "https://hooks.example.org/idts"


def make(service: Service, by: str = "national", **more: Any) -> Any:
    answer = service.post("/v1/webhooks", {"url": URL, "description": "Dashboard"} | more, by=by)
    assert answer.status_code == 201, answer.text
    return answer.json()


def refused(service: Service, by: str = "national", **more: Any) -> tuple[int, str]:
    with service.unchanged():
        answer = service.post("/v1/webhooks", {"url": URL, "description": "Dashboard"} | more, by=by)
    return answer.status_code, answer.json()["code"]


def rate(service: Service, number: int = 5, code: str = "LWI", rating: str = "AMBER") -> None:
    answer = service.patch(f"/v1/prisons/{code}/sections/{number}", rated(number, rating), by=f"prison:{code}")
    assert answer.status_code == 200, answer.text


def deliveries(service: Service, webhook: int = 1, by: str = "admin", **filters: Any) -> list[dict[str, Any]]:
    answer = service.get(f"/v1/webhooks/{webhook}/deliveries", by=by, params=filters)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_the_secret_is_shown_once_and_never_again(service: Service):
    made = make(service, kinds=["section.rated", "statement.issued"], region="London")
    assert made["secret"].startswith("whsec_")
    assert made["webhook"] == {
        "id": 1,
        "url": URL,
        "description": "Dashboard",
        "kinds": ["section.rated", "statement.issued"],
        "region": {"slug": "london", "name": "London"},
        "prison": None,
        "active": True,
        "created_at": "2026-03-02T09:00:00Z",
        "created_by": "national",
        "ended_at": None,
        "ended_by": None,
    }
    assert service.get("/v1/webhooks/1", by="national").json() == made["webhook"]
    assert service.get("/v1/webhooks", by="national").json()["items"] == [made["webhook"]]
    assert make(service)["secret"] != made["secret"]


def test_each_role_hears_of_its_own_scope(service: Service):
    assert make(service, by="prison:LWI")["webhook"]["prison"] == "LWI"
    assert make(service, by="region:london")["webhook"]["region"]["slug"] == "london"
    within = make(service, by="region:london", prison="bxi")["webhook"]
    assert (within["region"]["name"], within["prison"]) == ("London", "BXI")
    everything = make(service, by="admin")["webhook"]
    assert (everything["region"], everything["prison"]) == (None, None)


@pytest.mark.parametrize(
    ("by", "scope", "expected"),
    [
        ("prison:LWI", {"prison": "MSI"}, (403, "out-of-scope")),
        ("region:london", {"region": "south-east"}, (403, "out-of-scope")),
        ("region:london", {"prison": "LWI"}, (403, "out-of-scope")),
        ("signatory:LWI:governor", {}, (403, "role-not-allowed")),
        ("national", {"prison": "QQQ"}, (404, "not-found")),
    ],
)
def test_nobody_hears_of_what_is_not_theirs(service: Service, by: str, scope: dict[str, str], expected: Any):
    assert refused(service, by, **scope) == expected


def test_events_reach_exactly_the_webhooks_that_ask_for_them(service: Service):
    wanted: dict[int, dict[str, Any]] = {
        1: {},
        2: {"region": "south-east"},
        3: {"region": "london"},
        4: {"prison": "LWI"},
        5: {"prison": "BXI"},
        6: {"kinds": ["section.rated"]},
        7: {"kinds": ["exemption.recorded", "prison.corrected"]},
    }
    for filters in wanted.values():
        make(service, **filters)
    rate(service)
    assert {hook: len(deliveries(service, hook)) for hook in wanted} == {1: 1, 2: 1, 3: 0, 4: 1, 5: 0, 6: 1, 7: 0}
    assert service.patch("/v1/prisons/BXI", {"county": "London"}, by="prison:BXI").status_code == 200
    assert {hook: len(deliveries(service, hook)) for hook in wanted} == {1: 2, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1}


def test_a_delivery_waits_in_the_outbox_from_the_moment_of_the_change(service: Service):
    make(service)
    rate(service)
    [delivery] = deliveries(service)
    assert delivery == {
        "id": 1,
        "message_id": f"msg_1_{delivery['event_id']}",
        "event_id": delivery["event_id"],
        "kind": "section.rated",
        "subject": "/v1/prisons/LWI/sections/5",
        "status": "pending",
        "attempts": 0,
        "created_at": "2026-03-02T09:00:00Z",
        "next_attempt_at": "2026-03-02T09:00:00Z",
        "attempted_at": None,
        "delivered_at": None,
        "last_status": None,
        "last_error": None,
    }


def test_a_key_sees_its_own_webhooks_and_an_administrator_all(service: Service):
    make(service, by="national")
    make(service, by="prison:LWI")
    rate(service)
    assert [hook["id"] for hook in service.get("/v1/webhooks", by="prison:LWI").json()["items"]] == [2]
    assert [hook["id"] for hook in service.get("/v1/webhooks", by="admin").json()["items"]] == [2, 1]
    for path in ("/v1/webhooks/1", "/v1/webhooks/1/deliveries"):
        assert service.get(path, by="prison:LWI").status_code == 404
        assert service.get(path, by="admin").status_code == 200
    with service.unchanged():
        assert service.delete("/v1/webhooks/1", by="prison:LWI").status_code == 404
        assert service.post("/v1/webhooks/1/deliveries/1/replay", by="prison:LWI").status_code == 404


def test_an_ended_webhook_is_told_nothing_more_and_stays_readable(service: Service):
    make(service)
    rate(service)
    ended = service.delete("/v1/webhooks/1", by="national")
    assert (ended.status_code, ended.json()["active"], ended.json()["ended_by"]) == (200, False, "national")
    rate(service, 6)
    assert [one["status"] for one in deliveries(service)] == ["cancelled"]
    assert deliveries(service, status="pending") == []
    assert deliveries(service)[0]["next_attempt_at"] is None
    with service.unchanged():
        assert service.delete("/v1/webhooks/1", by="national").json() == ended.json()
        replay = service.post("/v1/webhooks/1/deliveries/1/replay", by="national")
    assert (replay.status_code, replay.json()["code"]) == (409, "webhook-ended")


def test_ending_honours_the_copy_that_the_caller_has(service: Service):
    make(service)
    etag = service.get("/v1/webhooks/1", by="national").headers["etag"]
    with service.unchanged():
        stale = service.delete("/v1/webhooks/1", by="national", headers={"if-match": '"another"'})
    assert stale.status_code == 412
    assert service.delete("/v1/webhooks/1", by="national", headers={"if-match": etag}).status_code == 200


def test_revoking_a_key_ends_its_webhooks(service: Service):
    make(service, by="prison:LWI")
    make(service, by="national")
    keys = service.get("/v1/keys", by="admin").json()["items"]
    [key] = [key["id"] for key in keys if key["name"] == "prison:LWI"]
    assert service.post(f"/v1/keys/{key}/revoke", by="admin").status_code == 200
    hooks = service.get("/v1/webhooks", by="admin").json()["items"]
    assert {hook["id"]: hook["active"] for hook in hooks} == {1: False, 2: True}


def test_what_is_done_to_webhooks_is_in_the_audit_trail(service: Service):
    make(service)
    rate(service)
    assert service.post("/v1/webhooks/1/deliveries/1/replay", by="national").status_code == 202
    assert service.delete("/v1/webhooks/1", by="national").status_code == 200
    entries = service.get("/v1/audit", by="national", params={"limit": 500}).json()["items"]
    about = {entry["action"]: entry["subject"] for entry in entries if entry["subject"].startswith("/v1/webhooks/")}
    assert about == {
        "webhook.created": "/v1/webhooks/1",
        "webhook.replayed": "/v1/webhooks/1/deliveries/1",
        "webhook.ended": "/v1/webhooks/1",
    }


def test_the_same_creation_twice_is_one_webhook(service: Service):
    key = {"idempotency-key": "once"}
    body = {"url": URL, "description": "Dashboard"}
    first = service.post("/v1/webhooks", body, by="national", headers=key)
    again = service.post("/v1/webhooks", body, by="national", headers=key)
    assert first.json() == again.json()
    assert len(service.get("/v1/webhooks", by="national").json()["items"]) == 1


def test_lists_come_in_pages_newest_first(service: Service):
    for _ in range(3):
        make(service)
    for number in (1, 2, 3, 5):
        rate(service, number)
    for path, total in (("/v1/webhooks", 3), ("/v1/webhooks/1/deliveries", 4)):
        whole = service.get(path, by="national").json()["items"]
        assert [item["id"] for item in whole] == sorted((item["id"] for item in whole), reverse=True)
        read, cursor = [], None
        while True:
            page = service.get(path, by="national", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
            read += page.json()["items"]
            cursor = page.json()["next_cursor"]
            if cursor is None:
                break
        assert read == whole
        assert len(whole) == total


def test_a_key_keeps_only_so_many_webhooks(service: Service):
    for _ in range(20):
        make(service)
    assert refused(service) == (409, "too-many-webhooks")
    make(service, by="admin")
    service.delete("/v1/webhooks/7", by="national")
    make(service)


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.org/hook", "https://127.0.0.1/", "https://10.1.2.3/x", "https://192.168.0.1:8443/"),
        *("https://169.254.169.254/latest/meta-data", "https://[::1]/", "https://[::ffff:127.0.0.1]/"),
        *("https://[::ffff:0:127.0.0.1]/", "https://[64:ff9b::10.0.0.1]/", "https://[2002:7f00:1::]/"),
        *("https://[fe80::1]/", "https://[fd00::1]:9/"),
    ],
)
def test_addresses_that_the_operator_does_not_allow_are_refused_at_once(service: Service, url: str):
    assert refused(service, url=url) == (409, "webhook-address-refused")


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.org", "ftp://example.org/", "https://", "https:///x", "https://user:pw@example.org/"),
        *("https://example.org/#part", "https://example.org:0/", "https://example.org:99999/", "javascript:alert(1)"),
        *("https://exa mple.org/", "https://example.org/\u0000", "https://ex\u00e4mple.org/", "https://[::1/"),
        *("https://example.org\\@10.0.0.1/", "https://example.org/" + "x" * 2000),
    ],
)
def test_what_is_no_web_address_is_malformed(service: Service, url: str):
    assert refused(service, url=url) == (422, "invalid-input")


@pytest.mark.parametrize(
    "more",
    [
        {"kinds": []},
        {"kinds": ["section.painted"]},
        {"kinds": "section.rated"},
        {"region": "atlantis"},
        {"description": ""},
        {"description": "x" * 201},
        {"secret": "whsec_mine"},
    ],
)
def test_malformed_webhooks_are_refused(service: Service, more: dict[str, Any]):
    assert refused(service, **more) == (422, "invalid-input")


@pytest.mark.parametrize("path", ["/v1/webhooks/0", "/v1/webhooks/x", "/v1/webhooks/99999999999"])
def test_an_id_that_cannot_be_one_is_malformed(service: Service, path: str):
    assert service.get(path, by="admin").status_code == 422


def test_what_is_not_there_is_not_found(service: Service):
    make(service)
    assert service.get("/v1/webhooks/2", by="national").status_code == 404
    assert service.post("/v1/webhooks/1/deliveries/1/replay", by="national").status_code == 404
