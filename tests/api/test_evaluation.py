"""What-if: the verdict that ratings would have."""

from typing import Any

import pytest

from tests.support import factories
from tests.support.service import Service

EVALUATE = "/v1/readiness/evaluate"
PARTS = ("commissioning", "go_live", "counts")
ALL_RED = {str(number): "RED" for number in range(1, 36)}
ELIGIBLE = {str(n): "AMBER" if n in factories.AMBER_IS_ENOUGH else "GREEN" for n in range(1, 36)}


def minima(document: dict[str, Any]) -> dict[str, Any]:
    """What a verdict says of ratings alone: what is missing now is known of a prison only."""
    found = {part: document[part] for part in PARTS}
    for part in ("commissioning", "go_live"):
        bare = [{**one, "reason": None, "missing": None} for one in found[part]["blockers"]]
        found[part] = found[part] | {"blockers": bare}
    return found


def test_35_ratings_are_judged_without_evidence_or_staff(untouched: Service):
    answer = untouched.post(EVALUATE, {"ratings": ELIGIBLE})
    assert answer.status_code == 200
    assert answer.json()["go_live"] == {"eligible": True, "blockers": [], "exempt": []}
    assert answer.json()["commissioning"]["ready"] is True
    assert answer.json()["counts"] == {"red": 0, "amber": 7, "green": 28, "exempt": 0}


def test_the_verdict_on_35_red_ratings_is_that_of_a_new_prison(untouched: Service):
    verdict = untouched.get("/v1/prisons/LWI/readiness").json()
    answer = untouched.post(EVALUATE, {"ratings": ALL_RED}).json()
    assert minima(answer) == minima(verdict)
    register = answer["commissioning"]["blockers"][3]
    assert (register["reason"], register["missing"]) == ("Local Risk Register is GREEN, not RED.", None)


def test_changes_are_tried_on_the_present_ratings_of_a_prison(service: Service):
    service.patch("/v1/prisons/LWI/sections", factories.go_live_eligible())
    service.patch("/v1/prisons/LWI/sections/7", {"rating": "RED"})
    with service.unchanged():
        present = service.post(EVALUATE, {"prison": "LWI"}).json()
        changed = service.post(EVALUATE, {"prison": "lwi", "changes": {"7": "amber", "5": "AMBER"}}).json()
    verdict = service.get("/v1/prisons/LWI/readiness").json()
    assert minima(present) == minima(verdict)
    assert [one["section"] for one in changed["go_live"]["blockers"]] == [5]
    assert [one["section"] for one in changed["commissioning"]["blockers"]] == [5]


def test_the_exemptions_of_a_prison_hold_in_its_what_if(service: Service):
    service.put("/v1/prisons/MSI/sections/7/exemption", {"rationale": "No remands."}, by="region:south-east")
    answer = service.post(EVALUATE, {"prison": "MSI", "changes": {"7": "RED"}}).json()
    assert 7 not in {one["section"] for one in answer["go_live"]["blockers"]}
    assert [one["section"] for one in answer["go_live"]["exempt"]] == [7]


def test_any_key_may_ask_about_any_prison(untouched: Service):
    for by in ("prison:LWI", "region:london", "national", "signatory:LWI:governor", "admin"):
        assert untouched.post(EVALUATE, {"prison": "MSI", "changes": {"1": "GREEN"}}, by=by).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({}, 422, ""),
        ({"ratings": ALL_RED, "prison": "LWI"}, 422, ""),
        ({"ratings": ALL_RED, "changes": {"7": "AMBER"}}, 422, ""),
        ({"changes": {"7": "AMBER"}}, 422, ""),
        ({"ratings": {k: v for k, v in ALL_RED.items() if k != "35"}}, 422, "/ratings/35"),
        ({"ratings": ALL_RED | {"36": "RED"}}, 422, "/ratings/36"),
        ({"ratings": ALL_RED | {"07": "RED"}}, 422, "/ratings/07"),
        ({"ratings": ALL_RED | {"7": "PURPLE"}}, 422, "/ratings/7"),
        ({"ratings": ALL_RED | {"7": None}}, 422, "/ratings/7"),
        ({"ratings": ["RED"] * 35}, 422, "/ratings"),
        ({"prison": "LWI", "changes": {"0": "AMBER"}}, 422, "/changes/0"),
        ({"prison": "LWI", "changes": {"7": "PURPLE"}}, 422, "/changes/7"),
        ({"prison": "LWI", "changes": {"7": "AMBER"}, "colour": 1}, 422, "/colour"),
        ({"prison": "XXX", "changes": {"7": "AMBER"}}, 404, None),
        ({"prison": "L\u0000I"}, 422, "/prison"),
        ({"ratings": ALL_RED, "exempt": [5]}, 422, "/exempt/0"),
        ({"ratings": ALL_RED, "toolkit_version": "1999-01"}, 404, None),
    ],
)
def test_a_malformed_what_if_is_refused(untouched: Service, body: dict[str, Any], status: int, pointer: str | None):
    answer = untouched.post(EVALUATE, body)
    assert answer.status_code == status
    if pointer is not None:
        assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
