"""The verdict on a prison."""

from typing import Any

import pytest

from tests.support import factories
from tests.support.service import Service

pytestmark = pytest.mark.also_behind_a_standby

LWI = "/v1/prisons/LWI"
REQUIRED = [1, 2, 3, 5, 6, 10, 11]
AMBER_IS_ENOUGH = {7, 8, 9, 14, 16, 25, 26}
STAFFED = {14, 16}
NO_FIGURES = dict.fromkeys(("in_post", "required", "needed", "more", "needed_for_green"))


def test_the_verdict_on_a_new_prison_has_every_field_of_the_contract(untouched: Service):
    verdict = untouched.get(f"{LWI}/readiness", by="national").json()
    sections = untouched.get("/v1/toolkit").json()["sections"]
    titles = {one["number"]: one["title"] for one in sections}
    required = {one["number"]: one["required_outcomes"] for one in sections}
    reasons = [blocker.pop("reason") for part in ("commissioning", "go_live") for blocker in verdict[part]["blockers"]]
    assert all(reason.endswith(".") and len(reason) > 60 for reason in reasons)
    missing = {
        n: {
            "outcomes": [one["text"] for one in outcomes],
            "evidence": True,
            "staff": NO_FIGURES if n in STAFFED else None,
        }
        for n, outcomes in required.items()
    }
    assert verdict == {
        "prison": {
            "code": "LWI",
            "name": "Lewes",
            "region": {"slug": "south-east", "name": "South East"},
            "function": "local",
        },
        "toolkit_version": "2006-09.2",
        "as_of": None,
        "updated_at": None,
        "stage": "not_started",
        "counts": {"red": 35, "amber": 0, "green": 0, "exempt": 0},
        "live_on": None,
        "commissioning": {
            "ready": False,
            "required_sections": REQUIRED,
            "blockers": [
                {"section": n, "title": titles[n], "rating": "RED", "required": "GREEN"}
                | {"rule": "commissioning", "missing": missing[n]}
                for n in REQUIRED
            ],
        },
        "go_live": {
            "eligible": False,
            "blockers": [
                {
                    "section": n,
                    "title": titles[n],
                    "rating": "RED",
                    "required": "AMBER" if n in AMBER_IS_ENOUGH else "GREEN",
                    "rule": "go_live",
                    "missing": missing[n],
                }
                for n in range(1, 36)
            ],
            "exempt": [],
        },
        "warnings": [],
        "statement": None,
    }


def blockers(service: Service, number: int) -> list[dict[str, Any]]:
    """What the verdict says of a section, for commissioning and for go-live."""
    verdict = service.get(f"{LWI}/readiness").json()
    found = [*verdict["commissioning"]["blockers"], *verdict["go_live"]["blockers"]]
    return [one for one in found if one["section"] == number]


def test_a_reason_shrinks_as_work_is_done(service: Service):
    first, second = service.get("/v1/toolkit").json()["sections"][4]["required_outcomes"]
    of_first, of_second = first["text"].rstrip("."), second["text"].rstrip(".")
    steps: list[tuple[dict[str, Any], str]] = [
        ({}, f"not RED: 0 of 2 outcomes are met; missing: {of_first}; {of_second}; no evidence."),
        ({"evidence": [factories.note()]}, f"not RED: 0 of 2 outcomes are met; missing: {of_first}; {of_second}."),
        (
            {"rating": "AMBER", "outcomes": {first["key"]: "met", second["key"]: "outstanding"}},
            f"not AMBER: 1 of 2 outcomes is met; missing: {of_second}.",
        ),
        ({"outcomes": {"*": "met"}}, "not AMBER: all that it needs is recorded, so rate it GREEN if that is still so."),
    ]
    for change, reason in steps:
        service.clock.tick()
        section = service.patch(f"{LWI}/sections/5", change).json()
        found = blockers(service, 5)
        assert [one["rule"] for one in found] == ["commissioning", "go_live"]
        assert {one["reason"] for one in found} == {f"Local Risk Register is GREEN, {reason}"}
        missing = [text for text in (first["text"], second["text"]) if text.rstrip(".") in reason]
        said = {"outcomes": missing, "evidence": "no evidence" in reason, "staff": None}
        assert all(one["missing"] == said for one in found)
        assert section["missing"] == (said if missing or said["evidence"] else None)
        assert section["readiness"] == service.get(f"{LWI}/readiness").json()
    assert service.patch(f"{LWI}/sections/5", {"rating": "GREEN"}).json()["missing"] is None
    assert blockers(service, 5) == []


