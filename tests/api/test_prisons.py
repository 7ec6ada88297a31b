"""Listing, registering, reading and correcting prisons."""

import pytest

from tests.support import factories
from tests.support.service import Service

pytestmark = pytest.mark.also_behind_a_standby

LWI = "/v1/prisons/LWI"


def codes(service: Service, query: str) -> list[str]:
    found = service.get(f"/v1/prisons?limit=500&{query}").json()["items"]
    return [one["code"] for one in found]


def test_all_138_establishments_are_listed_in_code_order(untouched: Service):
    found = codes(untouched, "")
    assert len(found) == 138
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("region=north-east&function=local", ["DMI", "HHI", "LNI"]),
        ("region=North%20East&function=local", ["DMI", "HHI", "LNI"]),
        ("region=north-east&open=false", ["AKI", "CSI"]),
        ("function=open&region=south-east&open=true", ["EHI", "ESI", "FDI", "SPI"]),
        ("q=lewes", ["LWI"]),
        ("q=lWi", ["LWI"]),
        ("q=maidst", ["MSI"]),
        ("q=%25", []),
        ("q=_", []),
        ("stage=commissioning_ready", []),
    ],
)
def test_the_list_is_filtered(untouched: Service, query: str, expected: list[str]):
    assert codes(untouched, query) == expected


def test_a_region_that_does_not_exist_is_a_slip_and_not_an_empty_region(untouched: Service):
    answer = untouched.get("/v1/prisons?region=atlantis")
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == "?region"
    assert "south-east" in fault["detail"]


def test_the_stage_filter_follows_the_ratings(service: Service):
    assert len(codes(service, "stage=not_started")) == 138
    service.patch(f"{LWI}/sections/4", {"rating": "AMBER"})
    assert codes(service, "stage=preparing") == ["LWI"]
    service.patch(f"{LWI}/sections", factories.commissioning_ready())
    assert codes(service, "stage=commissioning_ready") == ["LWI"]
    assert codes(service, "stage=preparing") == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "?limit"),
        ("limit=501", "?limit"),
        ("limit=many", "?limit"),
        ("function=castle", "?function"),
        ("stage=finished", "?stage"),
        ("open=perhaps", "?open"),
        ("cursor=nonsense", "?cursor"),
        ("cursor=bm9uc2Vuc2U", "?cursor"),
        ("q=", "?q"),
    ],
)
def test_a_malformed_filter_is_refused_with_its_name(untouched: Service, query: str, pointer: str):
    answer = untouched.get(f"/v1/prisons?{query}")
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


def test_pages_follow_one_another_by_cursor_and_by_link_and_cover_everything_once(untouched: Service):
    by_cursor: list[str] = []
    by_link: list[str] = []
    path = "/v1/prisons?limit=50&open=true"
    answer = untouched.get(path)
    while True:
        page = answer.json()
        by_cursor += [one["code"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        assert len(page["items"]) == 50
        answer = untouched.get(path, params={"limit": 50, "open": "true", "cursor": page["next_cursor"]})
    answer = untouched.get(path)
    while True:
        by_link += [one["code"] for one in answer.json()["items"]]
        if "next" not in answer.links:
            break
        answer = untouched.get(answer.links["next"]["url"])
    assert by_cursor == by_link == codes(untouched, "open=true")
    assert "link" not in answer.headers


def test_the_default_page_has_fifty_and_says_where_the_next_begins(untouched: Service):
    answer = untouched.get("/v1/prisons")
    assert len(answer.json()["items"]) == 50
    assert answer.json()["next_cursor"]
    assert answer.headers["link"].endswith('>; rel="next"')


def test_a_page_that_ends_exactly_at_the_end_has_no_next(untouched: Service):
    answer = untouched.get("/v1/prisons?region=north-east&function=local&limit=3")
    assert (len(answer.json()["items"]), answer.json()["next_cursor"]) == (3, None)


def test_a_cursor_belongs_to_its_filters(untouched: Service):
    cursor = untouched.get("/v1/prisons?limit=1&function=local").json()["next_cursor"]
    answer = untouched.get(f"/v1/prisons?limit=1&function=open&cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-cursor")


def test_a_prison_is_found_by_its_code_in_any_case(untouched: Service):
    lewes = untouched.get(LWI).json()
    assert lewes == untouched.get("/v1/prisons/lwi").json()
    assert {name: lewes[name] for name in ("code", "name", "function", "region", "stage", "is_open")} == {
        "code": "LWI",
        "name": "Lewes",
        "function": "local",
        "region": {"slug": "south-east", "name": "South East"},
        "stage": "not_started",
        "is_open": True,
    }
    assert (lewes["toolkit_version"], lewes["registered_at"]) == ("2006-09.2", "2026-01-05T09:00:00Z")


def test_an_unknown_prison_is_not_found(untouched: Service):
    for path in ("/v1/prisons/XXX", "/v1/prisons/XXX/readiness", "/v1/prisons/XXX/sections", "/v1/prisons/LWIX"):
        answer = untouched.get(path, by="national")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), path


def test_a_registered_prison_starts_red_on_the_current_toolkit(service: Service):
    answer = service.post("/v1/prisons", factories.prison("zza", region="South East"), by="admin")
    assert answer.status_code == 201
    assert answer.headers["location"] == "/v1/prisons/ZZA"
    read = service.get("/v1/prisons/ZZA")
    assert (read.content, read.headers["etag"]) == (answer.content, answer.headers["etag"])
    assert answer.json()["code"] == "ZZA"
    assert answer.json()["registered_at"] == "2026-03-02T09:00:00Z"
    sections = service.get("/v1/prisons/ZZA/sections", by="national").json()["items"]
    assert {(one["rating"], one["version"]) for one in sections} == {("RED", 0)}
    verdict = service.get("/v1/prisons/ZZA/readiness").json()
    assert (verdict["stage"], verdict["counts"]) == ("not_started", {"red": 35, "amber": 0, "green": 0, "exempt": 0})


def test_a_code_is_registered_once(untouched: Service):
    answer = untouched.post("/v1/prisons", factories.prison("LWI"), by="admin")
    assert (answer.status_code, answer.json()["code"]) == (409, "prison-exists")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"code": "LEWES"}, "/code"),
        ({"code": "L-I"}, "/code"),
        ({"name": ""}, "/name"),
        ({"name": "A" * 101}, "/name"),
        ({"function": "castle"}, "/function"),
        ({"region": "Atlantis"}, "/region"),
        ({"opened_on": "2026-02-30"}, "/opened_on"),
        ({"closed_on": "2026-13"}, "/closed_on"),
        ({"categories": ["B"] * 11}, "/categories"),
        ({"contracted": "perhaps"}, "/contracted"),
        ({"warden": "Mr Smith"}, "/warden"),
    ],
)
def test_a_malformed_prison_is_refused_whole(untouched: Service, change: dict[str, object], pointer: str):
    body = factories.prison() | change
    answer = untouched.post("/v1/prisons", body, by="admin")
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


