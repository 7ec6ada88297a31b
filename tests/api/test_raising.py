"""What a statement asks for when it is raised: a plan for each AMBER section, and no open challenge."""

from typing import Any

import pytest

from tests.support import factories, statements
from tests.support.service import Service
from tests.support.statements import REGION, raising

SECTIONS, STATEMENTS = "/v1/prisons/LWI/sections", "/v1/prisons/LWI/statements"


def patch(service: Service, number: int, **fields: Any) -> None:
    answer = service.patch(f"{SECTIONS}/{number}", fields)
    assert answer.status_code == 200, answer.text


def refused(service: Service, body: dict[str, Any] | None = None) -> dict[str, Any]:
    with service.unchanged():
        answer = service.post(STATEMENTS, body or raising())
    assert answer.status_code == 409, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_each_gap_in_the_plan_of_an_amber_section_is_named(service: Service):
    statements.make_eligible(service)
    patch(service, 14, lead=None, target_date=None)
    patch(service, 16, comment=None)
    problem = refused(service)
    assert problem["code"] == "amber-without-plan"
    assert "PATCH /v1/prisons/LWI/sections" in problem["detail"]
    assert [fault["pointer"] for fault in problem["errors"]] == [
        "/sections/14/lead",
        "/sections/14/target_date",
        "/sections/16/comment",
    ]
    patch(service, 14, **factories.PLAN)
    # Evidence says it as well as a comment.
    patch(service, 16, evidence=[factories.note(text="Two of eight posts are with recruitment until June.")])
    found = statements.raise_statement(service)
    outstanding = service.get(f"/v1/statements/{found['id']}/payload").json()["outstanding"]
    told = {one["section"]: one["what"] for one in outstanding}
    assert told[14] == factories.PLAN["comment"]
    assert told[16] == "Two of eight posts are with recruitment until June."


def test_a_target_date_that_has_passed_is_a_warning(service: Service):
    statements.make_eligible(service)
    patch(service, 14, target_date="2026-03-01")
    patch(service, 16, target_date="2026-03-02")
    found = statements.raise_statement(service)
    (warning,) = [one for one in found["warnings"] if one["kind"] == "target_date_passed"]
    assert (warning["section"], warning["roles"]) == (14, [])
    assert warning["detail"] == (
        "Section 14 is AMBER, and its target date, 1 March 2026, had passed when the statement was raised. Give the "
        "section another target date."
    )
    assert statements.read(service, found)["warnings"] == found["warnings"]


def test_an_exempt_section_needs_no_plan(service: Service):
    path = "/v1/prisons/EHI/sections"
    statements.make_eligible(service, "EHI")
    service.patch(f"{path}/7", {"lead": None}, by="prison:EHI")
    assert service.put(f"{path}/7/exemption", {"rationale": "No remands."}, by=REGION).status_code == 200
    found = statements.raise_statement(service, "EHI")
    payload = service.get(f"/v1/statements/{found['id']}/payload", by="prison:EHI").json()
    assert 7 not in [one["section"] for one in payload["outstanding"]]


@pytest.mark.parametrize("is_answered", [False, True])
def test_no_statement_is_raised_while_a_challenge_is_open(service: Service, is_answered: bool):
    statements.make_eligible(service)
    body = {"kind": "challenged", "text": "Which protocol is meant?"}
    review = service.post(f"{SECTIONS}/5/reviews", body, by=REGION).json()
    address = f"{SECTIONS}/5/reviews/{review['id']}"
    if is_answered:
        assert service.post(f"{address}/answer", {"text": "That of May."}).status_code == 200
    problem = refused(service)
    assert (problem["code"], "section 5" in problem["detail"]) == ("challenge-open", True)
    assert service.post(f"{address}/close", {}, by=REGION).status_code == 200
    assert statements.raise_statement(service)["status"] == "raised"


def test_the_payload_counts_the_ratings_that_the_region_has_confirmed_as_they_are(service: Service):
    statements.make_eligible(service)
    for number in (5, 6, 7):
        answer = service.post(f"{SECTIONS}/{number}/reviews", {"kind": "confirmed"}, by=REGION)
        assert answer.status_code == 201, answer.text
    # The confirmation of section 6 is outdated by a new version.
    patch(service, 6, comment="The manager has changed")
    found = statements.raise_statement(service)
    assert service.get(f"/v1/statements/{found['id']}/payload").json()["confirmed_by_region"] == 2
