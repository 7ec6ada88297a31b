"""API keys over HTTP."""

from typing import Any

import pytest

from tests.support.service import Service


def test_a_key_is_shown_once_works_at_once_and_ends_at_once(service: Service):
    body = {"name": "Lewes lead", "role": "prison", "prison": "lwi"}
    made = service.post("/v1/keys", body, by="admin")
    assert made.status_code == 201
    key, details = made.json()["key"], made.json()["details"]
    assert (details["role"], details["prison"], details["name"]) == ("prison", "LWI", "Lewes lead")
    assert service.get("/v1/prisons/LWI/sections", by=key).status_code == 200
    assert service.patch("/v1/prisons/LWI/sections/5", {"rating": "AMBER"}, by=key).json()["updated_by"] == "Lewes lead"
    assert key not in service.get("/v1/keys", by="admin").text
    assert key not in repr(service.stored())
    revoked = service.post(f"/v1/keys/{details['id']}/revoke", by="admin")
    assert (revoked.status_code, revoked.json()["revoked_at"]) == (200, "2026-03-02T09:00:00Z")
    for path in ("/v1/prisons/LWI/sections", "/v1/prisons/LWI/readiness"):
        ended = service.get(path, by=key)
        assert (ended.status_code, ended.json()["code"]) == (401, "unauthenticated")


def test_revoking_twice_changes_nothing(service: Service):
    key_id = service.post("/v1/keys", {"name": "N", "role": "national"}, by="admin").json()["details"]["id"]
    first = service.post(f"/v1/keys/{key_id}/revoke", by="admin")
    service.clock.tick()
    with service.unchanged():
        again = service.post(f"/v1/keys/{key_id}/revoke", by="admin")
    assert (again.status_code, again.content) == (200, first.content)


def test_an_unknown_key_is_not_found(untouched: Service):
    assert untouched.post("/v1/keys/999999/revoke", by="admin").status_code == 404


@pytest.mark.parametrize(
    ("scope", "pointer"),
    [
        ({"role": "prison"}, "/prison"),
        ({"role": "prison", "prison": "XXX"}, "/prison"),
        ({"role": "prison", "prison": "LWI", "region": "london"}, "/region"),
        ({"role": "region"}, "/region"),
        ({"role": "region", "region": "atlantis"}, "/region"),
        ({"role": "national", "prison": "LWI"}, "/prison"),
        ({"role": "admin", "region": "london"}, "/region"),
        ({"role": "signatory", "prison": "LWI"}, "/signatory_role"),
        ({"role": "signatory", "prison": "LWI", "signatory_role": "cook"}, "/signatory_role"),
        ({"role": "emperor"}, "/role"),
        ({"role": "national", "name": ""}, "/name"),
        ({"role": "national", "name": "A\nB"}, "/name"),
        ({"role": "prison", "prison": "L\u0000I"}, "/prison"),
        ({"role": "national", "expires": "never"}, "/expires"),
    ],
)
def test_a_scope_that_does_not_fit_the_role_is_refused(untouched: Service, scope: dict[str, Any], pointer: str):
    answer = untouched.post("/v1/keys", {"name": "A key"} | scope, by="admin")
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, [pointer])


def test_a_region_is_taken_by_its_name_too(service: Service):
    body = {"name": "A key", "role": "region", "region": "Yorkshire and the Humber"}
    made = service.post("/v1/keys", body, by="admin")
    region = {"slug": "yorkshire-and-the-humber", "name": "Yorkshire and the Humber"}
    assert (made.status_code, made.json()["details"]["region"]) == (201, region)
