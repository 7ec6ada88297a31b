"""Every route with every role: what a role may not do at all, and what lies outside its scope, walked without a gap."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.http.openapi import permissions_of
from app.rules.access import Permission, Role
from tests.support import databases, factories, statements
from tests.support.grants import CASES
from tests.support.route_walk import PUBLIC, routes
from tests.support.service import STARTS_AT, Service, running, service_settings

Address = tuple[str, str]

# For each role a key whose scope has Lewes (LWI), and one whose scope does not. The whole programme is in the scope of
# the other two, whose second key is another of their kind.
INSIDE = {
    Role.PRISON: "prison:LWI",
    Role.REGION: "region:south-east",
    Role.NATIONAL: "national",
    Role.SIGNATORY: "signatory:LWI:governor",
    Role.ADMIN: "admin",
}
OUTSIDE = {Role.PRISON: "prison:LEI", Role.REGION: "region:london", Role.SIGNATORY: "signatory:LEI:governor"}
GRANTED = {(permission, role) for permission, role, allowed in CASES if allowed}

ANYBODY = "the programme's progress is open to every authenticated caller (contract, who may do what)"
ROLE_ONLY = "it is about no prison: the role alone decides"
OWN = "it lists the caller's own and nothing else"

# Routes on which nothing can be out of scope, and why.
OPEN = {
    ("GET", "/v1/dashboard"): ANYBODY,
    ("GET", "/v1/dashboard/matrix"): ANYBODY,
    ("GET", "/v1/dashboard/matrix.csv"): ANYBODY,
    ("GET", "/v1/regions"): ANYBODY,
    ("GET", "/v1/regions/{slug}/dashboard"): ANYBODY,
    ("GET", "/v1/events"): ANYBODY,
    ("GET", "/v1/events/stream"): ANYBODY,
    ("GET", "/v1/prisons"): ANYBODY,
    ("GET", "/v1/prisons/{code}"): ANYBODY,
    ("GET", "/v1/prisons/{code}/readiness"): ANYBODY,
    ("POST", "/v1/readiness/evaluate"): ANYBODY,
    ("GET", "/v1/returns"): ANYBODY,
    ("GET", "/v1/returns/schema"): ANYBODY,
    ("GET", "/v1/returns/{month}"): ANYBODY,
    ("GET", "/v1/returns/{month}/revisions"): ANYBODY,
    ("POST", "/v1/returns/{month}/freeze"): ROLE_ONLY,
    ("POST", "/v1/prisons"): ROLE_ONLY,
    ("GET", "/v1/keys"): ROLE_ONLY,
    ("POST", "/v1/keys"): ROLE_ONLY,
    ("POST", "/v1/keys/{key_id}/revoke"): ROLE_ONLY,
    ("GET", "/v1/audit/verify"): ROLE_ONLY,
    ("GET", "/v1/webhooks"): OWN,
    ("GET", "/v1/statements"): OWN,
    ("GET", "/v1/partnerships"): OWN,
}


@dataclass(frozen=True)
class Ask:
    """A sound request about Lewes, and how it is refused where Lewes is out of scope."""

    json: object = None
    params: dict[str, str] = field(default_factory=dict)
    refusal: tuple[int, str] = (403, "out-of-scope")


HIDDEN = (404, "not-found")
SAFE = [{"objectives": [{"title": "A safe", "actions": [{"reference": "A1", "text": "Buy a safe"}]}]}]
# Sound requests on every other route; `{names}` are filled in with what the fixture made at Lewes.
SCOPED = {
    ("GET", "/v1/prisons/{code}/sections"): Ask(),
    ("GET", "/v1/prisons/{code}/sections/{number}"): Ask(),
    ("GET", "/v1/prisons/{code}/sections/{number}/history"): Ask(),
    ("GET", "/v1/prisons/{code}/sections/{number}/evidence"): Ask(),
    ("GET", "/v1/prisons/{code}/evidence/{item_id}"): Ask(),
    ("PATCH", "/v1/prisons/{code}/evidence/{item_id}"): Ask({"title": "Put right"}),
    ("GET", "/v1/prisons/{code}/evidence/{item_id}/content"): Ask(),
    ("GET", "/v1/prisons/{code}/statements"): Ask(),
    ("PATCH", "/v1/prisons/{code}"): Ask({}),
    ("PATCH", "/v1/prisons/{code}/sections"): Ask({"sections": [{"number": 5, "comment": "Seen"}]}),
    ("PATCH", "/v1/prisons/{code}/sections/{number}"): Ask({"comment": "Seen"}),
    ("PUT", "/v1/prisons/{code}/sections/{number}/exemption"): Ask({"rationale": "It has none"}),
    ("DELETE", "/v1/prisons/{code}/sections/{number}/exemption"): Ask(),
    ("POST", "/v1/prisons/{code}/sections/{number}/evidence"): Ask(factories.note()),
    ("POST", "/v1/prisons/{code}/evidence/{item_id}/sections"): Ask({"sections": [6]}),
    ("POST", "/v1/prisons/{code}/evidence/{item_id}/withdraw"): Ask({"reason": "Out of date"}),
    ("GET", "/v1/prisons/{code}/sections/{number}/reviews"): Ask(),
    ("POST", "/v1/prisons/{code}/sections/{number}/reviews"): Ask({"kind": "remark", "text": "Well kept"}),
    ("GET", "/v1/prisons/{code}/sections/{number}/reviews/{review_id}"): Ask(),
    ("POST", "/v1/prisons/{code}/sections/{number}/reviews/{review_id}/answer"): Ask({"text": "In the wing office"}),
    ("POST", "/v1/prisons/{code}/sections/{number}/reviews/{review_id}/close"): Ask({}),
    ("GET", "/v1/reviews"): Ask(params={"prison": "LWI"}),
    ("POST", "/v1/prisons/{code}/sections/{number}/reviews/{review_id}/action"): Ask({"plan": "{plan_id}"}),
    ("GET", "/v1/partnerships/{partnership_id}"): Ask(),
    ("PATCH", "/v1/partnerships/{partnership_id}"): Ask({}),
    ("POST", "/v1/partnerships"): Ask({"name": "Ours", "prisons": ["LWI"]}),
    ("GET", "/v1/plans"): Ask(params={"prison": "LWI"}),
    ("GET", "/v1/plans/progress"): Ask(params={"prison": "LWI"}),
    ("POST", "/v1/plans"): Ask({"partnership": "East Sussex", "title": "Another plan"}),
    ("GET", "/v1/plans/{plan_id}"): Ask(),
    ("PATCH", "/v1/plans/{plan_id}"): Ask({}),
    ("PUT", "/v1/plans/{plan_id}/content"): Ask({"sections": SAFE}),
    ("GET", "/v1/plans/{plan_id}/history"): Ask(),
    ("GET", "/v1/plans/{plan_id}/actions"): Ask(),
    ("POST", "/v1/plans/{plan_id}/actions"): Ask({"text": "Buy a safe"}),
    ("GET", "/v1/plans/{plan_id}/actions/{ref}"): Ask(),
    ("PATCH", "/v1/plans/{plan_id}/actions/{ref}"): Ask({"done_on": "2026-03-02"}),
    ("GET", "/v1/plans/{plan_id}/actions/{ref}/history"): Ask(),
    ("POST", "/v1/plans/{plan_id}/updates"): Ask({"text": "It goes well"}),
    ("POST", "/v1/plans/{plan_id}/actions/{ref}/updates"): Ask({"text": "It goes well"}),
    ("POST", "/v1/plans/{plan_id}/submit"): Ask(),
    ("POST", "/v1/plans/{plan_id}/approve"): Ask(),
    ("POST", "/v1/plans/{plan_id}/send-back"): Ask({"reason": "Who leads?"}),
    ("POST", "/v1/plans/{plan_id}/reopen"): Ask({"reason": "One more action"}),
    ("POST", "/v1/prisons/{code}/statements"): Ask(statements.raising()),
    ("GET", "/v1/prisons/{code}/readiness-meetings"): Ask(),
    ("POST", "/v1/prisons/{code}/readiness-meetings"): Ask({"held_on": "2026-03-02"}),
    ("GET", "/v1/prisons/{code}/readiness-meetings/{meeting_id}"): Ask(),
    ("POST", "/v1/prisons/{code}/service-ended"): Ask({"ended_on": "2026-03-02", "reason": "The wing has closed"}),
    ("GET", "/v1/audit"): Ask(params={"prison": "LWI"}),
    ("POST", "/v1/webhooks"): Ask({"url": "https://example.org/idts", "description": "Ours", "prison": "LWI"}),
    ("GET", "/v1/statements/{statement_id}"): Ask(refusal=HIDDEN),
    ("GET", "/v1/statements/{statement_id}/payload"): Ask(refusal=HIDDEN),
    ("GET", "/v1/statements/{statement_id}/credential"): Ask(refusal=HIDDEN),
    ("GET", "/v1/statements/{statement_id}/document.pdf"): Ask(refusal=HIDDEN),
    ("POST", "/v1/statements/{statement_id}/signatures"): Ask(
        {"role": "governor", "name": "A. Person", "digest": "0" * 64}, refusal=HIDDEN
    ),
    ("POST", "/v1/statements/{statement_id}/signatories/{role}"): Ask(
        {"name": "A. Person", "reason": "On leave"}, refusal=HIDDEN
    ),
    ("POST", "/v1/statements/{statement_id}/withdraw"): Ask({"reason": "Too early"}, refusal=HIDDEN),
    ("POST", "/v1/statements/{statement_id}/go-live"): Ask(refusal=HIDDEN),
    ("POST", "/v1/statements/{statement_id}/go-live-date"): Ask(
        {"go_live_date": "2026-12-24", "reason": "Staff are still to come"}, refusal=HIDDEN
    ),
    ("GET", "/v1/webhooks/{webhook_id}"): Ask(refusal=HIDDEN),
    ("DELETE", "/v1/webhooks/{webhook_id}"): Ask(refusal=HIDDEN),
    ("GET", "/v1/webhooks/{webhook_id}/deliveries"): Ask(refusal=HIDDEN),
    ("POST", "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay"): Ask(refusal=HIDDEN),
}
# A webhook is its key's own: for the others it is out of scope whatever prisons they reach, except for administrators.
WEBHOOKS = "/v1/webhooks/{webhook_id}"


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def walked(
    request: pytest.FixtureRequest, shared_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, dict[str, str]]]:
    """A service in which Lewes has a statement, a file, a challenge and a webhook; and the names of its things."""
    data = tmp_path_factory.mktemp("scope")
    with (
        databases.fresh_copy(request.param, shared_home) as url,
        running(service_settings(url, data_dir=data)) as service,
    ):
        for key in (*INSIDE.values(), *OUTSIDE.values()):
            service.key(key)
        hook = service.post("/v1/webhooks", {"url": "https://example.org/a", "description": "Lewes"}).json()["webhook"]
        statement = statements.raised(service)
        meeting = service.post("/v1/prisons/LWI/readiness-meetings", {"held_on": "2026-03-02"}).json()
        item = service.call(
            "POST",
            "/v1/prisons/LWI/sections/5/evidence",
            data={"title": "Minutes"},
            files={"file": ("minutes.txt", b"Minutes of the steering group\n", "text/plain")},
        ).json()
        challenge = {"kind": "challenged", "text": "Where is it kept?"}
        review = service.post("/v1/prisons/LWI/sections/5/reviews", challenge, by=INSIDE[Role.REGION]).json()
        partnership = service.post("/v1/partnerships", {"name": "East Sussex", "prisons": ["LWI"]}, by="admin").json()
        plan = {"partnership": partnership["id"], "title": "Plan", "sections": SAFE}
        names = {
            "partnership_id": partnership["id"],
            "plan_id": service.post("/v1/plans", plan).json()["id"],
            "ref": "A1",
            "code": "LWI",
            "number": "5",
            "slug": "south-east",
            "month": "2026-01",
            "key_id": "1",
            "item_id": item["id"],
            "review_id": review["id"],
            "statement_id": statement["id"],
            "role": "governor",
            "meeting_id": meeting["id"],
            "webhook_id": str(hook["id"]),
            "delivery_id": "1",
        }
        yield service, names


def filled(body: object, names: dict[str, str]) -> object:
    """The body with the plan that the fixture made."""
    if isinstance(body, dict):
        return {name: names["plan_id"] if value == "{plan_id}" else value for name, value in body.items()}
    return body


def asked(service: Service, names: dict[str, str], address: Address, by: str) -> tuple[int, str | None]:
    """The status, and the code of a problem."""
    method, path = address
    ask = SCOPED.get(address, Ask())
    answer = service.call(method, path.format(**names), by=by, params=ask.params, json=filled(ask.json, names))
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return answer.status_code, answer.json()["code"] if is_problem else None


def test_every_route_that_needs_a_key_is_walked(walked: tuple[Service, dict[str, str]]):
    service, _ = walked
    keyed = set(routes(service.app)) - PUBLIC
    assert set(OPEN) | set(SCOPED) == keyed
    assert not set(OPEN) & set(SCOPED)
    assert len(keyed) == len(OPEN) + len(SCOPED)
    assert all(OPEN.values())


def test_each_route_refuses_the_roles_that_may_not_and_no_others(walked: tuple[Service, dict[str, str]]):
    """Every role by every route, and so by every permission: a role is refused where the contract gives it nothing."""
    service, names = walked
    seen = set()
    with service.unchanged():
        for address, route in routes(service.app).items():
            for permission in map(Permission, permissions_of(route)):
                for role, by in INSIDE.items():
                    if (permission, role) not in GRANTED:
                        assert asked(service, names, address, by) == (403, "role-not-allowed"), (address, role)
                    seen.add((permission, role))
    assert seen == {(permission, role) for permission, role, _ in CASES}


def test_what_is_out_of_scope_is_refused_on_every_route(walked: tuple[Service, dict[str, str]]):
    service, names = walked
    found = routes(service.app)
    count = 0
    with service.unchanged():
        for address, ask in SCOPED.items():
            (permission,) = set(map(Permission, permissions_of(found[address])))
            if address[0] == "GET":
                # What is kept of an answer to one caller is not another caller's.
                asked(service, names, address, INSIDE[Role.PRISON])
            for role, by in outsiders(address).items():
                expected = ask.refusal if (permission, role) in GRANTED else (403, "role-not-allowed")
                assert asked(service, names, address, by) == expected, (address, by)
                count += 1
    assert count == sum(len(outsiders(address)) for address in SCOPED)


def outsiders(address: Address) -> dict[Role, str]:
    if address[1].startswith(WEBHOOKS):
        return {**OUTSIDE, Role.NATIONAL: INSIDE[Role.NATIONAL]}
    return OUTSIDE


def test_a_past_moment_is_no_way_round_the_scope(walked: tuple[Service, dict[str, str]]):
    service, names = walked
    refused = 0
    for address in [(method, path) for method, path in SCOPED if method == "GET" and path.startswith("/v1/prisons/")]:
        for by in OUTSIDE.values():
            past = {"as_of": STARTS_AT.date().isoformat()}
            answer = service.get(address[1].format(**names), by=by, params=past)
            if answer.status_code == 422:
                # The address answers for the present alone.
                assert [fault["pointer"] for fault in answer.json()["errors"]] == ["?as_of"], (address, by)
                continue
            assert (answer.status_code, answer.json()["code"]) == (403, "out-of-scope"), (address, by)
            refused += 1
    assert refused >= 3 * len(OUTSIDE)


def test_the_same_requests_within_their_scope_are_let_through(walked: tuple[Service, dict[str, str]]):
    """Or the refusals above could have another cause. What a rule then says to them is not asked here."""
    service, names = walked
    found = routes(service.app)
    for address in (*SCOPED, *OPEN):
        if address in (("POST", "/v1/keys/{key_id}/revoke"), ("GET", "/v1/events/stream")):
            continue
        (permission,) = set(map(Permission, permissions_of(found[address])))
        for role, by in INSIDE.items():
            is_own = not address[1].startswith(WEBHOOKS) or role in (Role.PRISON, Role.ADMIN)
            if (permission, role) in GRANTED and is_own:
                status, code = asked(service, names, address, by)
                assert status not in (401, 403), (address, by, code)
                assert status != 404 or address[1].endswith("/replay"), (address, by, code)
