"""Reading and rating sections, one and several at once."""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.support import factories
from tests.support.service import Service

pytestmark = pytest.mark.also_behind_a_standby

LWI = "/v1/prisons/LWI"
SECTIONS = f"{LWI}/sections"
UNTOUCHED = {
    "version": 0,
    "rating": "RED",
    "comment": None,
    "lead": None,
    "target_date": None,
    "staff_in_post": None,
    "staff_required": None,
    "outcomes": {},
    "evidence": [],
    "exempt": False,
    "updated_at": None,
    "updated_by": None,
}


def fields(section: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: section[name] for name in names}


def test_what_is_said_of_two_fields_alike_is_said_once(untouched: Service):
    body = {"staff_in_post": 3, "staff_required": 4}
    answer = untouched.patch("/v1/prisons/LWI/sections/5", body).json()
    assert len(answer["errors"]) == 2
    assert answer["detail"].count("takes no staff") == 1


def test_several_refusals_of_a_section_name_it_once(untouched: Service):
    answer = untouched.patch("/v1/prisons/LWI/sections/5", {"rating": "GREEN"}).json()
    assert answer["detail"].count("Section 5 (Local Risk Register)") == 1
    assert "It can be GREEN only with evidence" in answer["detail"]
    assert all(one["detail"].startswith("Section 5 (") for one in answer["errors"])


def test_every_section_of_a_new_prison_is_red_in_number_order(untouched: Service):
    items = untouched.get(SECTIONS).json()["items"]
    assert [one["number"] for one in items] == list(range(1, 36))
    assert all(fields(one, UNTOUCHED) == UNTOUCHED for one in items)
    assert items[4] == untouched.get(f"{SECTIONS}/5").json()
    assert (items[4]["prison"], items[4]["title"]) == ("LWI", "Local Risk Register")


def test_a_lower_case_code_finds_the_same_sections(service: Service):
    service.patch("/v1/prisons/lwi/sections/5", {"rating": "amber"})
    assert service.get("/v1/prisons/lWi/sections/5").json() == service.get(f"{SECTIONS}/5").json()


def test_a_rating_is_taken_in_any_case_and_answered_in_upper_case(service: Service):
    for number, rating in enumerate(("AMBER", "amber", "Amber"), start=7):
        answer = service.patch(f"{SECTIONS}/{number}", {"rating": rating})
        assert (answer.status_code, answer.json()["rating"], answer.json()["version"]) == (200, "AMBER", 1)


def test_everything_that_a_lead_can_say_is_kept(service: Service):
    (outcome,) = keys_of(service, 14)
    body: dict[str, Any] = {
        "rating": "GREEN",
        "comment": "Terms of reference agreed.\nSee the minutes – £5 naïve 你好.",
        "lead": "J. O'Brien",
        "target_date": "2026-06-30",
        "staff_in_post": 7.5,
        "staff_required": 7.25,
        "outcomes": {outcome: "met"},
        "evidence": [
            {"kind": "document", "title": "Terms of reference", "reference": "IDTS/1", "effective_on": "2026-02-01"},
            {"kind": "link", "title": "Plan", "reference": "https://example.org/plan"},
            {"kind": "note", "title": "Seen by the governor", "text": "Every line of it, on 1 February.\nAll is well."},
        ],
    }
    answer = service.patch(f"{SECTIONS}/14", body)
    assert answer.status_code == 200
    section = answer.json()
    assert fields(section, body | {"evidence": 0}) | {"evidence": 0} == body | {"evidence": 0}
    names = ("kind", "title", "reference", "text", "effective_on")
    assert [fields(one, names) for one in section["evidence"]] == [
        dict.fromkeys(names) | item for item in body["evidence"]
    ]
    assert {one["added_by"] for one in section["evidence"]} == {"prison:LWI"}
    assert {one["received_at"] for one in section["evidence"]} == {"2026-03-02T09:00:00Z"}
    assert (section["updated_at"], section["updated_by"]) == ("2026-03-02T09:00:00Z", "prison:LWI")


