"""Readiness meetings: a dated fact between eligibility and the statement, which shows it."""

from typing import Any

import pytest

from tests.support import factories, statements
from tests.support.programme.drive import differences
from tests.support.service import Service
from tests.support.statements import REGION

MEETINGS = "/v1/prisons/LWI/readiness-meetings"


def paper(service: Service) -> str:
    """The id of an item of evidence of Lewes."""
    answer = service.post("/v1/prisons/LWI/sections/5/evidence", factories.note("Papers of the meeting"))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def recorded(service: Service, by: str = "prison:LWI", **body: Any) -> dict[str, Any]:
    answer = service.post(MEETINGS, body or {"held_on": "2026-03-02"}, by=by)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{MEETINGS}/{answer.json()['id']}"
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("by", ["prison:LWI", REGION])
def test_a_meeting_is_kept_with_who_took_part_and_its_papers(service: Service, by: str):
    item = paper(service)
    before = service.get("/v1/prisons/LWI/readiness").content
    service.clock.tick()
    body = {"held_on": "2026-03-02", "who": ["Governor", "Head of Healthcare"], "evidence": [item]}
    meeting = recorded(service, by, **body)
    assert meeting == body | {
        "id": meeting["id"],
        "prison": "LWI",
        "not_held_reason": None,
        "at": "2026-03-02T09:01:00Z",
        "by": by,
    }
    read = service.get(f"{MEETINGS}/{meeting['id']}")
    assert read.json() == meeting
    assert (
        service.get(f"{MEETINGS}/{meeting['id']}", headers={"if-none-match": read.headers["etag"]}).status_code == 304
    )
    # It is no change of the prison's readiness.
    assert service.get("/v1/prisons/LWI/readiness").content == before
    assert differences(service.database) == []


def test_the_list_has_those_recorded_last_first_page_by_page(service: Service):
    made = []
    for day in ("2026-02-27", "2026-03-01", "2026-03-02"):
        made.append(recorded(service, held_on=day)["id"])
        service.clock.tick()
    assert [one["id"] for one in service.get(MEETINGS).json()["items"]] == made[::-1]
    first = service.get(f"{MEETINGS}?limit=2")
    second = service.get(first.links["next"]["url"])
    assert [one["id"] for one in first.json()["items"] + second.json()["items"]] == made[::-1]


def test_a_statement_shows_and_attests_the_newest_meeting_at_its_raising(service: Service):
    statements.make_eligible(service)
    recorded(service, not_held_reason="The chair was ill")
    service.clock.tick()
    meeting = recorded(service, held_on="2026-03-02", who=["Governor"])
    found = statements.raise_statement(service)
    assert found["readiness_meeting"] == meeting
    payload = service.get(f"/v1/statements/{found['id']}/payload").json()
    assert payload["readiness_meeting"] == meeting
    service.clock.tick()
    recorded(service)
    assert statements.read(service, found)["readiness_meeting"] == meeting
    assert service.get("/v1/statements", params={"prison": "LWI"}).json()["items"][0]["readiness_meeting"] == meeting


def test_the_newest_meeting_is_the_one_that_was_held_last(service: Service):
    statements.make_eligible(service)
    meeting = recorded(service, held_on="2026-03-01")
    service.clock.tick()
    recorded(service, held_on="2026-02-01")
    assert statements.raise_statement(service)["readiness_meeting"] == meeting


