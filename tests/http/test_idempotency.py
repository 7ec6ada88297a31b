"""The same POST or PATCH twice is one."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx2
import pytest

from tests.support import factories
from tests.support.route_walk import routes
from tests.support.service import Service

KEY = {"idempotency-key": "register-zedham-1"}


def test_the_same_request_again_gets_the_first_answer_again(service: Service):
    first = service.post("/v1/prisons", factories.prison(), by="admin", headers=KEY)
    service.clock.tick(23 * 3600)
    with service.unchanged():
        again = service.post("/v1/prisons", factories.prison(), by="admin", headers=KEY)
    assert (again.status_code, again.content) == (201, first.content)
    for name in ("etag", "location", "content-type"):
        assert again.headers[name] == first.headers[name]


def test_the_same_key_with_another_body_is_refused(service: Service):
    service.post("/v1/prisons", factories.prison(), by="admin", headers=KEY)
    with service.unchanged():
        other = service.post("/v1/prisons", factories.prison("ZZB"), by="admin", headers=KEY)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


def test_without_a_key_a_repeat_is_a_second_request(service: Service):
    service.post("/v1/prisons", factories.prison(), by="admin")
    assert service.post("/v1/prisons", factories.prison(), by="admin").status_code == 409


def test_another_caller_has_keys_of_their_own(service: Service):
    other = service.post("/v1/keys", {"name": "Second", "role": "admin"}, by="admin").json()["key"]
    service.post("/v1/prisons", factories.prison(), by="admin", headers=KEY)
    assert service.post("/v1/prisons", factories.prison("ZZB"), by=other, headers=KEY).status_code == 201


def test_a_refusal_is_not_remembered(service: Service):
    with service.unchanged():
        assert service.post("/v1/prisons", factories.prison("LWI"), by="admin", headers=KEY).status_code == 409
    assert service.post("/v1/prisons", factories.prison(), by="admin", headers=KEY).status_code == 201


def test_a_key_is_forgotten_after_a_day(service: Service):
    service.post("/v1/prisons", factories.prison(), by="admin", headers=KEY)
    service.clock.tick(24 * 3600)
    assert service.post("/v1/prisons", factories.prison("ZZB"), by="admin", headers=KEY).status_code == 201


def test_a_key_of_any_other_length_is_malformed(untouched: Service):
    for key in ("", "k" * 256):
        answer = untouched.post("/v1/prisons", factories.prison(), by="admin", headers={"idempotency-key": key})
        assert answer.status_code == 422


def test_two_at_once_register_one_prison(service: Service):
    together = Barrier(6)

    def register(_: int) -> httpx2.Response:
        together.wait()
        return service.post("/v1/prisons", factories.prison(), by="admin", headers=KEY)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(register, range(6)))
    created = [answer for answer in answers if answer.status_code == 201]
    others = {(answer.status_code, answer.json()["code"]) for answer in answers if answer.status_code != 201}
    assert created
    assert len({answer.content for answer in created}) == 1
    assert others <= {(409, "request-in-flight")}
    assert service.get("/v1/prisons?q=Zedham").json()["items"] == [created[0].json()]


def test_a_secret_that_is_replayed_is_not_stored_in_the_clear(service: Service):
    body, headers = {"name": "Second", "role": "admin"}, {"idempotency-key": "second-admin"}
    first = service.post("/v1/keys", body, by="admin", headers=headers)
    again = service.post("/v1/keys", body, by="admin", headers=headers)
    assert again.content == first.content
    assert first.json()["key"] not in repr(service.stored())


SECTION = "/v1/prisons/LWI/sections/5"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (SECTION, {"comment": "Agreed", "evidence": [factories.note()]}),
        ("/v1/prisons/LWI/sections", {"sections": [{"number": 5, "evidence": [factories.note()]}]}),
    ],
)
def test_a_change_that_is_repeated_adds_its_evidence_once(service: Service, path: str, body: dict[str, Any]):
    """Whoever was not told what became of a change can send it again."""
    first = service.patch(path, body, headers=KEY)
    service.patch("/v1/prisons/LWI/sections/6", {"rating": "AMBER"})
    with service.unchanged():
        again = service.patch(path, body, headers=KEY)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers.get("etag") == first.headers.get("etag")
    assert len(service.get(SECTION).json()["evidence"]) == 1


def test_a_correction_that_is_repeated_is_the_first_one(service: Service):
    first = service.patch("/v1/prisons/LWI", {"county": "Sussex"}, by="admin", headers=KEY)
    service.patch("/v1/prisons/LWI", {"county": "Kent"}, by="admin")
    with service.unchanged():
        again = service.patch("/v1/prisons/LWI", {"county": "Sussex"}, by="admin", headers=KEY)
    assert (again.status_code, again.content) == (200, first.content)


def test_a_change_repeated_with_its_own_copy_is_not_outdated_by_itself(service: Service):
    headers = KEY | {"if-match": service.get(SECTION).headers["etag"]}
    first = service.patch(SECTION, {"comment": "Mine"}, headers=headers)
    again = service.patch(SECTION, {"comment": "Mine"}, headers=headers)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)


def test_a_key_of_one_change_is_not_good_for_another(service: Service):
    service.patch(SECTION, {"comment": "Mine"}, headers=KEY)
    with service.unchanged():
        assert service.patch(SECTION, {"comment": "Other"}, headers=KEY).status_code == 422
        assert service.patch("/v1/prisons/LWI/sections/6", {"comment": "Mine"}, headers=KEY).status_code == 422


# They store nothing, so a repeat is no second change.
STORES_NOTHING = {("POST", "/v1/readiness/evaluate"), ("POST", "/v1/statements/verify")}


def test_every_post_and_patch_takes_a_key(untouched: Service):
    writes = {one for one in routes(untouched.app) if one[0] in ("POST", "PATCH")} - STORES_NOTHING
    paths = untouched.get("/openapi.json").json()["paths"]
    takes = {one for one in writes if "Idempotency-Key" in str(paths[one[1]][one[0].lower()].get("parameters"))}
    assert len(writes) > 20
    assert writes - takes == set()


def test_evidence_extended_and_withdrawn_twice_is_so_once(service: Service):
    item = service.post(f"{SECTION}/evidence", factories.note()).json()
    for step, body in (("sections", {"sections": [6]}), ("withdraw", {"reason": "The wrong prison"})):
        address, headers = f"/v1/prisons/LWI/evidence/{item['id']}/{step}", {"idempotency-key": step}
        first = service.post(address, body, headers=headers)
        with service.unchanged():
            again = service.post(address, body, headers=headers)
        assert (again.status_code, again.content) == (200, first.content), again.text
        assert again.headers["idempotency-replayed"] == "true"
