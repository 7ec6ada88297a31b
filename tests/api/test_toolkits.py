"""The toolkit over HTTP."""

from dataclasses import replace

import pytest

from app.rules.access import Caller
from app.services.seed import OPERATOR
from app.services.toolkits import load_toolkit
from tests.support import factories
from tests.support.service import Service
from tests.support.shipped import shipped_toolkit

SECTION_KEYS = {
    "number",
    "title",
    "group",
    "summary",
    "required_outcomes",
    "go_live_minimum",
    "commissioning_required",
    "staffing_threshold_percent",
    "exemptible_for",
}


def test_the_current_toolkit_is_open_to_everyone_and_has_the_shape_of_the_contract(untouched: Service):
    answer = untouched.get("/v1/toolkit", by=None)
    assert answer.status_code == 200
    toolkit = answer.json()
    assert toolkit["version"] == "2006-09.2"
    assert len(toolkit["groups"]) == 8
    assert [section["number"] for section in toolkit["sections"]] == list(range(1, 36))
    assert all(set(section) == SECTION_KEYS for section in toolkit["sections"])
    assert all(set(one) == {"key", "text"} for section in toolkit["sections"] for one in section["required_outcomes"])
    assert {role["key"] for role in toolkit["signatory_roles"]} > {"governor"}
    assert all(set(role) == {"key", "title", "required"} for role in toolkit["signatory_roles"])


def test_the_toolkit_says_which_sections_commissioning_go_live_staffing_and_exemptions_rest_on(untouched: Service):
    sections = untouched.get("/v1/toolkit", by=None).json()["sections"]
    by_minimum = {one["number"] for one in sections if one["go_live_minimum"] == "AMBER"}
    assert by_minimum == {7, 8, 9, 14, 16, 25, 26}
    assert {one["number"] for one in sections if one["commissioning_required"]} == {1, 2, 3, 5, 6, 10, 11}
    assert {
        one["number"]: one["staffing_threshold_percent"] for one in sections if one["staffing_threshold_percent"]
    } == {14: 75, 16: 75}
    exemptible = {one["number"]: set(one["exemptible_for"]) for one in sections if one["exemptible_for"]}
    assert set(exemptible) == {7, 23}
    assert all("local" not in functions for functions in exemptible.values())


def test_the_toolkit_says_what_is_inferred_read_into_it_and_this_programmes_own(untouched: Service):
    toolkit = untouched.get("/v1/toolkit", by=None).json()
    assert "inferred" in toolkit["version_basis"]
    assert [one["rating"] for one in toolkit["ratings"]] == ["RED", "AMBER", "GREEN"]
    assert {one["group"] for one in toolkit["group_notes"]} == {"Workforce", "Continuity of care"}
    assert [one["section"] for one in toolkit["readings"]] == [5]
    assert "evidence_stale_after_months" in {one["field"] for one in toolkit["programme_own"]}
    assert {one["key"] for one in toolkit["delay_causes"]} > {"staffing", "other"}
    optional = {role["key"] for role in toolkit["signatory_roles"] if not role["required"]}
    assert optional == {"ndpdu", "area_drug_coordinator", "regional_offender_manager"}


def test_an_older_version_has_the_same_fields_with_nothing_in_them(untouched: Service):
    older, newer = (untouched.get(f"/v1/toolkits/{one}", by=None).json() for one in ("2006-09", "2006-09.2"))
    assert list(older) == list(newer)
    later = ("version_basis", "programme_own", "ratings", "group_notes", "readings", "delay_causes")
    assert [older[name] for name in later] == [None, [], [], [], [], []]


def test_every_kept_version_is_listed_and_read_by_its_name(untouched: Service):
    versions = untouched.get("/v1/toolkits", by=None).json()["items"]
    assert [(one["version"], one["is_current"], one["prisons"]) for one in versions] == [
        ("2006-09.2", True, 138),
        ("2006-09", False, 0),
    ]
    assert untouched.get("/v1/toolkits/2006-09.2", by=None).json() == untouched.get("/v1/toolkit", by=None).json()


def test_a_version_keeps_the_digest_that_it_was_first_loaded_with(untouched: Service):
    first = untouched.get("/v1/toolkits", by=None).json()["items"][-1]
    assert first["digest"] == "838e21fd2dcee39db92220ae247ef9d747f92f36dfbd7c54ff62c312cff0ac37"


def test_the_tenth_suffix_is_newer_than_the_second(service: Service):
    tenth = replace(shipped_toolkit(), version="2006-09.10")
    with service.database.session_scope() as session:
        load_toolkit(session, tenth, caller=Caller(OPERATOR, service.clock()))
    listed = [one["version"] for one in service.get("/v1/toolkits", by=None).json()["items"]]
    assert listed == ["2006-09.10", "2006-09.2", "2006-09"]
    assert service.get("/v1/toolkit", by=None).json()["version"] == "2006-09.10"
    registered = service.post("/v1/prisons", factories.prison("ZZA"), by="admin").json()
    assert registered["toolkit_version"] == "2006-09.10"
    assert service.get("/v1/prisons/LWI").json()["toolkit_version"] == "2006-09.2"


def test_a_version_that_is_not_kept_is_not_found(untouched: Service):
    answer = untouched.get("/v1/toolkits/1999-01", by=None)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("path", ["/v1/toolkit", "/v1/toolkits", "/v1/toolkits/2006-09"])
def test_an_unchanged_toolkit_is_not_sent_twice(untouched: Service, path: str):
    tag = untouched.get(path, by=None).headers["etag"]
    again = untouched.get(path, by=None, headers={"if-none-match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


def test_the_second_version_says_what_it_changes_in_the_first(untouched: Service):
    answer = untouched.get("/v1/toolkits/2006-09.2/changes?from=2006-09", by=None)
    assert answer.status_code == 200
    changes = answer.json()
    assert (changes["from"], changes["to"]) == ("2006-09", "2006-09.2")
    sections = {one["number"]: one for one in changes["sections"]}
    assert {1, 27, 29, 32, 35} <= set(sections)
    assert {
        "key": "ppo_system_in_place",
        "from": "The system is working.",
        "to": "The system is in place.",
    } in sections[29]["outcomes"]
    # Words alone: no outcome comes or goes, and no minimum or threshold moves.
    assert all(one["from"] and one["to"] for section in sections.values() for one in section["outcomes"])
    assert {one["field"] for section in sections.values() for one in section["fields"]} == {"summary"}
    roles = {one["key"]: (one["from"], one["to"]["required"]) for one in changes["signatory_roles"]}
    assert roles == {
        "ndpdu": (None, False),
        "area_drug_coordinator": (None, False),
        "regional_offender_manager": (None, False),
    }
    assert {"title", "version_basis", "delay_causes"} <= {one["field"] for one in changes["fields"]}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("2006-09.2/changes?from=1999-01", (404, "not-found")),
        ("1999-01/changes?from=2006-09", (404, "not-found")),
        ("2006-09.2/changes", (422, "invalid-input")),
    ],
)
def test_versions_that_are_not_kept_or_not_named_cannot_be_compared(
    untouched: Service, path: str, expected: tuple[int, str]
):
    answer = untouched.get(f"/v1/toolkits/{path}", by=None)
    assert (answer.status_code, answer.json()["code"]) == expected