def test_the_answer_to_a_change_is_the_section_with_the_verdict_after_it(service: Service):
    answer = service.patch(f"{SECTIONS}/5", factories.rated(5))
    section = answer.json()
    readiness = section.pop("readiness")
    assert section == service.get(f"{SECTIONS}/5").json()
    assert answer.headers["etag"] == service.get(f"{SECTIONS}/5").headers["etag"]
    assert readiness == service.get(f"{LWI}/readiness").json()
    assert readiness["counts"]["green"] == 1


def test_what_a_patch_leaves_out_stays_and_null_clears(service: Service):
    outcomes = [one["key"] for one in service.get("/v1/toolkit").json()["sections"][4]["required_outcomes"]]
    full = {
        "rating": "AMBER",
        "comment": "Begun",
        "lead": "A. Lead",
        "target_date": "2026-06-30",
        "outcomes": {outcomes[0]: "met", outcomes[1]: "outstanding"},
        "evidence": [factories.note()],
    }
    service.patch(f"{SECTIONS}/5", full)
    left = service.patch(f"{SECTIONS}/5", {"lead": "B. Lead"}).json()
    assert fields(left, full) == full | {"lead": "B. Lead", "evidence": left["evidence"]}
    assert len(left["evidence"]) == 1
    # Nothing is what a section without staff has of them.
    nulls = dict.fromkeys(("comment", "lead", "target_date", "staff_in_post", "staff_required"))
    cleared = service.patch(f"{SECTIONS}/5", nulls | {"outcomes": {outcomes[0]: None}}).json()
    assert fields(cleared, nulls) == nulls
    assert cleared["outcomes"] == {outcomes[1]: "outstanding"}
    assert (cleared["rating"], cleared["version"], len(cleared["evidence"])) == ("AMBER", 3, 1)
    assert service.patch(f"{SECTIONS}/5", {"outcomes": None}).json()["outcomes"] == {}


def test_evidence_is_added_to_what_is_there(service: Service):
    service.patch(f"{SECTIONS}/5", {"evidence": [factories.note("First")]})
    after = service.patch(f"{SECTIONS}/5", {"evidence": [factories.note("Second")]}).json()
    assert [one["title"] for one in after["evidence"]] == ["First", "Second"]


def test_a_patch_that_changes_nothing_changes_nothing(service: Service):
    first = service.patch(f"{SECTIONS}/5", {"rating": "AMBER", "comment": "Same"})
    bodies: list[dict[str, Any]] = [{}, {"rating": "amber"}, {"comment": "Same"}, {"lead": None}, {"evidence": []}]
    for body in bodies:
        service.clock.tick()
        with service.unchanged():
            again = service.patch(f"{SECTIONS}/5", body)
        assert (again.status_code, again.json()["version"]) == (200, 1), body
        assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"]), body


@pytest.mark.parametrize("number", [14, 16])
def test_amber_takes_three_quarters_of_the_staff(service: Service, number: int):
    for in_post, required in ((3, 4), (75, 100), (3000, 4000), (4, 4), (5, 4), (7.5, 10), (0.03, 0.04)):
        service.patch(f"{SECTIONS}/{number}", {"rating": "RED"})
        body = {"rating": "AMBER", "staff_in_post": in_post, "staff_required": required}
        assert service.patch(f"{SECTIONS}/{number}", body).status_code == 200, body


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"rating": "AMBER", "staff_in_post": 74, "staff_required": 100}, "staffing-below-threshold"),
        ({"rating": "AMBER", "staff_in_post": 2999, "staff_required": 4000}, "staffing-below-threshold"),
        ({"rating": "AMBER", "staff_in_post": 0, "staff_required": 1}, "staffing-below-threshold"),
        ({"rating": "AMBER"}, "staffing-figures-needed"),
        ({"rating": "AMBER", "staff_in_post": 4}, "staffing-figures-needed"),
        ({"rating": "AMBER", "staff_required": 4}, "staffing-figures-needed"),
        ({"rating": "AMBER", "staff_in_post": 7.49, "staff_required": 10}, "staffing-below-threshold"),
        (factories.rated(14, staff_in_post=99, staff_required=100), "staffing-below-threshold"),
        (factories.rated(14, staff_in_post=9.99, staff_required=10), "staffing-below-threshold"),
        (factories.rated(14, evidence=[]), "green-needs-evidence"),
    ],
)
@pytest.mark.parametrize("number", [14, 16])
def test_a_rating_that_the_staff_does_not_support_is_refused(
    untouched: Service, number: int, body: dict[str, Any], code: str
):
    answer = untouched.patch(f"{SECTIONS}/{number}", body)
    assert (answer.status_code, answer.json()["code"], answer.json()["type"]) == (409, code, f"/problems/{code}")


