"""The people named on a statement: replaced before they sign, and noted where one stands for two roles."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import statements
from tests.support.service import Service
from tests.support.statements import REGION, ROLES, raising, sign, sign_all

Stages = tuple[Service, dict[str, dict[str, Any]]]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def stages(
    request: pytest.FixtureRequest, shared_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stages]:
    """A statement at each step of its life, for what is refused: nothing may change here."""
    with statements.every_stage(request.param, shared_home, tmp_path_factory.mktemp("signatories")) as found:
        yield found


def replacing(statement: dict[str, Any], role: str = "idts_lead") -> str:
    return f"/v1/statements/{statement['id']}/signatories/{role}"


OTHER = {"name": "Jo Adeyemi", "email": "jo@prison.example", "reason": "On leave until June"}


@pytest.mark.parametrize("by", ["prison:LWI", REGION])
def test_a_person_is_replaced_before_they_sign_and_the_digest_stays(service: Service, by: str):
    found = sign_all(service, statements.raised(service), ROLES[:1])
    service.clock.tick()
    answer = service.post(replacing(found), OTHER, by=by)
    after = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (
        200,
        service.get(f"/v1/statements/{found['id']}").headers["etag"],
    )
    (lead,) = (one for one in after["signatories"] if one["role"] == "idts_lead")
    assert (lead["name"], lead["email"], lead["signed_at"]) == ("Jo Adeyemi", "jo@prison.example", None)
    told = {"name": "Person of idts_lead", "reason": "On leave until June", "at": "2026-03-02T09:01:00Z", "by": by}
    assert lead["replaced"] == [told]
    assert after["digest"] == found["digest"]
    assert after["signatories"][0] == found["signatories"][0]
    issued = sign_all(service, after, ROLES[1:])
    assert (issued["status"], issued["signatories"][1]["replaced"]) == ("issued", [told])


def test_a_replacement_is_in_the_audit_trail_and_in_the_feed_without_names(service: Service):
    found = statements.raised(service)
    service.post(replacing(found), OTHER)
    entry = service.get("/v1/audit", params={"prison": "LWI", "limit": "1"}).json()["items"][0]
    assert (entry["action"], entry["subject"]) == ("statement.signatory_replaced", f"/v1/statements/{found['id']}")
    events = service.get("/v1/events", params={"kind": "statement.signatory_replaced"})
    assert [one["subject"] for one in events.json()["items"]] == [f"/v1/statements/{found['id']}"]
    assert "Adeyemi" not in events.text
    assert "leave" not in events.text


def test_the_same_replacement_sent_twice_is_answered_once(service: Service):
    found = statements.raised(service)
    first = service.post(replacing(found), OTHER, headers={"idempotency-key": "one"})
    with service.unchanged():
        again = service.post(replacing(found), OTHER, headers={"idempotency-key": "one"})
    assert (again.status_code, again.content) == (200, first.content)


@pytest.mark.parametrize(
    ("prison", "role", "by", "body", "status", "code", "pointer"),
    [
        ("MSI", "governor", REGION, OTHER, 409, "already-signed", None),
        ("LWI", "governor", REGION, OTHER, 409, "statement-not-open", None),
        ("FDI", "governor", "prison:FDI", OTHER, 409, "statement-not-open", None),
        ("MSI", "chaplain", REGION, OTHER, 422, "invalid-input", "/role"),
        ("MSI", "idts_lead", REGION, {"name": "A"}, 422, "invalid-input", "/reason"),
        ("MSI", "idts_lead", REGION, {"reason": "A"}, 422, "invalid-input", "/name"),
        ("MSI", "idts_lead", REGION, OTHER | {"reason": " "}, 422, "invalid-input", "/reason"),
        ("MSI", "idts_lead", REGION, OTHER | {"signed_at": "x"}, 422, "invalid-input", "/signed_at"),
        ("MSI", "idts_lead", "prison:LWI", OTHER, 404, "not-found", None),
        ("MSI", "idts_lead", "region:london", OTHER, 404, "not-found", None),
        ("MSI", "idts_lead", "national", OTHER, 403, "role-not-allowed", None),
        ("MSI", "governor", "signatory:MSI:governor", OTHER, 403, "role-not-allowed", None),
        ("MSI", "idts_lead", None, OTHER, 401, "unauthenticated", None),
    ],
)
def test_a_refusal_to_replace_says_why(stages: Stages, prison, role, by, body, status, code, pointer):
    service, found = stages
    with service.unchanged():
        answer = service.post(replacing(found[prison], role), body, by=by)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert [fault["pointer"] for fault in answer.json().get("errors", [])] == ([pointer] if pointer else [])


def test_one_person_in_two_roles_is_a_warning_until_one_is_replaced(service: Service):
    statements.make_eligible(service)
    body = raising()
    body["signatories"][1]["name"] = "person of  GOVERNOR"
    found = service.post("/v1/prisons/LWI/statements", body).json()
    (warning,) = found["warnings"]
    assert (warning["kind"], warning["roles"]) == ("person_in_two_roles", ["governor", "idts_lead"])
    assert warning["detail"].startswith("Person of governor stands for ")
    statements.make_signatory_keys(service)
    signed = statements.sign(service, found, "governor", name="Person of Governor").json()
    assert signed["warnings"] == found["warnings"]
    assert service.post(replacing(found), OTHER).json()["warnings"] == []


def test_who_signs_under_another_name_or_for_several_roles_is_warned_of(service: Service):
    found = statements.raised(service)
    statements.make_signatory_keys(service)
    for role in ("governor", "idts_lead"):
        found = statements.sign(service, found, role, name="Person of carat_manager").json()
    told = [(one["kind"], one["roles"]) for one in found["warnings"]]
    assert told == [
        ("person_in_two_roles", ["governor", "idts_lead", "carat_manager"]),
        ("signed_as_another", ["governor"]),
        ("signed_as_another", ["idts_lead"]),
    ]
    assert found["warnings"][1]["detail"].startswith("Person of governor is named as ")
    assert "and Person of carat_manager signed." in found["warnings"][1]["detail"]


def test_without_its_digest_nothing_is_signed(service: Service):
    found = statements.raised(service)
    statements.make_signatory_keys(service)
    body = {"role": "governor", "name": "A. Person"}
    with service.unchanged():
        path = f"/v1/statements/{found['id']}/signatures"
        answer = service.post(path, body, by="signatory:LWI:governor")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/digest")
    assert sign(service, found, "governor").status_code == 200
