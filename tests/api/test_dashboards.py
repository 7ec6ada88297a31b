"""Regions, dashboards and the heat map, as callers meet them."""

import csv
import io

import pytest

from tests.support import factories, statements
from tests.support.service import Service, max_statements

pytestmark = pytest.mark.also_behind_a_standby

PATHS = (
    "/v1/regions",
    "/v1/regions/south-east/dashboard",
    "/v1/dashboard",
    "/v1/dashboard/matrix?region=south-east",
    "/v1/dashboard/matrix.csv",
)


def test_the_nine_regions_have_slugs_names_and_counts(service: Service):
    items = service.get("/v1/regions").json()["items"]
    assert len(items) == 9
    assert items[-1]["slug"] == "yorkshire-and-the-humber"
    assert items[-1]["name"] == "Yorkshire and the Humber"
    assert sum(one["prisons"] + one["closed"] for one in items) == 138
    assert all(sum(one["stages"].values()) == one["prisons"] for one in items)


@pytest.mark.parametrize("by", ["admin", "national", "region:london", "prison:LWI", "signatory:LWI:governor"])
def test_every_key_may_read_the_programme(service: Service, by: str):
    assert {service.get(path, by).status_code for path in PATHS} == {200}


def test_nobody_reads_the_programme_without_a_key(service: Service):
    assert {service.get(path, None).status_code for path in PATHS} == {401}


@pytest.mark.parametrize("path", PATHS)
def test_a_change_in_scope_changes_the_etag_at_once_and_one_elsewhere_does_not(service: Service, path: str):
    first = service.get(path)
    assert service.get(path, headers={"if-none-match": first.headers["etag"]}).status_code == 304
    service.patch("/v1/prisons/LWI/sections/1", factories.rated(1))
    after = service.get(path, headers={"if-none-match": first.headers["etag"]})
    assert after.status_code == 200
    assert after.headers["etag"] != first.headers["etag"]
    elsewhere = service.get("/v1/regions/north-east/dashboard")
    service.patch("/v1/prisons/LWI/sections/2", factories.rated(2))
    assert service.get("/v1/regions/north-east/dashboard").headers["etag"] == elsewhere.headers["etag"]


def test_the_etag_changes_with_the_calendar_alone(service: Service):
    first = service.get("/v1/dashboard")
    assert first.json()["without_update"]["prisons"] == 111
    service.clock.set("2026-02-01T23:59:59Z")
    second = service.get("/v1/dashboard", headers={"if-none-match": first.headers["etag"]})
    assert second.status_code == 200
    assert second.json()["without_update"]["prisons"] == 0
    service.clock.set("2026-02-02T00:00:00Z")
    assert service.get("/v1/dashboard").json()["without_update"]["prisons"] == 111


def test_a_prison_closes_and_opens_by_the_calendar_without_a_write(service: Service):
    before = service.get("/v1/regions/south-east/dashboard").json()
    service.patch("/v1/prisons/LWI/sections", factories.commissioning_ready())
    service.patch("/v1/prisons/LWI", {"closed_on": "2026-03-10"}, by="admin")
    service.post("/v1/prisons", factories.prison("ZZA", opened_on="2026-03-12"), by="admin")
    found = {}
    for moment in ("2026-03-10T23:59:59Z", "2026-03-11T00:00:00Z", "2026-03-12T00:00:00Z", "2026-04-05T12:00:00Z"):
        service.clock.set(moment)
        answer = service.get("/v1/regions/south-east/dashboard").json()
        change = answer["prisons"] - before["prisons"], answer["closed"] - before["closed"]
        found[moment] = *change, answer["commissioning_ready"], answer["trend"][-2:]
        rows = service.get("/v1/dashboard/matrix?region=south-east&limit=500").json()["items"]
        assert ("LWI" in {row["code"] for row in rows}) is (moment < "2026-03-11")
        assert ("ZZA" in {row["code"] for row in rows}) is (moment >= "2026-03-12")
    assert [one[:3] for one in found.values()] == [(0, 1, 1), (-1, 2, 0), (0, 1, 0), (0, 1, 0)]
    march = found["2026-04-05T12:00:00Z"][3][0]
    assert (march["month"], march["prisons"], march["commissioning_ready"]) == ("2026-03", before["prisons"], 0)
    past = service.get("/v1/regions/south-east/dashboard?as_of=2026-03-10").json()
    assert (past["prisons"], past["commissioning_ready"], past["day"]) == (before["prisons"], 1, "2026-03-10")


