"""Statements of Readiness over HTTP: raised, signed, issued, followed by the ratings, withdrawn, gone live."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from tests.support import factories, statements
from tests.support.service import Service
from tests.support.statements import REGION, ROLES, raising, readiness, sign, sign_all

LWI = "/v1/prisons/LWI"
Stages = tuple[Service, dict[str, dict[str, Any]]]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def stages(
    request: pytest.FixtureRequest, shared_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stages]:
    """A statement at each step of its life, for what is refused: nothing may change here."""
    data = tmp_path_factory.mktemp("stages")
    with statements.every_stage(request.param, shared_home, data) as found:
        yield found


def address(statement: dict[str, Any], rest: str = "") -> str:
    return f"/v1/statements/{statement['id']}{rest}"


# Raising


def test_a_raised_statement_says_who_is_to_sign_what(service: Service):
    statements.make_eligible(service)
    answer = service.post(f"{LWI}/statements", raising())
    found = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == address(found)
    again = service.get(address(found))
    assert (again.json(), again.headers["etag"]) == (found, answer.headers["etag"])
    expected: dict[str, Any] = {
        "prison": "LWI",
        "status": "raised",
        "standing": None,
        "serial": None,
        "breached_sections": [],
    }
    expected |= {"go_live_date": "2026-12-01", "toolkit_version": "2006-09.2", "raised_by": "prison:LWI"}
    assert expected.items() <= found.items()
    assert [(one["role"], one["name"], one["signed_at"]) for one in found["signatories"]] == [
        (role, f"Person of {role}", None) for role in ROLES
    ]
    assert readiness(service)["stage"] == "statement_raised"


def test_signatories_are_listed_in_the_toolkits_order_with_their_titles(service: Service):
    statements.make_eligible(service)
    body = raising(reversed(ROLES))
    body["signatories"][0]["email"] = "lead@region.example"
    found = service.post(f"{LWI}/statements", body).json()["signatories"]
    titles = {one["key"]: one["title"] for one in service.get("/v1/toolkit").json()["signatory_roles"]}
    assert [(one["role"], one["title"]) for one in found] == [(role, titles[role]) for role in ROLES]
    assert [one["email"] for one in found] == [*[None] * 6, "lead@region.example"]


def test_the_payload_is_canonical_and_its_digest_is_what_is_signed(service: Service):
    statements.make_eligible(service)
    found = statements.raise_statement(service)
    content = service.get(address(found, "/payload")).content
    assert hashlib.sha256(content).hexdigest() == found["digest"]
    assert rfc8785.dumps(json.loads(content)) == content


def test_the_payload_freezes_ratings_versions_evidence_exemptions_and_the_verdict(service: Service):
    exempted = "Category D: nobody arrives here from court."
    path = "/v1/prisons/EHI/sections"
    service.put(f"{path}/7/exemption", {"rationale": exempted}, by=REGION)
    ratings = {n: "AMBER" if n in factories.AMBER_IS_ENOUGH else "GREEN" for n in range(1, 36) if n != 7}
    service.patch(path, factories.several(ratings), by="prison:EHI")
    service.patch(f"{path}/5", {"comment": "A second version"}, by="prison:EHI")
    found = statements.raise_statement(service, "EHI")
    payload = service.get(address(found, "/payload"), by="prison:EHI").json()

    sections = {one["number"]: one for one in payload["sections"]}
    stored = {one["number"]: one for one in service.get(path, by="prison:EHI").json()["items"]}
    assert list(sections) == list(range(1, 36))
    for name in ("rating", "version", "title", "staff_in_post", "staff_required"):
        assert [sections[n][name] for n in sections] == [stored[n][name] for n in sections], name
    assert (sections[5]["version"], sections[6]["version"]) == (2, 1)
    assert {n: one["exemption"] for n, one in sections.items() if one["exemption"]} == {7: exempted}
    assert [one["id"] for one in sections[1]["evidence"]] == [one["id"] for one in stored[1]["evidence"]]
    assert all(len(item["digest"]) == 64 for one in sections.values() for item in one["evidence"])
    verdict = readiness(service, "EHI")
    assert payload["prison"] == verdict["prison"]
    assert (payload["toolkit_version"], payload["go_live_date"]) == ("2006-09.2", "2026-12-01")
    assert payload["verdict"] == {name: verdict[name] for name in ("counts", "commissioning", "go_live", "warnings")}
    assert [one["section"] for one in payload["verdict"]["go_live"]["exempt"]] == [7]
    assert [one["section"] for one in payload["outstanding"]] == [n for n in factories.AMBER_IS_ENOUGH if n != 7]
    assert payload["outstanding"][0] == {
        "section": 8,
        "title": sections[8]["title"],
        "what": "Two nurses start in June.",
        "who": "A. Lead",
        "by_when": "2026-12-31",
    }
    assert payload["confirmed_by_region"] == 0


def test_an_uploaded_document_is_attested_by_the_digest_of_its_bytes(service: Service):
    content = b"Risk,Owner\nLigature points,Head of Safety\n"
    upload = {"file": ("register.csv", content, "text/csv")}
    sent = service.call("POST", f"{LWI}/sections/5/evidence", data={"title": "Register"}, files=upload)
    assert sent.status_code == 201, sent.text
    statements.make_eligible(service)
    payload = service.get(address(statements.raise_statement(service), "/payload")).json()
    digests = {one["title"]: one["digest"] for one in payload["sections"][4]["evidence"]}
    assert digests["Register"] == hashlib.sha256(content).hexdigest()


def test_what_was_attested_stays_as_it_was_when_the_ratings_move_on(service: Service):
    found = statements.raised(service)
    before = service.get(address(found, "/payload")).content
    service.patch(f"{LWI}/sections/7", factories.rated(7, "GREEN"))
    service.patch(LWI, {"county": "West Sussex"}, by="admin")
    assert service.get(address(found, "/payload")).content == before


@pytest.mark.parametrize("by", ["prison:LWI", REGION])
def test_a_prison_and_its_region_may_raise(service: Service, by: str):
    statements.make_eligible(service)
    assert statements.raise_statement(service, by=by)["raised_by"] == by


@pytest.mark.parametrize(
    ("by", "status", "code"),
    [
        (None, 401, "unauthenticated"),
        ("admin", 403, "role-not-allowed"),
        ("national", 403, "role-not-allowed"),
        ("signatory:LWI:governor", 403, "role-not-allowed"),
        ("prison:MSI", 403, "out-of-scope"),
        ("region:london", 403, "out-of-scope"),
    ],
)
def test_nobody_else_may_raise(stages: Stages, by: str | None, status: int, code: str):
    service, _ = stages
    with service.unchanged():
        answer = service.post("/v1/prisons/LEI/statements", raising(), by=by)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("prison", "body", "status", "code", "pointers"),
    [
        ("FDI", raising(), 409, "not-eligible", None),
        ("BXI", raising(), 409, "not-eligible", None),
        ("MSI", raising(), 409, "statement-already-open", None),
        ("LEI", raising(ROLES[1:]), 409, "signatory-missing", ["/signatories"]),
        ("LEI", raising([*ROLES, "chaplain"]), 422, "invalid-input", ["/signatories/7/role"]),
        ("LEI", raising([*ROLES, "governor"]), 422, "invalid-input", ["/signatories/7/role"]),
        ("LEI", raising(go_live_date="2026-03-01"), 422, "invalid-input", ["/go_live_date"]),
        (
            "LEI",
            raising(["x", "x"], go_live_date="2026-03-01"),
            422,
            "invalid-input",
            ["/go_live_date", "/signatories/0/role", "/signatories/1/role"],
        ),
        ("LEI", raising([]), 422, "invalid-input", ["/signatories"]),
        ("LEI", raising(go_live_date="soon"), 422, "invalid-input", ["/go_live_date"]),
        ("LEI", raising(status="issued"), 422, "invalid-input", ["/status"]),
        ("ZZZ", raising(), 404, "not-found", None),
    ],
)
def test_a_refusal_to_raise_says_why_and_where(stages: Stages, prison, body, status, code, pointers):
    service, _ = stages
    by = f"prison:{prison}" if prison in ("LEI", "BXI") else REGION
    with service.unchanged():
        answer = service.post(f"/v1/prisons/{prison}/statements", body, by=by)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert [fault["pointer"] for fault in answer.json().get("errors", [])] == (pointers or [])


def test_today_in_london_is_early_enough_to_go_live(service: Service):
    statements.make_eligible(service)
    service.clock.set("2026-07-01T23:30:00Z")
    late = service.post(f"{LWI}/statements", raising(go_live_date="2026-07-01"))
    assert (late.status_code, late.json()["errors"][0]["pointer"]) == (422, "/go_live_date")
    assert service.post(f"{LWI}/statements", raising(go_live_date="2026-07-02")).status_code == 201


def test_the_same_request_to_raise_is_answered_once(service: Service):
    statements.make_eligible(service)
    headers = {"idempotency-key": "raise-1"}
    first = service.post(f"{LWI}/statements", raising(), headers=headers)
    with service.unchanged():
        again = service.post(f"{LWI}/statements", raising(), headers=headers)
        other = service.post(f"{LWI}/statements", raising(go_live_date="2026-12-02"), headers=headers)
    assert (again.status_code, again.content, again.headers["location"]) == (
        201,
        first.content,
        first.headers["location"],
    )
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


# Signing


def test_the_seven_sign_in_any_order_and_the_last_signature_issues(service: Service):
    found = statements.raised(service)
    statements.make_signatory_keys(service)
    order = [ROLES[place] for place in (4, 0, 6, 2, 5, 1, 3)]
    for count, role in enumerate(order[:-1], start=1):
        service.clock.tick()
        found = sign(service, found, role).json()
        assert (found["status"], found["serial"]) == ("raised", None)
        assert sum(one["signed_at"] is not None for one in found["signatories"]) == count
    service.clock.tick()
    answer = sign(service, found, order[-1])
    found = answer.json()
    assert (found["status"], found["standing"], found["serial"]) == ("issued", "in_force", "SOR-LWI-2026-001")
    assert answer.headers["etag"] == service.get(address(found)).headers["etag"]
    by_time = sorted(found["signatories"], key=lambda one: one["signed_at"])
    assert [one["role"] for one in by_time] == order
    assert {one["signed_as"] for one in by_time} == {f"Signed by {role}" for role in ROLES}
    assert {one["name"] for one in by_time} == {f"Person of {role}" for role in ROLES}
    assert found["issued_at"] == by_time[-1]["signed_at"]
    assert readiness(service)["stage"] == "statement_issued"


def test_the_same_signature_sent_twice_is_answered_once(service: Service):
    found = statements.raised(service)
    headers = {"idempotency-key": "sign-1"}
    first = sign(service, found, "governor", headers=headers)
    with service.unchanged():
        again = sign(service, found, "governor", headers=headers)
        without = sign(service, found, "governor")
    assert (again.status_code, again.content, again.headers["idempotency-replayed"]) == (200, first.content, "true")
    assert (without.status_code, without.json()["code"]) == (409, "already-signed")


@pytest.mark.parametrize(
    ("by", "role", "status", "code"),
    [
        (None, "idts_lead", 401, "unauthenticated"),
        ("admin", "idts_lead", 403, "role-not-allowed"),
        ("national", "idts_lead", 403, "role-not-allowed"),
        (REGION, "idts_lead", 403, "role-not-allowed"),
        ("prison:MSI", "idts_lead", 403, "role-not-allowed"),
        ("signatory:MSI:governor", "idts_lead", 403, "not-your-signature"),
        ("signatory:MSI:governor", "chaplain", 403, "not-your-signature"),
        # Another prison's signatory does not learn that it exists.
        ("signatory:LWI:idts_lead", "idts_lead", 404, "not-found"),
        ("signatory:MSI:governor", "governor", 409, "already-signed"),
    ],
)
def test_a_signature_is_the_signatorys_own(stages: Stages, by: str | None, role: str, status: int, code: str):
    service, found = stages
    with service.unchanged():
        answer = sign(service, found["MSI"], role, by=by)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


@pytest.mark.parametrize(("prison", "told"), [("LWI", "issued"), ("FDI", "lapsed"), ("EHI", "withdrawn")])
def test_nothing_is_signed_any_more_once_a_statement_is_not_open(stages: Stages, prison: str, told: str):
    service, found = stages
    with service.unchanged():
        answer = sign(service, found[prison], "governor")
    assert (answer.status_code, answer.json()["code"]) == (409, "statement-not-open")
    assert told in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({"digest": "0" * 64}, 409, "digest-differs", "/digest"),
        ({"digest": "short"}, 422, "invalid-input", "/digest"),
        ({"digest": None}, 422, "invalid-input", "/digest"),
        ({"name": " "}, 422, "invalid-input", "/name"),
        ({"signed_at": "2026-01-01"}, 422, "invalid-input", "/signed_at"),
    ],
)
def test_a_signature_that_is_not_right_says_where(stages: Stages, body, status, code, pointer):
    service, found = stages
    with service.unchanged():
        answer = sign(service, found["MSI"], "idts_lead", **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    # Whoever has not read the statement is not told what to send.
    assert found["MSI"]["digest"] not in answer.text


def test_serials_count_within_a_year_and_are_never_used_again(service: Service):
    serials = []
    found = statements.issued(service)
    for moment in ("2026-11-01T09:00:00Z", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z", "2027-02-01T09:00:00Z"):
        serials.append(found["serial"])
        service.clock.set(moment)
        statements.withdraw(service, found)
        body = raising(go_live_date="2027-06-01")
        found = sign_all(service, service.post(f"{LWI}/statements", body).json())
    serials.append(found["serial"])
    assert serials == [f"SOR-LWI-{tail}" for tail in ("2026-001", "2026-002", "2026-003", "2027-001", "2027-002")]


# What the ratings do to it


def test_a_downgrade_before_issue_lapses_it_and_keeps_the_signatures(service: Service):
    found = sign_all(service, statements.raised(service), ROLES[:3])
    service.clock.tick()
    verdict = statements.downgrade(service)
    assert (verdict["stage"], verdict["statement"]) == ("preparing", None)
    after = statements.read(service, found)
    assert (after["status"], after["standing"], after["serial"]) == ("lapsed", None, None)
    assert after["signatories"] == found["signatories"]
    assert sum(one["signed_at"] is not None for one in after["signatories"]) == 3
    assert after["end_reason"] == "below their minimum before issue: section 5"
    assert (after["ended_by"], after["ended_at"]) == ("prison:LWI", verdict["updated_at"])
    statements.recover(service)
    assert statements.read(service, found)["status"] == "lapsed"
    assert statements.raise_statement(service)["id"] != found["id"]


RED_FIVE = {"number": 5, "rating": "RED"}


@pytest.mark.parametrize(
    ("path", "body", "accepted"),
    [
        ("/5", {"rating": "RED"}, {"rating": "RED", "accept_lapse": True}),
        ("", {"sections": [RED_FIVE]}, {"sections": [RED_FIVE], "accept_lapse": True}),
        ("", {"sections": [RED_FIVE]}, {"sections": [RED_FIVE | {"accept_lapse": True}]}),
    ],
)
def test_a_change_that_would_void_signatures_asks_first(
    service: Service, path: str, body: dict[str, Any], accepted: dict[str, Any]
):
    found = sign_all(service, statements.raised(service), ROLES[:3])
    with service.unchanged():
        for asked in (body, body | {"accept_lapse": False}):
            refused = service.patch(f"{LWI}/sections{path}", asked)
            assert (refused.status_code, refused.json()["code"]) == (409, "would-lapse-statement")
            assert "section 5" in refused.json()["detail"]
            assert [one["pointer"] for one in refused.json()["errors"]] == ["/accept_lapse"]
    assert service.patch(f"{LWI}/sections{path}", accepted).status_code == 200
    assert statements.read(service, found)["status"] == "lapsed"


def test_what_is_accepted_is_asked_of_nobody_whom_it_does_not_concern(service: Service):
    """Without a statement, after its issue, and where the change takes nothing below its minimum."""
    assert service.patch(f"{LWI}/sections/5", {"rating": "AMBER"}).status_code == 200
    statements.raised(service)
    same = service.patch(f"{LWI}/sections/5", {"comment": "Seen", "accept_lapse": True})
    assert (same.status_code, same.json()["readiness"]["stage"]) == (200, "statement_raised")
    statements.issued(service, "MSI")
    breached = service.patch("/v1/prisons/MSI/sections/5", {"rating": "RED"}, by="prison:MSI")
    assert (breached.status_code, breached.json()["readiness"]["statement"]["standing"]) == (200, "in_breach")


def test_a_downgrade_to_the_minimum_changes_nothing(service: Service):
    found = statements.raised(service)
    service.patch(f"{LWI}/sections/7", factories.rated(7, "GREEN"))
    service.patch(f"{LWI}/sections/7", {"rating": "AMBER"})
    assert statements.read(service, found)["status"] == "raised"


def test_a_downgrade_after_issue_is_a_breach_until_every_section_recovers(service: Service):
    found = statements.issued(service)
    body = {"sections": [{"number": 5, "rating": "AMBER"}, {"number": 7, "rating": "RED"}]}
    verdict = service.patch(f"{LWI}/sections", body).json()["readiness"]
    assert verdict["stage"] == "statement_issued"
    told = verdict["statement"]
    assert (told["status"], told["standing"], told["breached_sections"]) == ("issued", "in_breach", [5, 7])
    after = statements.read(service, found)
    assert (after["status"], after["standing"], after["breached_sections"]) == ("issued", "in_breach", [5, 7])
    assert after["signatories"] == found["signatories"]
    statements.recover(service, section=5)
    assert statements.read(service, found)["breached_sections"] == [7]
    verdict = statements.recover(service, section=7)
    assert (verdict["statement"]["standing"], verdict["statement"]["breached_sections"]) == ("in_force", [])
    assert statements.read(service, found) == found


@pytest.mark.parametrize("is_issued", [False, True])
def test_an_exemption_that_is_ended_lapses_or_breaches(service: Service, is_issued: bool):
    path = "/v1/prisons/EHI/sections"
    statements.make_signing_key(service)
    service.put(f"{path}/7/exemption", {"rationale": "No remands."}, by=REGION)
    ratings = {n: "AMBER" if n in factories.AMBER_IS_ENOUGH else "GREEN" for n in range(1, 36) if n != 7}
    service.patch(path, factories.several(ratings), by="prison:EHI")
    found = statements.raise_statement(service, "EHI")
    if is_issued:
        sign_all(service, found)
    else:
        with service.unchanged():
            asked = service.delete(f"{path}/7/exemption", by=REGION)
        assert (asked.status_code, asked.json()["code"]) == (409, "would-lapse-statement")
    ended = service.delete(f"{path}/7/exemption", by=REGION, json={} if is_issued else {"accept_lapse": True})
    assert ended.status_code == 200
    after = statements.read(service, found)
    expected = ("issued", "in_breach", [7]) if is_issued else ("lapsed", None, [])
    assert (after["status"], after["standing"], after["breached_sections"]) == expected


def test_a_stricter_toolkit_lapses_what_is_raised_and_breaches_what_is_issued(service: Service):
    statements.load_stricter_toolkit(service, section=7)
    issued, raised = statements.issued(service), statements.raised(service, "MSI")
    stricter = {"toolkit_version": "2026-stricter"}
    with service.unchanged():
        asked = service.patch("/v1/prisons/MSI", stricter, by=REGION)
    assert (asked.status_code, asked.json()["code"]) == (409, "would-lapse-statement")
    for code in ("LWI", "MSI"):
        moved = service.patch(f"/v1/prisons/{code}", stricter | {"accept_lapse": code == "MSI"}, by=REGION)
        assert moved.status_code == 200, moved.text
    after = statements.read(service, issued)
    assert (after["status"], after["standing"], after["breached_sections"]) == ("issued", "in_breach", [7])
    assert after["toolkit_version"] == "2006-09.2"
    assert statements.read(service, raised)["status"] == "lapsed"
    service.patch(LWI, {"toolkit_version": "2006-09.2"}, by=REGION)
    assert statements.read(service, issued)["standing"] == "in_force"


def test_a_change_of_function_leaves_a_statement_as_it_is(service: Service):
    found = statements.issued(service, "EHI")
    moved = service.patch("/v1/prisons/EHI", {"function": "trainer"}, by="admin")
    assert moved.status_code == 200, moved.text
    assert statements.read(service, found) == found
    assert readiness(service, "EHI")["statement"]["standing"] == "in_force"


# Superseding, withdrawing, going live


def test_a_renewal_supersedes_once_it_is_issued_and_live_stays_live(service: Service):
    first = statements.issued(service)
    statements.go_live(service, first)
    service.clock.tick()
    second = statements.raise_statement(service)
    assert readiness(service)["statement"]["id"] == first["id"]
    assert statements.read(service, first)["status"] == "issued"
    service.clock.tick()
    second = sign_all(service, second)
    old = statements.read(service, first)
    assert (old["status"], old["superseded_by"], old["serial"]) == ("superseded", second["id"], "SOR-LWI-2026-001")
    assert (old["standing"], old["end_reason"]) == ("in_force", "superseded by SOR-LWI-2026-002")
    assert (second["status"], second["serial"], second["live_on"]) == ("issued", "SOR-LWI-2026-002", "2026-03-02")
    verdict = readiness(service)
    assert (verdict["stage"], verdict["statement"]["id"]) == ("live", second["id"])
    again = statements.go_live(service, second)
    assert (again.status_code, again.json()["code"]) == (409, "already-live")


def test_a_renewal_under_way_lapses_while_the_issued_one_is_breached(service: Service):
    first = statements.issued(service)
    second = statements.raise_statement(service)
    verdict = statements.downgrade(service)
    assert (verdict["statement"]["id"], verdict["statement"]["standing"]) == (first["id"], "in_breach")
    assert statements.read(service, second)["status"] == "lapsed"
    refused = service.post(f"{LWI}/statements", raising())
    assert (refused.status_code, refused.json()["code"]) == (409, "not-eligible")


@pytest.mark.parametrize(("steps", "stage"), [(0, "statement_raised"), (1, "statement_issued"), (2, "live")])
def test_an_open_statement_is_withdrawn_with_its_reason(service: Service, steps: int, stage: str):
    found = statements.raised(service)
    if steps:
        sign_all(service, found)
    if steps == 2:
        statements.go_live(service, found)
    assert readiness(service)["stage"] == stage
    service.clock.tick()
    answer = statements.withdraw(service, found, "The wing opens later")
    after = answer.json()
    assert (answer.status_code, after["status"], after["standing"]) == (200, "withdrawn", None)
    assert (after["end_reason"], after["ended_by"]) == ("The wing opens later", REGION)
    assert after["ended_at"] == "2026-03-02T09:01:00Z"
    assert answer.headers["etag"] == service.get(address(found)).headers["etag"]
    assert sum(one["signed_at"] is not None for one in after["signatories"]) == (7 if steps else 0)
    verdict = readiness(service)
    # Going live is a fact about the prison, and stays one.
    expected = ("live", "2026-03-02") if steps == 2 else ("go_live_eligible", None)
    assert (verdict["stage"], verdict["live_on"], verdict["statement"]) == (*expected, None)


@pytest.mark.parametrize(
    ("prison", "by", "status", "code"),
    [
        ("FDI", REGION, 409, "statement-not-open"),
        ("EHI", REGION, 409, "statement-not-open"),
        ("LWI", "prison:LWI", 409, "issued-already"),
        ("LWI", "prison:MSI", 404, "not-found"),
        ("LWI", "signatory:LWI:governor", 403, "role-not-allowed"),
        ("LWI", "admin", 403, "role-not-allowed"),
        ("LWI", "national", 403, "role-not-allowed"),
        ("LWI", "region:london", 404, "not-found"),
        ("LWI", None, 401, "unauthenticated"),
    ],
)
@pytest.mark.parametrize("step", ["/withdraw", "/go-live"])
def test_only_the_region_confirms_go_live_and_withdraws_what_was_issued(stages: Stages, prison, by, status, code, step):
    service, found = stages
    with service.unchanged():
        answer = service.post(address(found[prison], step), {"reason": "x"} if step == "/withdraw" else {}, by=by)
    if step == "/go-live" and by is not None and by.startswith("prison"):
        status, code = 403, "role-not-allowed"
    elif step == "/go-live" and status == 409:
        code = "statement-not-issued"
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_a_prison_withdraws_its_statement_before_it_is_issued(service: Service):
    found = sign_all(service, statements.raised(service), ROLES[:6])
    answer = service.post(address(found, "/withdraw"), {"reason": "Raised too early"})
    after = answer.json()
    assert (answer.status_code, after["status"], after["ended_by"]) == (200, "withdrawn", "prison:LWI")
    assert readiness(service)["stage"] == "go_live_eligible"


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": 5}])
def test_a_withdrawal_needs_its_reason(stages: Stages, body):
    service, found = stages
    with service.unchanged():
        answer = service.post(address(found["LWI"], "/withdraw"), body, by=REGION)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/reason")


@pytest.mark.parametrize(("live_on", "expected"), [(None, "2026-03-05"), ("2026-03-05", "2026-03-05")])
def test_go_live_is_confirmed_for_today(service: Service, live_on, expected):
    found = statements.issued(service)
    service.clock.set("2026-03-05T10:00:00Z")
    answer = statements.go_live(service, found, **({"live_on": live_on} if live_on else {}))
    after = answer.json()
    assert (answer.status_code, after["live_on"], after["live_confirmed_by"]) == (200, expected, REGION)
    assert after["live_confirmed_at"] == "2026-03-05T10:00:00Z"
    verdict = readiness(service)
    assert (verdict["stage"], verdict["statement"]["live_on"]) == ("live", expected)
    again = statements.go_live(service, found)
    assert (again.status_code, again.json()["code"]) == (409, "already-live")


@pytest.mark.parametrize("live_on", ["2026-03-03", "2026-03-01", "1999-01-01"])
def test_go_live_is_neither_to_come_nor_before_issue(stages: Stages, live_on: str):
    service, found = stages
    with service.unchanged():
        answer = statements.go_live(service, found["LWI"], live_on=live_on)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/live_on")


def test_go_live_is_refused_while_in_breach_and_confirmed_after_recovery(service: Service):
    found = statements.issued(service)
    statements.downgrade(service, section=7)
    with service.unchanged():
        refused = statements.go_live(service, found)
    assert (refused.status_code, refused.json()["code"]) == (409, "not-eligible")
    assert "7" in refused.json()["detail"]
    statements.recover(service, section=7)
    assert statements.go_live(service, found).status_code == 200


def test_go_live_is_refused_while_signatures_are_missing(stages: Stages):
    service, found = stages
    with service.unchanged():
        answer = statements.go_live(service, found["MSI"])
    assert (answer.status_code, answer.json()["code"]) == (409, "statement-not-issued")


# The verdict, now and then


def test_the_stage_is_told_for_every_moment_of_the_statements_life(service: Service):
    told = []

    def moment(stage: str, status: str | None, standing: str | None) -> None:
        found = readiness(service)
        statement = found["statement"] or {"status": None, "standing": None}
        assert (found["stage"], statement["status"], statement["standing"]) == (stage, status, standing)
        told.append((service.clock().isoformat().replace("+00:00", "Z"), found))
        service.clock.tick()

    statements.make_signing_key(service)
    statements.make_signatory_keys(service)
    statements.make_eligible(service)
    moment("go_live_eligible", None, None)
    found = statements.raise_statement(service)
    moment("statement_raised", "raised", None)
    for step, role in enumerate(ROLES):
        sign(service, found, role)
        moment(*(("statement_issued", "issued", "in_force") if step == 6 else ("statement_raised", "raised", None)))
    statements.downgrade(service)
    moment("statement_issued", "issued", "in_breach")
    statements.recover(service)
    moment("statement_issued", "issued", "in_force")
    statements.go_live(service, found)
    moment("live", "issued", "in_force")
    statements.withdraw(service, found)
    moment("live", None, None)
    ended = service.post(f"{LWI}/service-ended", {"ended_on": "2026-03-02", "reason": "The wing closed"}, by=REGION)
    assert ended.status_code == 200, ended.text
    moment("go_live_eligible", None, None)
    for at, verdict in told:
        assert readiness(service, as_of=at) == verdict | {"as_of": at}, at


def test_a_signature_does_not_move_the_verdict_and_the_last_one_does(service: Service):
    found = statements.raised(service)
    service.clock.tick()
    before = service.get(f"{LWI}/readiness")
    sign_all(service, found, ROLES[:6])
    between = service.get(f"{LWI}/readiness")
    assert (between.content, between.headers["etag"]) == (before.content, before.headers["etag"])
    known = {"if-none-match": before.headers["etag"]}
    assert service.get(f"{LWI}/readiness", headers=known).status_code == 304
    service.clock.tick()
    issued = sign_all(service, found, ROLES[6:])
    after = service.get(f"{LWI}/readiness", headers=known)
    assert (after.status_code, after.json()["updated_at"]) == (200, issued["issued_at"])


# Reading


def test_a_statement_is_read_under_its_etag_until_it_changes(service: Service):
    found = statements.raised(service)
    path = address(found)
    tag = service.get(path).headers["etag"]
    assert service.get(path, headers={"if-none-match": tag}).status_code == 304
    sign(service, found, "governor")
    assert service.get(path, headers={"if-none-match": tag}).status_code == 200


@pytest.mark.parametrize("rest", ["", "/payload", "/credential"])
@pytest.mark.parametrize(
    ("by", "status"),
    [
        ("prison:LWI", 200),
        (REGION, 200),
        ("national", 200),
        ("admin", 200),
        ("signatory:LWI:governor", 200),
        ("prison:MSI", 404),
        ("region:london", 404),
        ("signatory:MSI:governor", 404),
        (None, 401),
    ],
)
def test_a_statement_is_read_within_its_scope_alone(stages: Stages, rest: str, by: str | None, status: int):
    service, found = stages
    assert service.get(address(found["LWI"], rest), by=by).status_code == status


@pytest.mark.parametrize("identity", ["no-such-id", "00000000-0000-4000-8000-000000000000", "verify/x"])
def test_an_unknown_statement_is_not_found(stages: Stages, identity: str):
    service, _ = stages
    answer = service.get(f"/v1/statements/{identity}", by="admin")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_a_statement_has_no_credential_before_it_is_issued(stages: Stages):
    service, found = stages
    for code in ("MSI", "FDI", "EHI"):
        answer = service.get(address(found[code], "/credential"), by="national")
        assert (answer.status_code, answer.json()["code"]) == (409, "statement-not-issued")


def test_a_prisons_statements_are_listed_newest_first_page_by_page(service: Service):
    statements.make_eligible(service)
    made = []
    for _ in range(5):
        made.append(statements.raise_statement(service))
        statements.withdraw(service, made[-1])
    everything = service.get(f"{LWI}/statements").json()
    assert [one["id"] for one in everything["items"]] == [one["id"] for one in reversed(made)]
    assert everything["next_cursor"] is None
    assert everything["items"][0] == statements.read(service, made[-1])
    found, answer = [], service.get(f"{LWI}/statements?limit=2")
    while True:
        found += [one["id"] for one in answer.json()["items"]]
        if "next" not in answer.links:
            break
        answer = service.get(answer.links["next"]["url"])
    assert found == [one["id"] for one in everything["items"]]


@pytest.mark.parametrize(
    ("prison", "by", "status"),
    [("LWI", "prison:MSI", 403), ("LWI", "region:london", 403), ("BXI", "national", 200), ("ZZZ", "national", 404)],
)
def test_a_prisons_list_is_read_within_its_scope_alone(stages: Stages, prison: str, by: str, status: int):
    service, _ = stages
    answer = service.get(f"/v1/prisons/{prison}/statements", by=by)
    assert answer.status_code == status
    if status == 200:
        assert answer.json() == {"items": [], "next_cursor": None}
