"""GREENs from before outcomes and substance were asked for: they stay as history has them, with a warning."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from tests.support import factories, statements
from tests.support.programme.drive import differences, rebuild
from tests.support.service import Service

LWI = "/v1/prisons/LWI"
FIVE = f"{LWI}/sections/5"


@pytest.fixture
def earlier(service: Service) -> Service:
    """Section 5 of Lewes as it could be then: GREEN, no outcome recorded, on a note that is its title alone."""
    service.patch(FIVE, factories.rated(5))
    service.clock.tick()

    def as_then(state: dict[str, Any]) -> dict[str, Any]:
        evidence = [{"id": item["id"], "on": item["on"]} for item in state["evidence"]]
        return state | {"outcomes": {}, "evidence": evidence}

    with service.database.write_engine.begin() as connection:
        connection.execute(sa.text("UPDATE evidence SET text = NULL"))
        ((stored,),) = connection.execute(sa.text("SELECT state FROM section_change"))
        state = as_then(json.loads(stored) if isinstance(stored, str) else stored)
        connection.execute(sa.text("UPDATE section_change SET state = :state"), {"state": json.dumps(state)})
        # The present is carried over by the migration.
        present = [item | {"sound": False} for item in state["evidence"]]
        connection.execute(
            sa.text("UPDATE section_assessment SET outcomes = '{}', evidence = :evidence"),
            {"evidence": json.dumps(present)},
        )
    rebuild(service.database)
    return service


def test_they_stay_green_and_are_warned_of(earlier: Service):
    verdict = earlier.get(f"{LWI}/readiness").json()
    assert verdict["counts"] == {"red": 34, "amber": 0, "green": 1, "exempt": 0}
    (warning,) = verdict["warnings"]
    assert (warning["section"], warning["kind"]) == (5, "outcomes-not-recorded")
    assert 5 not in [one["section"] for one in verdict["commissioning"]["blockers"]]
    section = earlier.get(FIVE).json()
    assert (section["rating"], section["meets_minimum"]) == ("GREEN", True)
    assert (len(section["missing"]["outcomes"]), section["missing"]["evidence"]) == (2, True)
    assert section["suggested_rating"]["rating"] == "RED"


def test_no_statement_is_raised_on_them(earlier: Service):
    others = {"sections": [one for one in factories.go_live_eligible()["sections"] if one["number"] != 5]}
    answer = earlier.patch(f"{LWI}/sections", others)
    assert answer.json()["readiness"]["go_live"]["eligible"], answer.text
    with earlier.unchanged():
        refused = earlier.post(f"{LWI}/statements", statements.raising())
    assert (refused.status_code, refused.json()["code"]) == (409, "outcomes-not-recorded"), refused.text
    outcomes, evidence = refused.json()["errors"]
    assert (outcomes["pointer"], evidence["pointer"]) == ("/sections/5/outcomes", "/sections/5/evidence")
    assert "Suitable actions against the risks" in outcomes["detail"]
    assert f"PATCH {LWI}/sections" in refused.json()["detail"]
    earlier.patch(FIVE, {"outcomes": {"*": "met"}, "evidence": [factories.note()]})
    statements.raise_statement(earlier)


def test_what_is_kept_is_what_their_history_says_now_and_then(earlier: Service):
    assert differences(earlier.database) == []
    then = earlier.get(f"{LWI}/readiness", params={"as_of": "2026-03-02T09:00:30Z"}).json()
    now = earlier.get(f"{LWI}/readiness").json()
    assert then | {"as_of": None} == now
    past = earlier.get(FIVE, params={"as_of": "2026-03-02T09:00:30Z"}).json()
    assert past == earlier.get(FIVE).json()


def test_their_next_change_makes_them_whole_or_lower(earlier: Service):
    for change in ({"comment": "As it was"}, {"outcomes": {"*": "met"}}, {"evidence": [factories.note()]}):
        with earlier.unchanged():
            refused = earlier.patch(FIVE, change)
        assert refused.status_code == 409, change
        assert {one["code"] for one in refused.json()["errors"]} <= {"green-needs-outcomes", "green-needs-evidence"}
    whole = earlier.patch(FIVE, {"comment": "As it was", "outcomes": {"*": "met"}, "evidence": [factories.note()]})
    assert (whole.status_code, whole.json()["missing"], whole.json()["readiness"]["warnings"]) == (200, None, [])
    assert differences(earlier.database) == []


def test_they_can_be_lowered_as_they_are(earlier: Service):
    assert earlier.patch(FIVE, {"rating": "AMBER"}).status_code == 200


def test_evidence_can_be_added_to_them_at_any_time(earlier: Service):
    assert earlier.post(f"{FIVE}/evidence", factories.note()).status_code == 201
    assert earlier.patch(FIVE, {"outcomes": {"*": "met"}}).status_code == 200


def test_they_do_not_stand_in_the_way_of_what_has_nothing_to_do_with_them(earlier: Service):
    assert earlier.patch(LWI, {"postcode": "BN7 1EA"}).status_code == 200
    assert earlier.patch(f"{LWI}/sections/6", {"rating": "AMBER"}).status_code == 200
    assert earlier.patch(LWI, {"toolkit_version": "2006-09"}, by="region:south-east").status_code == 200


def test_an_old_link_counts_then_as_it_does_now(earlier: Service):
    """A link was any reference; the migration calls it sound, and so does the past."""
    with earlier.database.write_engine.begin() as connection:
        connection.execute(sa.text("UPDATE evidence SET kind = 'link', reference = 'https://'"))
        ((present,),) = connection.execute(sa.text("SELECT evidence FROM section_assessment"))
        items = json.loads(present) if isinstance(present, str) else present
        sound = json.dumps([item | {"sound": True} for item in items])
        connection.execute(sa.text("UPDATE section_assessment SET evidence = :evidence"), {"evidence": sound})
    rebuild(earlier.database)
    section = earlier.get(FIVE).json()
    assert section["missing"]["evidence"] is False
    assert earlier.get(FIVE, params={"as_of": "2026-03-02T09:00:30Z"}).json() == section
    assert differences(earlier.database) == []