def test_a_correction_changes_what_was_sent_and_nothing_else(service: Service):
    before = service.get(LWI).json()
    service.clock.tick()
    answer = service.patch(LWI, {"name": "HMP Lewes", "county": None}, by="admin")
    assert answer.status_code == 200
    after = answer.json()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"name", "county", "version", "updated_at"}
    assert (after["name"], after["county"], after["version"]) == ("HMP Lewes", None, before["version"] + 1)
    assert service.get(LWI).headers["etag"] == answer.headers["etag"]


def test_a_correction_that_changes_nothing_stores_nothing(untouched: Service):
    untouched.clock.tick()
    answer = untouched.patch(LWI, {"name": "Lewes", "function": "local"}, by="admin")
    assert (answer.status_code, answer.json()["version"]) == (200, 1)


def test_a_correction_of_an_outdated_copy_is_refused(service: Service):
    tag = service.get(LWI).headers["etag"]
    first = service.patch(LWI, {"name": "Lewes A"}, by="admin", headers={"if-match": tag})
    assert first.status_code == 200
    with service.unchanged():
        second = service.patch(LWI, {"name": "Lewes B"}, by="admin", headers={"if-match": tag})
    assert (second.status_code, second.json()["code"]) == (412, "outdated-copy")


def test_what_a_prison_cannot_do_without_is_not_cleared(untouched: Service):
    for name in ("name", "function", "region", "designation", "toolkit_version"):
        answer = untouched.patch(LWI, {name: None}, by="admin")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{name}")


def test_a_prison_is_moved_only_to_a_toolkit_that_is_kept(untouched: Service):
    unknown = untouched.patch(LWI, {"toolkit_version": "1999-01"}, by="region:south-east")
    same = untouched.patch(LWI, {"toolkit_version": "2006-09.2"}, by="region:south-east")
    forbidden = untouched.patch(LWI, {"toolkit_version": "2006-09.2"}, by="prison:LWI")
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/toolkit_version")
    assert same.status_code == 200
    assert forbidden.status_code == 403


def test_the_verdict_shows_a_corrected_prison_and_past_verdicts_the_former_one(service: Service):
    service.clock.set("2026-03-10T10:00:00Z")
    service.patch("/v1/prisons/MSI", {"function": "local", "region": "London"}, by="admin")
    now = service.get("/v1/prisons/MSI/readiness").json()["prison"]
    before = service.get("/v1/prisons/MSI/readiness?as_of=2026-03-09").json()["prison"]
    assert now == {
        "code": "MSI",
        "name": "Maidstone",
        "region": {"slug": "london", "name": "London"},
        "function": "local",
    }
    assert before == {
        "code": "MSI",
        "name": "Maidstone",
        "region": {"slug": "south-east", "name": "South East"},
        "function": "trainer",
    }


def test_a_prison_closes_at_the_end_of_the_day_or_month_that_is_known(service: Service):
    service.patch(LWI, {"closed_on": "2026-03"}, by="admin")
    service.clock.set("2026-03-31T22:30:00Z")
    assert service.get(LWI).json()["is_open"] is True
    service.clock.set("2026-03-31T23:30:00Z")
    assert service.get(LWI).json()["is_open"] is False
    assert "LWI" in codes(service, "open=false")
