"""Rows of a plan are known again, and every one has a reference of its own."""

from typing import Any

import pytest

from app.rules.plan_content import paired, with_content
from app.rules.plan_document import PlanPart, faults_of, free_ref, new_plan, plain_ref

DETAILS = {"kind": "treatment_plan", "title": "Plan", "begins_on": None, "ends_on": None}
BARE: dict[str, Any] = {
    "by_when": None,
    "by_whom": None,
    "done_on": None,
    "no_action_reason": None,
    "sections": [],
    "measures": [],
}


def written(*actions: dict[str, Any]) -> Any:
    rows = [{"reference": None, "text": "x", "waits_for": None, "provenance": None, **BARE} | one for one in actions]
    says: dict[str, Any] = {"title": "", "notes": [], "expected_outcomes": [], "provenance": None}
    objectives = [{"reference": str(number), "actions": [row], **says} for number, row in enumerate(rows)]
    section = {"number": "1", "priorities": [], "objectives": objectives, **says}
    return with_content(new_plan(DETAILS), [section])


def refs(found: Any) -> list[str]:
    return [state["ref"] for state in found.plan.of_kind(PlanPart.ACTION).values()]


@pytest.mark.parametrize(
    ("text", "ref"), [("1.1", "1.1"), ("Action 3", "Action-3"), ("A/B (c)", "A-B-c"), ("é", ""), ("..", "")]
)
def test_a_reference_can_stand_in_an_address(text: str, ref: str):
    assert plain_ref(text) == ref


def test_a_reference_that_is_taken_is_told_apart_by_what_it_lies_in():
    assert refs(written({"reference": "1"}, {"reference": "1"}, {}, {})) == ["1", "1-1", "row-7", "row-9"]
    assert free_ref("1", "2", 5, ["1", "2-1"]) == "1-5"


@pytest.mark.parametrize("waits", [("b", "c", "a"), ("a", None, None), ("b", "a", None)])
def test_actions_that_wait_for_each_other_are_refused_and_those_behind_them_are_not(waits: tuple[str | None, ...]):
    actions = [{"reference": one, "waits_for": on} for one, on in zip("abc", waits, strict=True)]
    found = written(*actions, {"reference": "d", "waits_for": "a"})
    faults = faults_of(found.plan, found.pointers)
    assert {fault.code for fault in faults} == {"waits-in-a-circle"}
    assert all(not (fault.pointer or "").startswith("/sections/0/objectives/3") for fault in faults)


def test_rows_are_paired_by_the_surest_key_and_each_once():
    old: dict[int, dict[str, Any]] = {
        1: {"reference": "1", "text": "a"},
        2: {"reference": "2", "text": "b"},
        3: {"reference": None, "text": "c"},
    }
    keys: tuple[tuple[str, ...], ...] = (("reference", "text"), ("reference",), ("text",))
    new: list[dict[str, Any]] = [
        {"reference": "9", "text": "b"},
        {"reference": "1", "text": "z"},
        {"reference": None, "text": "c"},
        {"reference": None, "text": "c"},
    ]
    assert paired(new, old, keys) == [2, 1, 3, None]