def test_a_reason_reckons_with_the_staff_in_post(service: Service):
    service.patch(f"{LWI}/sections/14", {"staff_in_post": 7, "staff_required": 10, "outcomes": {"*": "met"}})
    (blocker,) = blockers(service, 14)
    assert blocker["reason"].endswith("is at least AMBER, not RED: 7 of 10 staff in post, 7.5 needed.")
    assert blocker["missing"] == {
        "outcomes": [],
        "evidence": True,
        "staff": {"in_post": 7, "required": 10, "needed": 7.5, "more": 0.5, "needed_for_green": 10},
    }
    service.clock.tick()
    service.patch(f"{LWI}/sections/14", {"staff_in_post": 7.5})
    (blocker,) = blockers(service, 14)
    assert blocker["reason"].endswith("not RED: work on it is recorded, so rate it AMBER.")
    assert service.patch(f"{LWI}/sections/14", {"rating": "AMBER"}).status_code == 200
    assert blockers(service, 14) == []


def test_a_section_answer_says_all_that_is_asked_of_it(service: Service):
    asked = service.get("/v1/toolkit").json()["sections"][13]
    (outcome,) = asked["required_outcomes"]
    body = {"rating": "AMBER", "staff_in_post": 7.5, "staff_required": 10, "outcomes": {outcome["key"]: "met"}}
    section = service.patch(f"{LWI}/sections/14", body).json()
    names = ("required_outcomes", "go_live_minimum", "commissioning_required", "meets_minimum", "missing")
    assert {name: section[name] for name in (*names, "suggested_rating")} == {
        "required_outcomes": [outcome | {"status": "met"}],
        "go_live_minimum": "AMBER",
        "commissioning_required": False,
        "meets_minimum": True,
        "missing": {
            "outcomes": [],
            "evidence": True,
            "staff": {"in_post": 7.5, "required": 10, "needed": 7.5, "more": 0, "needed_for_green": 10},
        },
        "suggested_rating": {
            "rating": "AMBER",
            "reason": "1 of 1 outcome met, 7.5 of 10 staff, no evidence: AMBER",
        },
    }
    untouched = service.get(f"{LWI}/sections/1").json()
    assert [one["status"] for one in untouched["required_outcomes"]] == [None] * len(untouched["required_outcomes"])
    assert (untouched["commissioning_required"], untouched["meets_minimum"]) == (True, False)


def test_the_stages_follow_one_another_up_and_down(service: Service):
    def stage() -> str:
        found: str = service.get(f"{LWI}/readiness").json()["stage"]
        assert service.get(LWI).json()["stage"] == found
        return found

    assert stage() == "not_started"
    service.patch(f"{LWI}/sections/4", {"comment": "Begun"})
    assert stage() == "preparing"
    service.patch(f"{LWI}/sections", factories.commissioning_ready())
    assert stage() == "commissioning_ready"
    service.patch(f"{LWI}/sections", factories.go_live_eligible())
    assert stage() == "go_live_eligible"
    service.patch(f"{LWI}/sections/26", {"rating": "RED"})
    assert stage() == "commissioning_ready"
    service.patch(f"{LWI}/sections/11", {"rating": "AMBER"})
    assert stage() == "preparing"


def test_the_verdict_names_what_is_missing_in_section_order(service: Service):
    service.patch(f"{LWI}/sections", factories.go_live_eligible())
    service.patch(f"{LWI}/sections", factories.several({26: "RED", 5: "AMBER", 12: "AMBER"}))
    verdict = service.get(f"{LWI}/readiness").json()
    commissioning = [(one["section"], one["rating"], one["required"]) for one in verdict["commissioning"]["blockers"]]
    go_live = [(one["section"], one["rating"], one["required"]) for one in verdict["go_live"]["blockers"]]
    assert commissioning == [(5, "AMBER", "GREEN")]
    assert go_live == [(5, "AMBER", "GREEN"), (12, "AMBER", "GREEN"), (26, "RED", "AMBER")]
    assert (verdict["commissioning"]["ready"], verdict["go_live"]["eligible"]) == (False, False)
    assert verdict["counts"] == {"red": 1, "amber": 8, "green": 26, "exempt": 0}


