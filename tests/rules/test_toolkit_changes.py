"""What one version of the toolkit changes in another."""

from dataclasses import replace

import pytest

from app.rules.toolkit import RequiredOutcome, SignatoryRole, Toolkit
from app.rules.toolkit_changes import toolkit_changes
from app.rules.types import Function, Rating
from tests.support.shipped import shipped_toolkit

NOTHING: dict[str, list[object]] = {"fields": [], "signatory_roles": [], "sections": []}


def with_section(number: int, **changes: object) -> Toolkit:
    toolkit = shipped_toolkit()
    sections = [replace(one, **changes) if one.number == number else one for one in toolkit.sections]  # type: ignore[arg-type]
    return replace(toolkit, version="2007-01", sections=tuple(sections))


def test_a_version_changes_nothing_in_itself():
    own = shipped_toolkit().version
    assert toolkit_changes(shipped_toolkit(), shipped_toolkit()) == {"from": own, "to": own} | NOTHING


def test_what_changes_in_a_section_is_told_by_field():
    stricter = with_section(
        14, go_live_minimum=Rating.GREEN, staffing_threshold_percent=80, exemptible_for=(Function.OPEN,)
    )
    changes = toolkit_changes(shipped_toolkit(), stricter)
    assert changes["sections"] == [
        {
            "number": 14,
            "title": "Recruitment of clinical staff",
            "fields": [
                {"field": "go_live_minimum", "from": "AMBER", "to": "GREEN"},
                {"field": "staffing_threshold_percent", "from": 75, "to": 80},
                {"field": "exemptible_for", "from": [], "to": ["open"]},
            ],
            "outcomes": [],
        }
    ]
    assert (changes["from"], changes["to"]) == ("2006-09.2", "2007-01")


def test_an_outcome_is_the_same_one_as_long_as_its_key_is():
    outcomes = (
        RequiredOutcome("systems_in_place", "The systems are there."),
        RequiredOutcome("manual", "There is a manual."),
    )
    (section,) = toolkit_changes(shipped_toolkit(), with_section(27, required_outcomes=outcomes))["sections"]
    assert (section["number"], section["fields"]) == (27, [])
    assert section["outcomes"] == [
        {"key": "systems_in_place", "from": "The systems to deliver it are in place.", "to": "The systems are there."},
        {"key": "manual", "from": None, "to": "There is a manual."},
        {"key": "service_description", "from": "The service is described in writing.", "to": None},
    ]


def test_roles_that_come_go_or_become_optional_are_told():
    old = replace(
        shipped_toolkit(),
        signatory_roles=(SignatoryRole("governor", "Governor", True), SignatoryRole("ndpdu", "NDPDU", False)),
    )
    new = replace(
        old, signatory_roles=(SignatoryRole("governor", "Governor", False), SignatoryRole("chaplain", "Chaplain", True))
    )
    assert [
        (one["key"], one["from"] and one["from"]["required"], one["to"] and one["to"]["required"])
        for one in toolkit_changes(old, new)["signatory_roles"]
    ] == [
        ("governor", True, False),
        ("chaplain", None, True),
        ("ndpdu", False, None),
    ]


def test_fields_of_the_whole_toolkit_are_told():
    new = replace(shipped_toolkit(), evidence_stale_after_months=6, version_basis=None)
    assert toolkit_changes(shipped_toolkit(), new)["fields"] == [
        {"field": "evidence_stale_after_months", "from": 12, "to": 6},
        {"field": "version_basis", "from": shipped_toolkit().version_basis, "to": None},
    ]


@pytest.mark.parametrize("number", [1, 14, 35])
@pytest.mark.parametrize("field", ["title", "summary", "group"])
def test_the_way_back_is_the_same_turned_round(number: int, field: str):
    changed = with_section(number, **{field: "Other words"})
    (there,) = toolkit_changes(shipped_toolkit(), changed)["sections"]
    (back,) = toolkit_changes(changed, shipped_toolkit())["sections"]
    turned = [{"field": one["field"], "from": one["to"], "to": one["from"]} for one in back["fields"]]
    assert there["fields"] == turned
