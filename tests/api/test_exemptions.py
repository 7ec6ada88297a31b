"""Exemptions of sections 7 and 23 (rule 5)."""

import pytest

from tests.support import factories
from tests.support.service import Service

MSI = "/v1/prisons/MSI"
BY_REGION = "region:south-east"
BODY = {"rationale": "The prison holds no remand prisoners."}


@pytest.mark.parametrize("number", [7, 23])
def test_a_regional_lead_exempts_a_section_of_a_trainer(service: Service, number: int):
    answer = service.put(f"{MSI}/sections/{number}/exemption", BODY, by=BY_REGION)
    assert answer.status_code == 200
    section = answer.json()
    verdict = section.pop("readiness")
    assert section == service.get(f"{MSI}/sections/{number}", by="prison:MSI").json()
    assert answer.headers["etag"] == service.get(f"{MSI}/sections/{number}", by="prison:MSI").headers["etag"]
    assert (section["exempt"], section["rating"], section["version"]) == (True, "RED", 1)
    assert section["exemption"] == {"by": BY_REGION, "at": "2026-03-02T09:00:00Z"} | BODY
    assert verdict == service.get(f"{MSI}/readiness").json()
    assert number not in {blocker["section"] for blocker in verdict["go_live"]["blockers"]}
    assert len(verdict["go_live"]["blockers"]) == 34
    # Everybody may read the verdict: why a section is exempt is told with the section, to those in scope.
    assert verdict["go_live"]["exempt"] == [{"section": number, "title": section["title"]}]
    assert BODY["rationale"] not in service.get(f"{MSI}/readiness", by="prison:LWI").text
    past = service.get(f"{MSI}/readiness?as_of=2026-03-02", by="prison:LWI")
    assert BODY["rationale"] not in past.text


@pytest.mark.parametrize("code", ["AGI", "DTI", "FKI", "NLI"])
def test_prisons_of_every_other_function_can_be_exempted(service: Service, code: str):
    """Open, young offender, high security and trainer."""
    region = service.get(f"/v1/prisons/{code}").json()["region"]["slug"]
    answer = service.put(f"/v1/prisons/{code}/sections/7/exemption", BODY, by=f"region:{region}")
    assert answer.status_code == 200


@pytest.mark.parametrize("number", [7, 23])
def test_a_local_prison_cannot_be_exempted(untouched: Service, number: int):
    answer = untouched.put(f"/v1/prisons/LWI/sections/{number}/exemption", BODY, by=BY_REGION)
    assert (answer.status_code, answer.json()["code"]) == (409, "section-not-exemptible")
    assert "local" in answer.json()["detail"]


@pytest.mark.parametrize("number", [number for number in range(1, 36) if number not in (7, 23)])
def test_no_other_section_can_be_exempted(untouched: Service, number: int):
    answer = untouched.put(f"{MSI}/sections/{number}/exemption", BODY, by=BY_REGION)
    assert (answer.status_code, answer.json()["code"]) == (409, "section-not-exemptible")


@pytest.mark.parametrize("number", [0, 36])
def test_a_section_that_is_not_there_cannot_be_exempted(untouched: Service, number: int):
    assert untouched.put(f"{MSI}/sections/{number}/exemption", BODY, by=BY_REGION).status_code == 404
    assert untouched.delete(f"{MSI}/sections/{number}/exemption", by=BY_REGION).status_code == 404


@pytest.mark.parametrize("by", ["prison:MSI", "national", "signatory:LWI:governor", "admin"])
def test_only_a_regional_key_exempts(untouched: Service, by: str):
    for answer in (
        untouched.put(f"{MSI}/sections/7/exemption", BODY, by=by),
        untouched.delete(f"{MSI}/sections/7/exemption", by=by),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")


def test_a_regional_key_exempts_in_its_own_region_only(untouched: Service):
    answer = untouched.put(f"{MSI}/sections/7/exemption", BODY, by="region:london")
    assert (answer.status_code, answer.json()["code"]) == (403, "out-of-scope")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/rationale"),
        ({"rationale": None}, "/rationale"),
        ({"rationale": ""}, "/rationale"),
        ({"rationale": " \n "}, "/rationale"),
        ({"rationale": 7}, "/rationale"),
        ({"rationale": "A" * 5001}, "/rationale"),
        ({"rationale": "No\u0000ne"}, "/rationale"),
        (BODY | {"until": "2027-01-01"}, "/until"),
    ],
)
def test_an_exemption_needs_a_rationale_and_nothing_else(untouched: Service, body: dict[str, object], pointer: str):
    answer = untouched.put(f"{MSI}/sections/7/exemption", body, by=BY_REGION)
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, [pointer])


