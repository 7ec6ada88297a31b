"""The verdict on a prison."""

import pytest

from tests.support import factories
from tests.support.service import Service

pytestmark = pytest.mark.also_behind_a_standby

LWI = "/v1/prisons/LWI"
REQUIRED = [1, 2, 3, 5, 6, 10, 11]
AMBER_IS_ENOUGH = {7, 8, 9, 14, 16, 25, 26}


def test_the_verdict_on_a_new_prison_has_every_field_of_the_contract(untouched: Service):
    verdict = untouched.get(f"{LWI}/readiness", by="national").json()
    titles = {one["number"]: one["title"] for one in untouched.get("/v1/toolkit").json()["sections"]}
    reasons = [blocker.pop("reason") for part in ("commissioning", "go_live") for blocker in verdict[part]["blockers"]]
    assert all(reason.endswith(".") and len(reason) > 60 for reason in reasons)
    assert verdict == {
        "prison": {"code": "LWI", "name": "Lewes", "region": "South East", "function": "local"},
        "toolkit_version": "2006-09.2",
        "as_of": None,
        "updated_at": None,
        "stage": "not_started",
        "counts": {"red": 35, "amber": 0, "green": 0},
        "commissioning": {
            "ready": False,
            "required_sections": REQUIRED,
            "blockers": [
                {"section": n, "title": titles[n], "rating": "RED", "required": "GREEN", "rule": "commissioning"}
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
                }
                for n in range(1, 36)
            ],
            "exempt": [],
        },
        "warnings": [],
        "statement": None,
    }


def test_a_reason_says_what_the_section_still_needs(untouched: Service):
    verdict = untouched.get(f"{LWI}/readiness").json()
    outcomes = untouched.get("/v1/toolkit").json()["sections"][13]["required_outcomes"]
    (reason,) = [one["reason"] for one in verdict["go_live"]["blockers"] if one["section"] == 14]
    assert "AMBER" in reason
    assert "75 %" in reason
    assert all(one["text"].rstrip(".") in reason for one in outcomes)


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
    assert verdict["counts"] == {"red": 1, "amber": 8, "green": 26}


def test_a_comment_leaves_the_bytes_and_the_tag_of_the_verdict_as_they_were(service: Service):
    service.patch(f"{LWI}/sections/5", {"rating": "AMBER"})
    before = service.get(f"{LWI}/readiness")
    for change in ({"comment": "On its way"}, {"lead": "A. Lead"}, {"evidence": [factories.note()]}):
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