def test_statements_and_dates_ahead_are_counted(service: Service):
    statements.make_signing_key(service)
    statements.make_eligible(service)
    near = service.get("/v1/dashboard").json()
    assert near["stages"]["go_live_eligible"] == near["eligible"] == 1
    assert "LWI" not in {one["code"] for one in near["nearest"]}
    statement = statements.raise_statement(service, go_live_date="2026-05-31")
    assert service.get("/v1/dashboard").json()["statements"] == {"raised": 1, "issued": 0, "in_breach": 0}
    statements.sign_all(service, statement)
    service.patch("/v1/prisons/LWI/sections/4", factories.rated(4, "AMBER"))
    found = service.get("/v1/dashboard").json()
    assert found["statements"] == {"raised": 0, "issued": 1, "in_breach": 1}
    (planned,) = found["go_live_dates"]["items"]
    assert (planned["code"], planned["go_live_date"]) == ("LWI", "2026-05-31")
    service.clock.set("2026-03-01T09:00:00Z")
    assert service.get("/v1/dashboard").json()["go_live_dates"]["prisons"] == 0


def test_sections_in_the_way_are_ranked(service: Service):
    service.patch("/v1/prisons/LWI/sections", factories.several({3: "GREEN", 7: "AMBER", 4: "AMBER"}))
    found = service.get("/v1/regions/south-east/dashboard").json()
    counts = [one["prisons"] for one in found["blocking"]]
    assert counts == sorted(counts, reverse=True)
    assert [one["number"] for one in found["blocking"][-2:]] == [3, 7]
    assert found["sections"][3] == {"number": 4, "title": found["sections"][3]["title"]} | {
        "red": found["prisons"] - 1,
        "amber": 1,
        "green": 0,
        "exempt": 0,
        "never_updated": found["prisons"] - 1,
    }
    assert found["nearest"][0] == {
        "code": "LWI",
        "name": "Lewes",
        "region": {"slug": "south-east", "name": "South East"},
        "stage": "preparing",
        "blockers": 33,
    }