def test_staffing_says_how_many_are_missing(untouched: Service):
    answer = untouched.patch(f"{SECTIONS}/14", {"rating": "AMBER", "staff_in_post": 74, "staff_required": 100})
    assert "75 %" in answer.json()["detail"]
    assert "74 of 100" in answer.json()["detail"]
    assert "1 more" in answer.json()["detail"]


def keys_of(service: Service, number: int) -> list[str]:
    section = service.get("/v1/toolkit").json()["sections"][number - 1]
    return [one["key"] for one in section["required_outcomes"]]


def test_green_needs_evidence_already_there_or_in_the_same_request(service: Service):
    green = {"rating": "GREEN", "outcomes": {"*": "met"}}
    with service.unchanged():
        refused = service.patch(f"{SECTIONS}/5", green)
    assert (refused.status_code, refused.json()["code"]) == (409, "green-needs-evidence")
    assert "evidence" in refused.json()["detail"]
    service.patch(f"{SECTIONS}/5", {"evidence": [factories.note()]})
    assert service.patch(f"{SECTIONS}/5", green).status_code == 200
    assert service.patch(f"{SECTIONS}/6", factories.rated(6)).status_code == 200


def test_a_title_is_no_evidence_and_green_says_so_first(untouched: Service):
    body = factories.rated(
        5, evidence=[{"kind": "note", "title": "x"}, factories.note(), {"kind": "link", "title": "x"}]
    )
    answer = untouched.patch(f"{SECTIONS}/5", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "note-says-too-little")
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [
        ("/evidence/0/text", "note-says-too-little"),
        ("/evidence/2/reference", "link-without-address"),
    ]
    answer = untouched.patch(f"{SECTIONS}/5", factories.rated(5, evidence=[{"kind": "note", "title": "x"}]))
    assert (answer.status_code, answer.json()["code"]) == (409, "green-needs-evidence")
    assert [one["code"] for one in answer.json()["errors"]] == ["green-needs-evidence", "note-says-too-little"]


def test_33_notes_titled_x_make_nothing_green(untouched: Service):
    """A prison was eligible to go live by them once."""
    notes = [{"kind": "note", "title": "x"}]
    sections = [
        {"number": number, "rating": "GREEN", "evidence": notes} for number in range(1, 36) if number not in (14, 16)
    ]
    answer = untouched.patch(SECTIONS, {"sections": sections})
    assert (answer.status_code, answer.json()["code"]) == (409, "green-needs-outcomes")
    assert len(answer.json()["errors"]) == 3 * 33
    assert untouched.get(f"{LWI}/readiness").json()["counts"]["red"] == 35


def test_green_needs_every_outcome_met(service: Service):
    first, *others = keys_of(service, 1)
    some = dict.fromkeys(others, "met")
    for outcomes in (
        {},
        some,
        some | {first: "outstanding"},
        {"*": "met", first: "outstanding"},
        {"*": "met", first: None},
    ):
        with service.unchanged():
            refused = service.patch(f"{SECTIONS}/1", factories.rated(1, outcomes=outcomes))
        assert (refused.status_code, refused.json()["code"]) == (409, "green-needs-outcomes"), outcomes
        assert f"({first})" in refused.json()["detail"] or not outcomes
    whole = service.patch(f"{SECTIONS}/1", factories.rated(1, outcomes=some | {first: "met"}))
    assert (whole.status_code, whole.json()["rating"]) == (200, "GREEN")


def test_a_star_records_every_outcome_by_its_own_key_under_the_callers_name(service: Service):
    keys = keys_of(service, 1)
    section = service.patch(f"{SECTIONS}/1", {"outcomes": {"*": "met", keys[0]: "outstanding"}}).json()
    assert section["outcomes"] == dict.fromkeys(keys, "met") | {keys[0]: "outstanding"}
    (version,) = service.get(f"{SECTIONS}/1/history").json()["items"]
    assert version["changes"] == [{"field": "outcomes", "from": {}, "to": section["outcomes"]}]
    assert version["by"]["name"] == "prison:LWI"