def test_a_comment_leaves_the_bytes_and_the_tag_of_the_verdict_as_they_were(service: Service):
    service.patch(f"{LWI}/sections/5", {"rating": "AMBER"})
    before = service.get(f"{LWI}/readiness")
    for change in ({"comment": "On its way"}, {"lead": "A. Lead"}, {"target_date": "2026-06-30"}):
        service.clock.tick()
        assert service.patch(f"{LWI}/sections/5", change).status_code == 200
        after = service.get(f"{LWI}/readiness")
        assert (after.content, after.headers["etag"]) == (before.content, before.headers["etag"])
    service.clock.tick()
    service.patch(f"{LWI}/sections/6", {"rating": "AMBER"})
    moved = service.get(f"{LWI}/readiness")
    assert moved.headers["etag"] != before.headers["etag"]
    assert moved.json()["updated_at"] == "2026-03-02T09:04:00Z"


def test_the_past_verdict_is_the_one_that_was_given_then(service: Service):
    given = []
    for change in (factories.several({4: "AMBER"}), factories.commissioning_ready(), factories.go_live_eligible()):
        service.clock.tick(3600)
        service.patch(f"{LWI}/sections", change)
        given.append((service.clock().isoformat(), service.get(f"{LWI}/readiness").json()))
    service.clock.tick(3600)
    service.patch(f"{LWI}/sections/7", {"rating": "RED"})
    for moment, verdict in given:
        then = service.get(f"{LWI}/readiness", params={"as_of": moment}).json()
        assert then.pop("as_of") == moment.replace("+00:00", "Z")
        verdict.pop("as_of")
        assert then == verdict


def test_evidence_that_grows_old_is_warned_of_without_any_change(service: Service):
    service.patch(f"{LWI}/sections/5", factories.rated(5, evidence=[factories.note(effective_on="2026-02-01")]))
    fresh = service.get(f"{LWI}/readiness")
    service.clock.set("2027-02-01T12:00:00Z")
    assert service.get(f"{LWI}/readiness").content == fresh.content
    service.clock.set("2027-02-02T12:00:00Z")
    stale = service.get(f"{LWI}/readiness")
    assert [one["section"] for one in stale.json()["warnings"]] == [5]
    assert stale.json() | {"warnings": []} == fresh.json()
    assert stale.headers["etag"] != fresh.headers["etag"]


def test_prisons_do_not_share_ratings(service: Service):
    service.patch(f"{LWI}/sections/5", {"rating": "AMBER"})
    assert service.get("/v1/prisons/MSI/readiness").json()["counts"]["red"] == 35


def test_doing_all_that_a_verdict_names_makes_a_prison_eligible_with_every_section_green(service: Service):
    """A program that reads nothing but `missing` and the sections' own keys."""
    service.patch(f"{LWI}/sections/14", {"staff_in_post": 7.5, "staff_required": 10.25})
    sections = {one["number"]: one for one in service.get(f"{LWI}/sections").json()["items"]}
    bodies = []
    for blocker in service.get(f"{LWI}/readiness").json()["go_live"]["blockers"]:
        number, missing = blocker["section"], blocker["missing"]
        keys = {one["text"]: one["key"] for one in sections[number]["required_outcomes"]}
        body: dict[str, Any] = {"number": number, "rating": "GREEN"}
        body["outcomes"] = {keys[text]: "met" for text in missing["outcomes"]}
        body["evidence"] = [factories.note()] if missing["evidence"] else []
        if (staff := missing["staff"]) is not None:
            required = staff["required"] or 4
            body |= {"staff_required": required, "staff_in_post": staff["needed_for_green"] or required}
        bodies.append(body)
    assert len(bodies) == 35
    readiness = service.patch(f"{LWI}/sections", {"sections": bodies}).json()["readiness"]
    assert readiness["go_live"] == {"eligible": True, "blockers": [], "exempt": []}
    assert readiness["counts"] == {"red": 0, "amber": 0, "green": 35, "exempt": 0}
    assert all(one["missing"] is None for one in service.get(f"{LWI}/sections").json()["items"])