def test_what_a_regional_manager_asks_for_is_on_the_dashboard(service: Service):
    """Each of the figures that are recounted from the raw history elsewhere, once in words."""
    region = "/v1/regions/south-east/dashboard"
    service.patch("/v1/prisons/MSI/sections", factories.several({14: "AMBER", 4: "AMBER"}), by="prison:MSI")
    service.patch("/v1/prisons/MSI/sections/4", {"target_date": "2026-03-20"}, by="prison:MSI")
    service.put("/v1/prisons/MSI/sections/7/exemption", {"rationale": "No receptions"}, by="region:south-east")
    statements.make_signing_key(service)
    statements.make_eligible(service)
    found = service.get(region).json()
    lewes = {"code": "LWI", "name": "Lewes", "region": {"slug": "south-east", "name": "South East"}}
    maidstone = lewes | {"code": "MSI", "name": "Maidstone"}
    assert found["eligible_without_statement"] == {"prisons": 1, "items": [lewes]}
    prisons = found["prisons"]
    assert {name: found["sections"][6][name] for name in ("red", "amber", "green", "exempt", "never_updated")} == {
        "red": prisons - 2,
        "amber": 1,
        "green": 0,
        "exempt": 1,
        "never_updated": prisons - 2,
    }
    (workforce,) = [one for one in found["groups"] if one["group"] == "Workforce"]
    assert (workforce["sections"], workforce["amber"]) == (list(range(14, 21)), 3)
    (local,) = [one for one in found["functions"] if one["function"] == "local"]
    assert (local["eligible"], local["green"], local["commissioning_ready"]) == (1, 28, 1)
    assert found["staff"][0] == {
        "section": 14,
        "title": found["sections"][13]["title"],
        "in_post": 6,
        "required": 8,
        "prisons": 2,
        "without_figures": prisons - 2,
    }
    assert {one["number"] for one in found["blocking_commissioning"]} == set(factories.COMMISSIONING)
    assert {one["prisons"] for one in found["blocking_commissioning"]} == {prisons - 1}
    assert found["movement"] == {
        "since": "2026-02-28",
        "prisons": {"improved": 2, "worsened": 0, "unchanged": prisons - 2, "new": 0, "left": 0},
        "sections": {"improved": 37, "worsened": 0},
    }
    statement = statements.raise_statement(service, go_live_date="2026-03-20")
    move = {"go_live_date": "2026-03-19", "reason": "The pharmacist starts sooner", "cause": "medicines"}
    moved = service.post(f"/v1/statements/{statement['id']}/go-live-date", move)
    assert moved.status_code == 200, moved.text
    waiting = service.get(region).json()["waiting"]
    assert (waiting["statements"], waiting["roles"][0]["statements"]) == (1, 1)
    assert waiting["items"] == [
        {"id": statement["id"], **lewes, "raised_at": statement["raised_at"], "awaiting": list(statements.ROLES)}
    ]
    service.clock.set("2026-03-21T09:00:00Z")
    late = service.get(region).json()
    assert [one["go_live_date"] for one in late["passed_go_live_dates"]["items"]] == ["2026-03-19"]
    assert late["overdue_targets"] == {
        "prisons": 1,
        "sections": 1,
        "items": [maidstone | {"sections": [4], "earliest": "2026-03-20"}],
    }
    (cause,) = late["moved_go_live_dates"]
    assert (cause["cause"], cause["moves"]) == ("medicines", 1)
    move = {"go_live_date": "2026-03-22", "reason": "The wing is not ready"}
    assert service.post(f"/v1/statements/{statement['id']}/go-live-date", move).status_code == 200
    titles = {one["cause"]: one["title"] for one in service.get(region).json()["moved_go_live_dates"]}
    assert titles[None] == "No cause given"
    assert service.get(f"{region}?as_of=2026-03-01").json()["moved_go_live_dates"] == []


def test_a_statement_in_breach_is_named_with_its_sections(service: Service):
    statements.sign_all(service, statements.raised(service))
    service.patch("/v1/prisons/LWI/sections/4", factories.rated(4, "AMBER"))
    found = service.get("/v1/dashboard").json()
    (lewes,) = found["in_breach"]["items"]
    assert (found["in_breach"]["prisons"], lewes["code"], lewes["sections"]) == (1, "LWI", [4])
    assert lewes["serial"] == "SOR-LWI-2026-001"


def test_what_a_region_does_to_a_section_is_not_the_prisons_own_work_on_it(service: Service):
    def looked_at() -> tuple[int, ...]:
        found = service.get("/v1/regions/south-east/dashboard").json()["sections"][6]
        return found["red"], found["exempt"], found["never_updated"]

    red, _, never = looked_at()
    assert red == never
    exemption = "/v1/prisons/MSI/sections/7/exemption"
    service.put(exemption, {"rationale": "No receptions"}, by="region:south-east")
    assert looked_at() == (red - 1, 1, red - 1)
    service.delete(exemption, by="region:south-east")
    assert looked_at() == (red, 0, red)
    service.patch("/v1/prisons/MSI/sections/7", {"comment": "Nobody is received from court"}, by="prison:MSI")
    assert looked_at() == (red, 0, red - 1)


def test_open_challenges_are_counted_by_prison(service: Service):
    for number in (3, 9):
        address = f"/v1/prisons/LWI/sections/{number}/reviews"
        made = service.post(address, {"kind": "challenged", "text": "What shows this?"}, by="region:south-east")
    service.post(f"{address}/{made.json()['id']}/close", {}, by="region:south-east")
    found = service.get("/v1/dashboard").json()["open_challenges"]
    assert (found["prisons"], found["challenges"], found["items"][0]["code"]) == (1, 1, "LWI")