def test_which_outcomes_are_outstanding_is_said_by_name(untouched: Service):
    answer = untouched.patch(f"{SECTIONS}/5", {"outcomes": {"*": "outstanding"}})
    assert (answer.status_code, answer.json()["code"]) == (409, "star-outstanding")
    assert answer.json()["errors"][0]["pointer"] == "/outcomes/*"


def test_each_reason_has_its_own_code_and_the_refusal_that_of_the_first(untouched: Service):
    answer = untouched.patch(f"{SECTIONS}/14", {"rating": "GREEN", "staff_in_post": 7.5, "staff_required": 10})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["type"]) == (
        *(409, "staffing-below-threshold"),
        "/problems/staffing-below-threshold",
    )
    assert [(one["code"], one["pointer"]) for one in problem["errors"]] == [
        ("staffing-below-threshold", "/rating"),
        ("green-needs-outcomes", "/outcomes"),
        ("green-needs-evidence", "/evidence"),
    ]
    assert all(one["detail"].partition(" can be ")[2] in problem["detail"] for one in problem["errors"])


def test_green_and_an_outstanding_outcome_exclude_each_other_in_either_order(service: Service):
    outcome = service.get("/v1/toolkit").json()["sections"][4]["required_outcomes"][0]
    outstanding = {"outcomes": {outcome["key"]: "outstanding"}}
    service.patch(f"{SECTIONS}/5", factories.rated(5))
    for unsupported in (outstanding, {"outcomes": {outcome["key"]: None}}, {"outcomes": None}):
        with service.unchanged():
            later = service.patch(f"{SECTIONS}/5", unsupported)
        assert (later.status_code, later.json()["code"]) == (409, "green-needs-outcomes")
        assert outcome["text"].rstrip(".") in later.json()["detail"]
    assert service.patch(f"{SECTIONS}/5", outstanding | {"rating": "AMBER"}).status_code == 200


@pytest.mark.parametrize(
    ("sent", "kept"), [(7, "7"), (7.0, "7"), (7.5, "7.5"), (7.55, "7.55"), (0, "0"), (10_000, "10000")]
)
def test_staff_are_numbers_with_two_decimals_kept_exactly(service: Service, sent: float, kept: str):
    """In the answer, in the history, and in what the rules reckon with later."""
    answer = service.patch(f"{SECTIONS}/14", {"staff_in_post": sent, "staff_required": 9999.99})
    assert f'"staff_in_post":{kept},"staff_required":9999.99,' in answer.text
    assert f'"staff_in_post":{kept},"staff_required":9999.99,' in service.get(SECTIONS).text
    (version,) = service.get(f"{SECTIONS}/14/history").json()["items"]
    assert [repr(one["to"]) for one in version["changes"]] == [kept, "9999.99"]
    service.clock.tick()
    same = service.patch(f"{SECTIONS}/14", {"staff_in_post": sent, "staff_required": 9999.99})
    assert same.json()["version"] == 1
    later = service.patch(f"{SECTIONS}/14", {"comment": "As it was"})
    assert f'"staff_in_post":{kept},' in later.text
    past = service.get(f"{SECTIONS}/14", params={"as_of": "2026-03-02T09:00:00Z"})
    assert f'"staff_in_post":{kept},' in past.text


def test_fewer_staff_are_refused_unless_the_rating_goes_down_with_them(service: Service):
    service.patch(f"{SECTIONS}/14", factories.rated(14))
    for fewer in ({"staff_in_post": 3}, {"staff_required": 5}, {"staff_in_post": None}):
        with service.unchanged():
            assert service.patch(f"{SECTIONS}/14", fewer).status_code == 409, fewer
    assert service.patch(f"{SECTIONS}/14", {"staff_in_post": 3, "rating": "AMBER"}).status_code == 200
    with service.unchanged():
        assert service.patch(f"{SECTIONS}/14", {"staff_in_post": 2}).status_code == 409
    assert service.patch(f"{SECTIONS}/14", {"staff_in_post": 2, "rating": "RED"}).status_code == 200