def test_no_meeting_was_held_before_the_programme_began(service: Service):
    with service.unchanged():
        refused = service.post(MEETINGS, {"held_on": "2006-03-31"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/held_on")
    recorded(service, held_on="2006-04-01")


def test_a_statement_without_a_meeting_says_so(service: Service):
    statements.make_eligible(service)
    found = statements.raise_statement(service)
    assert found["readiness_meeting"] is None
    assert service.get(f"/v1/statements/{found['id']}/payload").json()["readiness_meeting"] is None


def test_a_meeting_is_audited_and_announced_without_names_or_reasons(service: Service):
    meeting = recorded(service, not_held_reason="The chair was ill", who=["Ann Lee"])
    entry = service.get("/v1/audit", params={"prison": "LWI", "limit": "1"}).json()["items"][0]
    subject = f"{MEETINGS}/{meeting['id']}"
    assert (entry["action"], entry["subject"]) == ("readiness_meeting.recorded", subject)
    answer = service.get("/v1/events", params={"kind": "readiness_meeting.recorded"})
    assert [one["subject"] for one in answer.json()["items"]] == [subject]
    assert "Lee" not in answer.text
    assert "ill" not in answer.json()["items"][0]["content"]


def test_the_same_meeting_sent_twice_is_recorded_once(service: Service):
    headers = {"idempotency-key": "meeting-1"}
    first = service.post(MEETINGS, {"held_on": "2026-03-02"}, headers=headers)
    with service.unchanged():
        again = service.post(MEETINGS, {"held_on": "2026-03-02"}, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)


@pytest.mark.parametrize(
    ("by", "body", "status", "code", "pointer"),
    [
        (REGION, {}, 422, "invalid-input", "/held_on"),
        (REGION, {"held_on": "2026-03-02", "not_held_reason": "x"}, 422, "invalid-input", "/held_on"),
        (REGION, {"held_on": "2026-03-03"}, 422, "invalid-input", "/held_on"),
        (REGION, {"not_held_reason": " "}, 422, "invalid-input", "/not_held_reason"),
        (REGION, {"held_on": "2026-03-02", "evidence": ["no-such-id"]}, 422, "invalid-input", "/evidence/0"),
        (REGION, {"held_on": "2026-03-02", "who": [" "]}, 422, "invalid-input", "/who/0"),
        (REGION, {"held_on": "2026-03-02", "chair": "x"}, 422, "invalid-input", "/chair"),
        ("prison:MSI", {"held_on": "2026-03-02"}, 403, "out-of-scope", None),
        ("region:london", {"held_on": "2026-03-02"}, 403, "out-of-scope", None),
        ("national", {"held_on": "2026-03-02"}, 403, "role-not-allowed", None),
        (None, {"held_on": "2026-03-02"}, 401, "unauthenticated", None),
    ],
)
def test_a_refusal_to_record_a_meeting_says_why(service: Service, by, body, status, code, pointer):
    if by is not None:
        service.key(by)
    with service.unchanged():
        answer = service.post(MEETINGS, body, by=by)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert [fault["pointer"] for fault in answer.json().get("errors", [])] == ([pointer] if pointer else [])


def test_papers_that_were_withdrawn_or_are_of_another_prison_are_refused(service: Service):
    item = paper(service)
    with service.unchanged():
        other = service.post(MEETINGS.replace("LWI", "MSI"), {"held_on": "2026-03-02", "evidence": [item]}, by=REGION)
    assert (other.status_code, other.json()["errors"][0]["pointer"]) == (422, "/evidence/0")
    assert service.post(f"/v1/prisons/LWI/evidence/{item}/withdraw", {"reason": "Wrong file"}).status_code == 200
    answer = service.post(MEETINGS, {"held_on": "2026-03-02", "evidence": [item]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/evidence/0")


def test_a_paper_that_is_withdrawn_later_is_left_out(service: Service):
    statements.make_eligible(service)
    gone, kept = paper(service), paper(service)
    meeting = recorded(service, held_on="2026-03-02", evidence=[gone, kept])
    withdrawn = service.post(f"/v1/prisons/LWI/evidence/{gone}/withdraw", {"reason": "Wrong file"})
    assert withdrawn.status_code == 200
    expected = meeting | {"evidence": [kept]}
    assert service.get(f"{MEETINGS}/{meeting['id']}").json() == expected
    assert service.get(MEETINGS).json()["items"] == [expected]
    assert statements.raise_statement(service)["readiness_meeting"] == expected


def test_a_paper_or_a_person_that_is_given_twice_is_refused(service: Service):
    item = paper(service)
    with service.unchanged():
        body = {"held_on": "2026-03-02", "evidence": [item, item], "who": ["Ann Lee", "Bo Day", "ann  LEE"]}
        answer = service.post(MEETINGS, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input"), answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/who/2", "/evidence/1"]


def test_an_unknown_meeting_or_one_of_another_prison_is_not_found(service: Service):
    meeting = recorded(service)
    for address in (f"{MEETINGS}/no-such-id", f"/v1/prisons/MSI/readiness-meetings/{meeting['id']}"):
        answer = service.get(address, by="national")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