def test_the_same_rationale_again_changes_nothing(service: Service):
    first = service.put(f"{MSI}/sections/7/exemption", BODY, by=BY_REGION)
    service.clock.tick()
    with service.unchanged():
        again = service.put(f"{MSI}/sections/7/exemption", BODY, by=BY_REGION)
    assert (again.status_code, again.content) == (200, first.content)


def test_another_rationale_replaces_the_first_under_a_new_version(service: Service):
    service.put(f"{MSI}/sections/7/exemption", BODY, by=BY_REGION)
    service.clock.tick()
    again = service.put(f"{MSI}/sections/7/exemption", {"rationale": "Other."}, by=BY_REGION).json()
    assert (again["version"], again["exemption"]["rationale"]) == (2, "Other.")
    # The verdict says that the section is exempt, and that has not changed.
    assert again["readiness"]["updated_at"] == "2026-03-02T09:00:00Z"
    assert again["updated_at"] == "2026-03-02T09:01:00Z"


def test_an_ended_exemption_counts_no_more_and_both_are_in_the_history(service: Service):
    service.put(f"{MSI}/sections/7/exemption", BODY, by=BY_REGION)
    service.clock.tick()
    ended = service.delete(f"{MSI}/sections/7/exemption", by=BY_REGION)
    assert ended.status_code == 200
    assert (ended.json()["exempt"], ended.json()["exemption"], ended.json()["version"]) == (False, None, 2)
    assert ended.json()["readiness"]["go_live"]["exempt"] == []
    assert 7 in {one["section"] for one in ended.json()["readiness"]["go_live"]["blockers"]}
    newest, oldest = service.get(f"{MSI}/sections/7/history", by="prison:MSI").json()["items"]
    (recorded,) = oldest["changes"]
    (removed,) = newest["changes"]
    assert (recorded["field"], recorded["from"]) == ("exemption", None)
    assert recorded["to"]["rationale"] == BODY["rationale"]
    assert (removed["field"], removed["from"], removed["to"]) == ("exemption", recorded["to"], None)
    assert {newest["by"]["role"], oldest["by"]["role"]} == {"region"}


def test_there_must_be_an_exemption_to_end(untouched: Service):
    answer = untouched.delete(f"{MSI}/sections/7/exemption", by=BY_REGION)
    assert (answer.status_code, answer.json()["code"]) == (409, "no-exemption")


def test_an_exempt_section_can_still_be_rated(service: Service):
    service.put(f"{MSI}/sections/7/exemption", BODY, by=BY_REGION)
    rated = service.patch(f"{MSI}/sections/7", {"rating": "AMBER"}, by="prison:MSI").json()
    assert (rated["exempt"], rated["rating"]) == (True, "AMBER")
    assert rated["readiness"]["counts"] == {"red": 34, "amber": 0, "green": 0, "exempt": 1}
    assert (rated["meets_minimum"], rated["missing"]["evidence"]) == (True, True)


def test_a_prison_becomes_local_only_once_its_exemptions_are_ended(service: Service):
    service.put(f"{MSI}/sections/7/exemption", BODY, by=BY_REGION)
    with service.unchanged():
        refused = service.patch(MSI, {"function": "local"}, by="admin")
    assert (refused.status_code, refused.json()["code"]) == (409, "exemption-in-the-way")
    assert refused.json()["detail"].endswith(" is exempt, and cannot be at a local prison. End its exemption first.")
    told = service.patch(MSI, {"toolkit_version": "2006-09"}, by="prison:MSI").json()["detail"]
    assert told.endswith("Ask your region or an administrator for the rest.")
    service.delete(f"{MSI}/sections/7/exemption", by=BY_REGION)
    assert service.patch(MSI, {"function": "local"}, by="admin").status_code == 200


def test_exempt_sections_make_a_prison_eligible_that_would_not_be(service: Service):
    body = factories.go_live_eligible()
    body["sections"] = [one for one in body["sections"] if one["number"] not in (7, 23)]
    almost = service.patch(f"{MSI}/sections", body, by="prison:MSI").json()["readiness"]
    assert [one["section"] for one in almost["go_live"]["blockers"]] == [7, 23]
    for number in (23, 7):
        service.put(f"{MSI}/sections/{number}/exemption", BODY, by=BY_REGION)
    verdict = service.get(f"{MSI}/readiness").json()
    assert (verdict["go_live"]["eligible"], verdict["stage"]) == (True, "go_live_eligible")
    assert [one["section"] for one in verdict["go_live"]["exempt"]] == [7, 23]