def test_a_prison_that_moves_region_left_one_and_is_new_in_the_other(service: Service):
    service.patch("/v1/prisons/LWI", {"region": "london"}, by="admin")
    flows = {
        region: service.get(f"/v1/regions/{region}/dashboard").json()["movement"]["prisons"]
        for region in ("south-east", "london")
    }
    assert [(flows[region]["new"], flows[region]["left"]) for region in flows] == [(0, 1), (1, 0)]
    whole = service.get("/v1/dashboard").json()["movement"]["prisons"]
    assert (whole["new"], whole["left"], whole["unchanged"]) == (0, 0, 111)


def test_a_dashboard_costs_the_same_statements_whatever_it_shows(service: Service):
    service.get("/v1/dashboard")
    service.patch("/v1/prisons/LWI/sections/1", factories.rated(1))
    with max_statements(service, 7):
        service.get("/v1/dashboard")
    with max_statements(service, 7):
        service.get("/v1/dashboard?as_of=2026-03-02T08:00:00Z")
    with max_statements(service, 1):
        service.get("/v1/regions")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/regions/wales/dashboard", 404, "not-found"),
        ("/v1/dashboard?as_of=2026-03-03", 422, "moment-in-future"),
        ("/v1/regions?as_of=yesterday", 422, "invalid-input"),
        ("/v1/dashboard/matrix?region=wales", 422, "invalid-input"),
        ("/v1/dashboard/matrix?stage=ready", 422, "invalid-input"),
        ("/v1/dashboard/matrix?cursor=abc", 422, "invalid-cursor"),
    ],
)
def test_what_cannot_be_answered_is_refused(service: Service, path: str, status: int, code: str):
    answer = service.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_region_is_found_by_its_slug_in_any_case(service: Service):
    assert service.get("/v1/regions/South-East/dashboard").json()["region"]["slug"] == "south-east"


def test_the_matrix_is_paged_in_code_order_and_filtered(service: Service):
    service.patch("/v1/prisons/LWI/sections/1", factories.rated(1))
    seen, path = [], "/v1/dashboard/matrix?limit=50"
    while path:
        answer = service.get(path)
        seen += answer.json()["items"]
        path = answer.links["next"]["url"] if "next" in answer.links else ""
    codes = [row["code"] for row in seen]
    assert codes == sorted(codes)
    assert len(codes) == 111
    lewes = next(row for row in seen if row["code"] == "LWI")
    assert lewes["ratings"] == {str(number): "GREEN" if number == 1 else "RED" for number in range(1, 36)}
    found = service.get("/v1/dashboard/matrix?region=South East&stage=preparing").json()["items"]
    assert [row["code"] for row in found] == ["LWI"]
    assert service.get("/v1/dashboard/matrix?stage=preparing&as_of=2026-03-01").json()["items"] == []


@pytest.mark.parametrize(("path", "accept"), [("matrix.csv", "*/*"), ("matrix", "text/csv")])
def test_the_matrix_comes_as_csv(service: Service, path: str, accept: str):
    service.patch("/v1/prisons/LWI", {"name": "=Lewes"}, by="admin")
    answer = service.get(f"/v1/dashboard/{path}?region=south-east", headers={"accept": accept})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    assert len(rows) == service.get("/v1/regions/south-east/dashboard").json()["prisons"]
    lewes = next(row for row in rows if row["code"] == "LWI")
    assert (lewes["name"], lewes["section_35"]) == ("'=Lewes", "RED")
    assert (lewes["region"], lewes["region_name"]) == ("south-east", "South East")


