"""The toolkit over HTTP."""

import pytest

from tests.support.service import Service

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
    assert toolkit["version"] == "2006-09"
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


def test_every_kept_version_is_listed_and_read_by_its_name(untouched: Service):
    (only,) = untouched.get("/v1/toolkits", by=None).json()["items"]
    assert (only["version"], only["is_current"], only["prisons"]) == ("2006-09", True, 138)
    assert untouched.get("/v1/toolkits/2006-09", by=None).json() == untouched.get("/v1/toolkit", by=None).json()


def test_a_version_that_is_not_kept_is_not_found(untouched: Service):
    answer = untouched.get("/v1/toolkits/1999-01", by=None)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("path", ["/v1/toolkit", "/v1/toolkits", "/v1/toolkits/2006-09"])
def test_an_unchanged_toolkit_is_not_sent_twice(untouched: Service, path: str):
    tag = untouched.get(path, by=None).headers["etag"]
    again = untouched.get(path, by=None, headers={"if-none-match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
