"""Prisons moved to another version of the toolkit: what becomes of their outcomes, verdicts, statements and history."""

from dataclasses import replace

import pytest

from app.errors import DomainError
from app.rules.access import Caller
from app.rules.toolkit import RequiredOutcome, Toolkit
from app.rules.types import Rating
from app.services.prisons import MovedPrison, move_prison
from app.services.seed import OPERATOR
from app.services.toolkits import load_toolkit
from tests.support import factories, statements
from tests.support.programme.drive import differences
from tests.support.service import Service
from tests.support.shipped import shipped_toolkit

LWI, REGION = "/v1/prisons/LWI", "region:south-east"


def load(service: Service, number: int, **changes: object) -> Toolkit:
    """A version `2007-01` in which one section is another one."""
    shipped = shipped_toolkit()
    sections = [replace(one, **changes) if one.number == number else one for one in shipped.sections]  # type: ignore[arg-type]
    newer = replace(shipped, version="2007-01", sections=tuple(sections))
    with service.database.session_scope() as session:
        load_toolkit(session, newer, caller=Caller(OPERATOR, service.clock()))
    return newer


def move(service: Service, *, accept_lapse: bool = False) -> MovedPrison | None:
    service.clock.tick()
    with service.database.session_scope() as session:
        caller = Caller(OPERATOR, service.clock())
        return move_prison(session, "LWI", "2007-01", caller=caller, accept_lapse=accept_lapse)


def test_a_move_to_other_words_leaves_the_verdict_and_says_whose_words_differ(service: Service):
    outcome = RequiredOutcome("idts_in_drug_strategy", "The drug strategy has a chapter on IDTS.")
    load(service, 3, required_outcomes=(outcome,))
    moved = move(service)
    assert moved == MovedPrison("LWI", "Lewes", ("other words for what is missing in section 3",), {})
    assert service.get(LWI).json()["toolkit_version"] == "2007-01"
    reasons = [one["reason"] for one in service.get(f"{LWI}/readiness").json()["go_live"]["blockers"]]
    assert "has a chapter on IDTS" in reasons[2]
    assert move(service) is None
    assert differences(service.database) == []


def test_outcomes_that_are_not_asked_for_any_more_are_dropped_and_stay_in_the_history(service: Service):
    service.patch(f"{LWI}/sections/27", {"outcomes": {"service_description": "met", "systems_in_place": "met"}})
    load(service, 27, required_outcomes=(RequiredOutcome("systems_in_place", "The systems are in place."),))
    moved = move(service)
    assert moved is not None
    assert moved.dropped == {27: ("service_description",)}
    section = service.get(f"{LWI}/sections/27").json()
    assert (section["outcomes"], section["version"]) == ({"systems_in_place": "met"}, 2)
    last, first = service.get(f"{LWI}/sections/27/history").json()["items"]
    assert (last["by"]["name"], [change["field"] for change in last["changes"]]) == ("Service operator", ["outcomes"])
    assert first["changes"][0]["to"] == {"service_description": "met", "systems_in_place": "met"}
    actions = [one["action"] for one in service.get("/v1/audit?prison=LWI", by="admin").json()["items"]]
    assert {"section.outcomes_dropped", "prison.corrected"} <= set(actions)
    assert differences(service.database) == []
    assert service.get("/v1/audit/verify", by="admin").json()["intact"] is True


def test_what_a_move_makes_of_gates_is_said_in_phrases(service: Service):
    statements.make_eligible(service)
    load(service, 7, go_live_minimum=Rating.GREEN, commissioning_required=True)
    moved = move(service)
    assert moved is not None
    assert moved.changes == (
        "preparing, was go live eligible",
        "section 7 now in the way of commissioning",
        "section 7 now in the way of going live",
    )
    with service.database.session_scope() as session:
        back = move_prison(session, "LWI", "2006-09.2", caller=Caller(OPERATOR, service.clock.tick()))
    assert back is not None
    assert back.changes[1:] == (
        "section 7 no longer in the way of commissioning",
        "section 7 no longer in the way of going live",
    )


def test_a_rating_that_the_version_does_not_support_keeps_the_prison_where_it_is(service: Service):
    service.patch(f"{LWI}/sections/3", factories.rated(3))
    more = (*shipped_toolkit().section(3).required_outcomes, RequiredOutcome("signed", "The governor has signed it."))
    load(service, 3, required_outcomes=more)
    with service.unchanged():
        answer = service.patch(LWI, {"toolkit_version": "2007-01"}, by=REGION)
    assert (answer.status_code, answer.json()["code"]) == (409, "toolkit-does-not-fit")
    assert "The governor has signed it" in answer.json()["detail"]
    service.patch(f"{LWI}/sections/3", {"rating": "AMBER"})
    assert service.patch(LWI, {"toolkit_version": "2007-01"}, by=REGION).status_code == 200


def test_a_raised_statement_lapses_by_a_move_only_where_that_is_accepted(service: Service):
    raised = statements.raised(service)
    load(service, 7, go_live_minimum=Rating.GREEN)
    with service.unchanged(), pytest.raises(DomainError) as refused:
        move(service)
    assert refused.value.code == "would-lapse-statement"
    with service.unchanged():
        answer = service.patch(LWI, {"toolkit_version": "2007-01"}, by=REGION)
    assert (answer.status_code, answer.json()["code"]) == (409, "would-lapse-statement")
    moved = service.patch(LWI, {"toolkit_version": "2007-01", "accept_lapse": True}, by=REGION)
    assert moved.status_code == 200
    assert statements.read(service, raised)["status"] == "lapsed"


def test_a_prison_moves_nobody(service: Service):
    load(service, 3, summary="Other words.")
    with service.unchanged():
        for by in ("prison:LWI", "national", "region:london"):
            assert service.patch(LWI, {"toolkit_version": "2007-01"}, by=by).status_code == 403, by