def test_the_matrix_counts_what_is_exempt_as_exempt(service: Service):
    service.put("/v1/prisons/MSI/sections/7/exemption", {"rationale": "No receptions"}, by="region:south-east")
    rows = service.get("/v1/dashboard/matrix?region=south-east&limit=500").json()["items"]
    (maidstone,) = [one for one in rows if one["code"] == "MSI"]
    assert (maidstone["exempt"], maidstone["counts"]["red"], maidstone["blockers"]) == ([7], 34, 34)
    assert (maidstone["ratings"]["7"], maidstone["ratings"]["8"]) == ("EXEMPT", "RED")
    text = service.get("/v1/dashboard/matrix.csv?region=south-east").text
    (row,) = [one for one in csv.DictReader(io.StringIO(text, newline="")) if one["code"] == "MSI"]
    assert (row["section_7"], row["section_8"], row["exempt_sections"]) == ("EXEMPT", "RED", "7")
    assert [row[name] for name in ("red", "amber", "green", "exempt")] == ["34", "0", "0", "1"]


def test_no_other_form_of_the_matrix_is_acceptable(service: Service):
    answer = service.get("/v1/dashboard/matrix", headers={"accept": "application/pdf"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not-acceptable")
    assert "application/json or text/csv" in answer.json()["detail"]


def test_a_change_from_before_midnight_that_is_stored_late_counts_for_its_day(service: Service):
    service.clock.set("2026-03-02T00:00:01Z")
    statements.rate(service, "MDI", 1, "GREEN")
    region = service.get("/v1/prisons/MDI").json()["region"]["slug"]
    yesterday = f"/v1/regions/{region}/dashboard?as_of=2026-03-01"
    before = service.get(yesterday).json()
    service.clock.set("2026-03-01T23:59:59Z")
    others = [row["code"] for row in service.get(f"/v1/prisons?region={region}&open=true").json()["items"]]
    for code in others:
        if code != "MDI":
            statements.rate(service, code, 1, "GREEN")
    service.clock.set("2026-03-02T08:00:00Z")
    found = service.get(yesterday).json()
    assert before["sections"][0]["green"] == 0
    assert found["sections"][0]["green"] == len(others) - 1
    assert service.get(f"/v1/regions/{region}/dashboard").json()["sections"][0]["green"] == len(others)


@pytest.mark.parametrize("path", ["/v1/dashboard", "/v1/dashboard/matrix.csv"])
def test_a_change_dated_before_a_moment_of_today_and_stored_late_is_in_the_answer(service: Service, path: str):
    asked = f"{path}?as_of=2026-03-02T10:00:05Z"
    service.clock.set("2026-03-02T10:00:06Z")
    before = service.get(asked)
    service.clock.set("2026-03-02T10:00:03Z")
    statements.rate(service, "MDI", 1, "GREEN")
    service.clock.set("2026-03-02T10:00:07Z")
    after = service.get(asked)
    assert after.headers["etag"] != before.headers["etag"]
    assert after.content != before.content
    assert service.get(asked, headers={"if-none-match": before.headers["etag"]}).status_code == 200


def test_prisons_are_sorted_and_filtered_as_dashboards_need_it(service: Service):
    statements.rate(service, "MDI", 1, "GREEN")
    service.clock.set("2026-03-03T09:00:00Z")
    statements.make_eligible(service)
    service.clock.set("2026-03-04T09:00:00Z")
    assert [one["code"] for one in service.get("/v1/prisons?eligible=true").json()["items"]] == ["LWI"]
    first = service.get("/v1/prisons?sort=blockers&limit=2").json()
    assert [(one["code"], one["blockers"]) for one in first["items"]] == [("LWI", 0), ("MDI", 34)]
    newest = service.get("/v1/prisons?sort=-updated&limit=2").json()["items"]
    assert [one["code"] for one in newest] == ["LWI", "MDI"]
    for sort in ("code", "-code", "blockers", "-blockers", "updated", "-updated"):
        whole = service.get(f"/v1/prisons?sort={sort}&limit=500").json()["items"]
        seen, path = [], f"/v1/prisons?sort={sort}&limit=31"
        while path:
            answer = service.get(path)
            seen += answer.json()["items"]
            path = answer.links["next"]["url"] if "next" in answer.links else ""
        assert seen == whole
        assert len(seen) == 138