def test_several_sections_change_at_once_under_one_verdict(service: Service):
    answer = service.patch(
        SECTIONS, {"sections": [{"number": 7, "rating": "AMBER"}, factories.rated(5) | {"number": 5}]}
    )
    assert answer.status_code == 200
    assert set(answer.json()) == {"sections", "readiness"}
    assert [(one["number"], one["rating"], one["version"]) for one in answer.json()["sections"]] == [
        (7, "AMBER", 1),
        (5, "GREEN", 1),
    ]
    assert answer.json()["readiness"] == service.get(f"{LWI}/readiness").json()
    for number in (5, 7):
        assert len(service.get(f"{SECTIONS}/{number}/history").json()["items"]) == 1


def test_several_sections_change_all_or_not_at_all_and_the_pointers_say_which(untouched: Service):
    body = {"sections": [{"number": 7, "rating": "AMBER"}, {"number": 5, "rating": "GREEN"}]}
    refused = untouched.patch(SECTIONS, body)
    assert (refused.status_code, refused.json()["code"]) == (409, "green-needs-outcomes")
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/sections/1/outcomes", "/sections/1/evidence"]


@pytest.mark.parametrize(
    ("sections", "pointer"),
    [
        ([{"number": 7, "rating": "AMBER"}, {"number": 8, "rating": "PURPLE"}], "/sections/1/rating"),
        ([{"number": 7, "rating": "AMBER"}, {"number": 36, "rating": "AMBER"}], "/sections/1/number"),
        ([{"number": 7, "rating": "AMBER"}, {"number": 0, "rating": "AMBER"}], "/sections/1/number"),
        ([{"number": 7, "rating": "AMBER"}, {"rating": "AMBER"}], "/sections/1/number"),
        ([{"number": 7, "rating": "AMBER"}, {"number": 7, "rating": "RED"}], "/sections/1/number"),
        ([{"number": 7, "rating": "AMBER"}, {"number": 8, "colour": "RED"}], "/sections/1/colour"),
        ([{"number": 7, "rating": "AMBER"}, {"number": 8, "outcomes": {"x": "met"}}], "/sections/1/outcomes/x"),
        (
            [{"number": 7, "rating": "AMBER"}, {"number": 8, "evidence": [{"kind": "note"}]}],
            "/sections/1/evidence/0/title",
        ),
        ([], "/sections"),
        ("all", "/sections"),
    ],
)
def test_a_malformed_part_of_several_refuses_the_whole(untouched: Service, sections: object, pointer: str):
    answer = untouched.patch(SECTIONS, {"sections": sections})
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


def test_all_35_sections_can_change_in_one_request(service: Service):
    answer = service.patch(SECTIONS, factories.go_live_eligible())
    assert answer.status_code == 200
    assert len(answer.json()["sections"]) == 35
    assert answer.json()["readiness"]["go_live"] == {"eligible": True, "blockers": [], "exempt": []}


def test_evidence_about_a_day_more_than_a_year_ago_is_stale_and_decides_nothing(service: Service):
    old = factories.rated(5, evidence=[factories.note(effective_on="2025-03-01")])
    section = service.patch(f"{SECTIONS}/5", old).json()
    assert section["stale"] is True
    assert section["rating"] == "GREEN"
    assert [one["section"] for one in section["readiness"]["warnings"]] == [5]
    fresh = service.patch(
        f"{SECTIONS}/6", factories.rated(6, evidence=[factories.note(effective_on="2025-03-02")])
    ).json()
    assert fresh["stale"] is False
    assert service.get(f"{LWI}/readiness").json()["counts"]["green"] == 2


@pytest.mark.parametrize("number", [one for one in range(1, 36) if one not in (14, 16)])
def test_no_section_but_14_and_16_takes_staff(untouched: Service, number: int):
    answer = untouched.patch(f"{SECTIONS}/{number}", {"staff_in_post": 3, "staff_required": 4})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/staff_in_post", "/staff_required"]
    assert "only 14 and 16" in answer.json()["detail"]
