"""The monthly return: whose rows, as of when, in which forms, and how a month is fixed."""

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import sha256
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from app.documents.returns.columns import return_columns
from app.models import ReturnRevision, ReturnRow
from app.rules.access import Caller, Principal, Role
from app.rules.types import Rating
from app.services.sections import SectionPatch, rate_sections
from tests.support import factories, statements
from tests.support.service import Service
from tests.support.shipped import shipped_toolkit
from tests.support.table_schema import csv_faults, schema_faults

pytestmark = pytest.mark.also_behind_a_standby

COLUMNS = return_columns(shipped_toolkit())
NAMES = [column.name for column in COLUMNS]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def rows_of(service: Service, month: str, **params: Any) -> dict[str, dict[str, Any]]:
    answer = service.get(f"/v1/returns/{month}", "national", params={"limit": 500, **params})
    assert answer.status_code == 200, answer.text
    return {row["code"]: row for row in answer.json()["items"]}


def status_of(service: Service, month: str) -> str:
    (found,) = [one for one in service.get("/v1/returns").json()["items"] if one["month"] == month]
    return str(found["status"])


def csv_rows(service: Service, path: str) -> dict[str, dict[str, str]]:
    answer = service.get(path)
    assert answer.status_code == 200, answer.text
    return {row["code"]: row for row in csv.DictReader(io.StringIO(answer.text, newline=""))}


def freeze(service: Service, month: str, body: object = None, by: str = "national", **more: Any) -> Any:
    return service.post(f"/v1/returns/{month}/freeze", body, by=by, **more)


@pytest.mark.parametrize(
    ("month", "following", "last", "first"),
    [
        # Winter: midnight in London is midnight UTC.
        ("2026-02", "2026-03", "2026-02-28T23:59:59.999000Z", "2026-03-01T00:00:00Z"),
        # Summer time: it is an hour earlier.
        ("2026-06", "2026-07", "2026-06-30T22:59:59.999000Z", "2026-06-30T23:00:00Z"),
        # Summer time begins in the last days of March, and ends in those of October.
        ("2026-03", "2026-04", "2026-03-31T22:59:59.999000Z", "2026-03-31T23:00:00Z"),
        ("2026-10", "2026-11", "2026-10-31T23:59:59.999000Z", "2026-11-01T00:00:00Z"),
        ("2028-02", "2028-03", "2028-02-29T23:59:59.999000Z", "2028-03-01T00:00:00Z"),
    ],
)
def test_a_month_ends_at_midnight_in_london(service: Service, month: str, following: str, last: str, first: str):
    service.clock.set(last)
    service.patch("/v1/prisons/LWI/sections/1", factories.rated(1, "AMBER"))
    assert status_of(service, month) == "provisional"
    service.clock.set(first)
    service.patch("/v1/prisons/LWI/sections/2", factories.rated(2, "AMBER"))
    answer = service.get(f"/v1/returns/{month}").json()
    assert (answer["provisional"], answer["revision"], answer["frozen"]) == (True, None, None)
    assert (status_of(service, month), status_of(service, following)) == ("not_frozen", "provisional")
    lewes = rows_of(service, month)["LWI"]
    assert (lewes["ratings"]["1"], lewes["ratings"]["2"]) == ("AMBER", "RED")
    assert lewes["last_update"] == last
    assert rows_of(service, following)["LWI"]["ratings"]["2"] == "AMBER"
    assert (lewes["stage"], lewes["stale"], lewes["counts"]) == (
        "preparing",
        False,
        {"red": 34, "amber": 1, "green": 0, "exempt": 0},
    )


def test_a_prison_is_in_the_months_in_which_it_was_open_on_a_day(service: Service):
    service.clock.set("2026-03-01T09:00:00Z")
    service.patch("/v1/prisons/LWI", {"closed_on": "2026-04-01"}, by="admin")
    service.post("/v1/prisons", factories.prison("ZZA", opened_on="2026-04-30"), by="admin")
    service.clock.set("2026-06-15T09:00:00Z")
    found = {month: rows_of(service, month).keys() & {"LWI", "ZZA"} for month in ("2026-03", "2026-04", "2026-05")}
    assert found == {"2026-03": {"LWI"}, "2026-04": {"LWI", "ZZA"}, "2026-05": {"ZZA"}}


def test_a_prison_that_opens_later_in_the_current_month_is_not_in_it_yet(service: Service):
    service.post("/v1/prisons", factories.prison("ZZA", opened_on="2026-03-20"), by="admin")
    assert "ZZA" not in rows_of(service, "2026-03")
    service.clock.set("2026-03-20T00:00:00Z")
    assert "ZZA" in rows_of(service, "2026-03")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("2026-04", 422, "moment-in-future"),
        ("2025-12", 404, "not-found"),
        ("2026-13", 422, "invalid-input"),
        ("2026-00", 422, "invalid-input"),
        ("march", 422, "invalid-input"),
        ("2026-02.pdf", 422, "invalid-input"),
        ("2026-02?revision=1", 404, "not-found"),
        ("2026-02?revision=0", 422, "invalid-input"),
        ("2026-02?cursor=abc", 422, "invalid-cursor"),
        ("2026-02?as_of=2026-01-31", 422, "moment-in-future"),
        ("2026-02?frozen=true", 409, "not-frozen"),
        ("2026-03.csv?frozen=true", 409, "not-frozen"),
        ("2026-02?frozen=perhaps", 422, "invalid-input"),
        ("2026-02?region=narnia", 422, "invalid-input"),
        ("?cursor=abc", 422, "invalid-cursor"),
    ],
)
def test_what_cannot_be_answered_is_refused(service: Service, path: str, status: int, code: str):
    answer = service.get(f"/v1/returns/{path}".replace("/?", "?"))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_json_comes_in_pages_under_an_etag(service: Service):
    seen, path = [], "/v1/returns/2026-02?limit=40"
    while path:
        answer = service.get(path)
        assert service.get(path, headers={"if-none-match": answer.headers["etag"]}).status_code == 304
        seen += [row["code"] for row in answer.json()["items"]]
        path = answer.links["next"]["url"] if "next" in answer.links else ""
    assert seen == sorted(rows_of(service, "2026-02"))
    assert len(seen) == 111


@pytest.mark.parametrize(("suffix", "accept"), [(".csv", "*/*"), ("", "text/csv")])
def test_csv_is_rfc_4180_in_the_documented_order(service: Service, suffix: str, accept: str):
    service.patch("/v1/prisons/LWI", {"name": '=HYPERLINK("https://example.com","Lewes, East")'}, by="admin")
    answer = service.get(f"/v1/returns/2026-03{suffix}", headers={"accept": accept})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "idts-return-2026-03-provisional.csv" in answer.headers["content-disposition"]
    text = answer.content.decode("utf-8")
    assert text.count("\r\n") == text.count("\n") == 112
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert list(rows[0]) == NAMES
    lewes = next(row for row in rows if row["code"] == "LWI")
    assert lewes["name"] == '\'=HYPERLINK("https://example.com","Lewes, East")'
    assert [lewes[name] for name in ("month", "provisional", "revision", "section_7")] == ["2026-03", "true", "", "RED"]
    assert (lewes["region"], lewes["region_name"]) == ("south-east", "South East")
    assert lewes["blockers"] == " ".join(map(str, range(1, 36)))
    etag = answer.headers["etag"]
    again = f"/v1/returns/2026-03{suffix}"
    assert service.get(again, headers={"accept": accept, "if-none-match": etag}).status_code == 304
    service.patch("/v1/prisons/LWI/sections/1", factories.rated(1))
    assert service.get(again, headers={"accept": accept, "if-none-match": etag}).status_code == 200


def test_the_csv_has_the_statement_and_its_dates(service: Service):
    statement = statements.raised(service)
    service.clock.tick()
    statements.sign_all(service, statement)
    lewes = csv_rows(service, "/v1/returns/2026-03.csv")["LWI"]
    assert lewes["statement_serial"] == "SOR-LWI-2026-001"
    assert (lewes["statement_status"], lewes["statement_standing"]) == ("issued", "in_force")
    assert lewes["statement_raised_at"].startswith("2026-03-02T09:00:00")
    assert lewes["statement_issued_at"] > lewes["statement_raised_at"]
    assert (lewes["go_live_date"], lewes["live_on"], lewes["eligible"]) == ("2026-12-01", "", "true")


def test_the_workbook_has_headings_in_words_typed_cells_fills_and_notes(service: Service):
    statement = statements.raised(service)
    service.patch("/v1/prisons/MSI/sections", factories.several({1: "GREEN", 2: "AMBER"}), by="prison:MSI")
    service.patch("/v1/prisons/LWI", {"name": "=1+1"}, by="admin")
    answer = service.get("/v1/returns/2026-03", headers={"accept": XLSX})
    assert answer.headers["content-type"] == XLSX
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    sheet = book["Return"]
    assert [cell.value for cell in sheet[1]] == [column.title for column in COLUMNS]
    assert [cell.comment.text for cell in sheet[1]] == [f"{one.name}\n{one.description}" for one in COLUMNS]
    assert sheet.freeze_panes == "F2"
    assert sheet.auto_filter.ref.startswith("A1:")
    rows = {row[3].value: dict(zip(NAMES, row, strict=True)) for row in sheet.iter_rows(min_row=2)}
    maidstone, lewes = rows["MSI"], rows["LWI"]
    ratings = [maidstone[f"section_{number}"] for number in (1, 2, 3)]
    assert [cell.value for cell in ratings] == ["GREEN", "AMBER", "RED"]
    assert len({cell.fill.fgColor.rgb for cell in ratings}) == 3
    # Text, and not a formula: a workbook tells the two apart, so the name needs no apostrophe.
    assert (lewes["name"].value, lewes["name"].data_type) == ("=1+1", "s")
    assert {name: lewes[name].value for name in ("provisional", "revision", "eligible", "stale", "green")} == {
        "provisional": True,
        "revision": None,
        "eligible": True,
        "stale": False,
        "green": 28,
    }
    assert lewes["go_live_date"].value == datetime.fromisoformat(statement["go_live_date"])
    assert lewes["statement_raised_at"].value == datetime.fromisoformat(statement["raised_at"]).replace(
        tzinfo=None, microsecond=0
    )
    assert service.get("/v1/returns/2026-03.xlsx").content == answer.content


def test_the_notes_of_the_workbook_the_schema_and_its_cells_say_the_same(service: Service):
    book = openpyxl.load_workbook(io.BytesIO(service.get("/v1/returns/2026-03.xlsx").content))
    lines = list(book["Notes"].iter_rows(values_only=True))
    assert "Provisional" in str(lines[1][0])
    head = lines.index(("Heading", "Code", "What it says", "Type", "Where it comes from"))
    fields = service.get("/v1/returns/schema").json()["fields"]
    assert lines[head + 1 :] == [
        tuple(field[name] for name in ("title", "name", "description", "type", "source")) for field in fields
    ]
    assert len(fields) == len(COLUMNS)
    described = {field["name"]: field["description"] for field in fields}
    assert described["section_6"].endswith("Go-live asks for GREEN.")
    assert described["section_8"].endswith("Go-live asks for AMBER or better.")


def test_the_csv_satisfies_its_schema_in_every_state(service: Service):
    schema = service.get("/v1/returns/schema").json()
    assert schema_faults(schema) == []
    statement = statements.raised(service)
    service.put("/v1/prisons/MSI/sections/7/exemption", {"rationale": "No receptions"}, by="region:south-east")
    service.clock.tick()
    statements.sign_all(service, statement)
    service.patch("/v1/prisons/LWI/sections/1", factories.rated(1, "RED"))
    for path in ("2026-03.csv", "2026-02.csv"):
        assert csv_faults(schema, service.get(f"/v1/returns/{path}").content) == []
    service.clock.set("2026-04-02T09:00:00Z")
    freeze(service, "2026-03")
    content = service.get("/v1/returns/2026-03.csv").content
    assert csv_faults(schema, content) == []
    assert b"EXEMPT" in content
    assert csv_faults(schema, content.replace(b"EXEMPT", b"PURPLE"))


def test_the_schema_is_known_to_its_etag(service: Service):
    first = service.get("/v1/returns/schema")
    assert first.json()["primaryKey"] == ["month", "code"]
    etag = first.headers["etag"]
    assert service.get("/v1/returns/schema", headers={"if-none-match": etag}).status_code == 304
    assert service.get("/v1/returns/schema", by=None).status_code == 401


def test_an_exempt_section_is_counted_as_exempt_and_not_by_its_rating(service: Service):
    service.put("/v1/prisons/MSI/sections/7/exemption", {"rationale": "No receptions"}, by="region:south-east")
    maidstone = rows_of(service, "2026-03")["MSI"]
    assert (maidstone["exempt"], maidstone["counts"]["red"]) == ([7], 34)
    assert (maidstone["ratings"]["7"], maidstone["ratings"]["8"]) == ("EXEMPT", "RED")
    row = csv_rows(service, "/v1/returns/2026-03.csv")["MSI"]
    assert (row["section_7"], row["exempt"], row["exempt_sections"]) == ("EXEMPT", "1", "7")
    assert sum(int(row[name]) for name in ("red", "amber", "green", "exempt")) == 35


def test_the_months_are_listed_newest_first_with_how_final_they_are(service: Service):
    freeze(service, "2026-02")
    listed = service.get("/v1/returns").json()
    assert listed["next_cursor"] is None
    told = [(one["month"], one["status"], one["provisional"], one["revision"]) for one in listed["items"]]
    assert told == [
        ("2026-03", "provisional", True, None),
        ("2026-02", "frozen", False, 1),
        ("2026-01", "not_frozen", True, None),
    ]
    assert [len(one["revisions"]) for one in listed["items"]] == [0, 1, 0]
    assert listed["items"][1]["revisions"] == service.get("/v1/returns/2026-02/revisions").json()["items"]
    page = service.get("/v1/returns?limit=2")
    following = service.get(page.links["next"]["url"]).json()
    assert page.json()["items"] + following["items"] == listed["items"]
    before = service.get("/v1/returns?as_of=2026-02-10").json()["items"]
    assert [(one["month"], one["status"]) for one in before] == [("2026-02", "provisional"), ("2026-01", "not_frozen")]
    assert service.get("/v1/returns?as_of=2025-12-31").json()["items"] == []


def test_a_region_narrows_a_return_in_every_form_frozen_or_not(service: Service):
    everywhere = rows_of(service, "2026-02")
    wanted = {code: row for code, row in everywhere.items() if row["region"]["slug"] == "south-east"}
    for _ in range(2):
        assert rows_of(service, "2026-02", region="south-east") == wanted
        assert csv_rows(service, "/v1/returns/2026-02.csv?region=South East").keys() == wanted.keys()
        answer = service.get("/v1/returns/2026-02.xlsx?region=south-east")
        assert "2026-02-south-east-" in answer.headers["content-disposition"]
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content))["Return"]
        assert [row[3].value for row in sheet.iter_rows(min_row=2)] == sorted(wanted)
        page = service.get("/v1/returns/2026-02?region=south-east&limit=10")
        following = service.get(page.links["next"]["url"]).json()["items"]
        assert [row["code"] for row in page.json()["items"] + following[:3]] == sorted(wanted)[:13]
        freeze(service, "2026-02")


def test_a_return_is_asked_for_frozen_alone(service: Service):
    freeze(service, "2026-02")
    answer = service.get("/v1/returns/2026-02?frozen=true").json()
    assert (answer["provisional"], answer["revision"]) == (False, 1)
    row = csv_rows(service, "/v1/returns/2026-02.csv?frozen=true")["LWI"]
    assert (row["provisional"], row["revision"]) == ("false", "1")
    book = openpyxl.load_workbook(io.BytesIO(service.get("/v1/returns/2026-02.xlsx").content))
    assert [cell.value for cell in book["Return"][2][1:3]] == [False, 1]
    refused = service.get("/v1/returns/2026-01?frozen=true").json()
    assert "leave `frozen` out" in refused["detail"]
    # Before it was frozen it was not.
    assert service.get("/v1/returns/2026-02?frozen=true&as_of=2026-03-01").status_code == 409


def test_what_was_frozen_in_an_earlier_form_is_read_as_it_was_and_written_as_now(service: Service):
    service.clock.set("2026-02-20T09:00:00Z")
    service.put("/v1/prisons/MSI/sections/7/exemption", {"rationale": "No receptions"}, by="region:south-east")
    service.clock.set("2026-03-15T09:00:00Z")
    freeze(service, "2026-02")
    with service.database.session_scope() as session:
        for stored in session.scalars(select(ReturnRow)):
            content = json.loads(stored.content)
            content["region"] = content["region"]["name"]
            content["ratings"] |= dict.fromkeys(map(str, content["exempt"]), "RED")
            content["counts"].pop("exempt", None)
            stored.content = json.dumps(content)
        (revision,) = session.scalars(select(ReturnRevision))
        revision.digest = "f" * 64
    again = freeze(service, "2026-02")
    assert (again.status_code, again.json()["revision"]) == (200, 1)
    assert csv_rows(service, "/v1/returns/2026-02.csv")["MSI"]["section_7"] == "EXEMPT"
    assert rows_of(service, "2026-02", region="south-east")["LWI"]["region"] == "South East"
    row = csv_rows(service, "/v1/returns/2026-02.csv")["LWI"]
    assert (row["region"], row["region_name"], row["red"]) == ("south-east", "South East", "35")
    assert csv_faults(service.get("/v1/returns/schema").json(), service.get("/v1/returns/2026-02.csv").content) == []


def test_no_other_form_is_acceptable(service: Service):
    answer = service.get("/v1/returns/2026-02", headers={"accept": "application/pdf, text/html;q=0.5"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not-acceptable")
    assert "application/json, text/csv or application/vnd.openxmlformats" in answer.json()["detail"]
    mixed = service.get("/v1/returns/2026-02", headers={"accept": "application/json;q=0.2, text/csv;q=0.9"})
    assert mixed.headers["content-type"].startswith("text/csv")


def test_a_frozen_month_has_its_rows_digest_and_who_froze_it(service: Service):
    before = rows_of(service, "2026-02")
    answer = freeze(service, "2026-02")
    assert answer.status_code == 201
    found = answer.json()
    assert answer.headers["location"] == "/v1/returns/2026-02?revision=1"
    assert {name: found[name] for name in ("month", "revision", "rows", "reason", "frozen_by", "frozen_at")} == {
        "month": "2026-02",
        "revision": 1,
        "rows": 111,
        "reason": None,
        "frozen_by": "national",
        "frozen_at": "2026-03-02T09:00:00Z",
    }
    page = service.get("/v1/returns/2026-02?limit=500")
    assert (page.json()["revision"], page.json()["frozen"]) == (1, found)
    assert rows_of(service, "2026-02") == before
    lines = (
        page.content.partition(b'"items":[')[2].rpartition(b'],"next_cursor"')[0].replace(b'},{"code"', b'}\n{"code"')
    )
    assert sha256(lines + b"\n").hexdigest() == found["digest"]
    entries = service.get("/v1/audit?action=return.frozen", by="national").json()["items"]
    assert [(one["subject"], one["actor"]["name"]) for one in entries] == [
        ("/v1/returns/2026-02?revision=1", "national")
    ]


def test_freezing_again_with_nothing_changed_is_the_same_revision(service: Service):
    first = freeze(service, "2026-02")
    service.patch("/v1/prisons/LWI/sections/1", factories.rated(1))
    with service.unchanged():
        again = freeze(service, "2026-02", {"reason": "To be sure"})
        assert freeze(service, "2026-02", {"corrections": ["BXI"]}).json() == first.json()
    assert (again.status_code, again.json()) == (200, first.json())


def test_a_late_correction_makes_a_second_revision_with_a_reason_and_both_stay(service: Service):
    first = freeze(service, "2026-02").json()
    files = {form: service.get(f"/v1/returns/2026-02.{form}").content for form in ("csv", "xlsx")}
    rows = rows_of(service, "2026-02")
    service.patch("/v1/prisons/LWI/sections/1", factories.rated(1))
    refused = freeze(service, "2026-02", {"corrections": ["lwi"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "reason-needed")
    assert refused.json()["errors"][0]["pointer"] == "/reason"
    second = freeze(service, "2026-02", {"corrections": ["lwi"], "reason": "Lewes sent its ratings late"})
    assert (second.status_code, second.json()["revision"]) == (201, 2)
    assert second.json()["digest"] != first["digest"]
    after = rows_of(service, "2026-02")
    assert after["LWI"]["ratings"]["1"] == "GREEN"
    assert {code: row for code, row in after.items() if code != "LWI"} == {
        code: row for code, row in rows.items() if code != "LWI"
    }
    assert rows_of(service, "2026-02", revision=1) == rows
    assert {form: service.get(f"/v1/returns/2026-02.{form}?revision=1").content for form in files} == files
    # What was corrected stays corrected: a further change of the prison is another correction.
    service.patch("/v1/prisons/LWI/sections/2", factories.rated(2))
    assert freeze(service, "2026-02", {"reason": "Again"}).status_code == 200
    listed = service.get("/v1/returns/2026-02/revisions").json()["items"]
    assert [(one["revision"], one["reason"]) for one in listed] == [(2, "Lewes sent its ratings late"), (1, None)]
    assert listed[0]["corrections"] == {"LWI": "2026-03-02T09:00:00Z"}


def test_a_correction_waits_for_who_is_changing_the_prison_and_takes_that_in(service: Service):
    freeze(service, "2026-02")
    by = Principal("key:1", "Lead", Role.PRISON, "LWI")
    correction = {"corrections": ["LWI"], "reason": "Lewes sent its ratings late"}
    with ThreadPoolExecutor(1) as pool:
        with service.database.session_scope() as session:
            patch = SectionPatch(4, {"rating": Rating.AMBER})
            rate_sections(session, "LWI", [patch], caller=Caller(by, service.clock()))
            service.clock.tick(1)
            second = pool.submit(freeze, service, "2026-02", correction)
            with pytest.raises(TimeoutError):
                second.result(0.5)
        assert second.result().status_code == 201
    assert rows_of(service, "2026-02")["LWI"]["ratings"]["4"] == "AMBER"
    assert freeze(service, "2026-02").json() == second.result().json()


def test_as_of_answers_with_the_revision_of_that_moment(service: Service):
    freeze(service, "2026-02")
    service.clock.set("2026-03-05T09:00:00Z")
    service.patch("/v1/prisons/LWI/sections/1", factories.rated(1))
    freeze(service, "2026-02", {"corrections": ["LWI"], "reason": "Late"})
    revisions = {}
    for as_of in ("2026-03-01", "2026-03-04", "2026-03-05"):
        answer = service.get(f"/v1/returns/2026-02?as_of={as_of}").json()
        revisions[as_of] = answer["revision"]
        assert answer["as_of"] == f"{as_of}T23:59:59.999999Z"
    assert service.get("/v1/returns/2026-02").json()["as_of"] is None
    assert revisions == {"2026-03-01": None, "2026-03-04": 1, "2026-03-05": 2}
    assert service.get("/v1/returns/2026-03?as_of=2026-03-04").json()["provisional"] is True


@pytest.mark.parametrize(
    ("now", "month", "code"),
    [
        ("2026-03-31T22:59:59Z", "2026-03", "month-not-over"),
        ("2026-03-31T22:59:59Z", "2026-04", "month-not-over"),
        # A write from before midnight may still be committing.
        ("2026-03-31T23:04:59Z", "2026-03", "month-not-settled"),
    ],
)
def test_a_month_is_frozen_only_when_it_is_over_and_settled(service: Service, now: str, month: str, code: str):
    service.clock.set(now)
    with service.unchanged():
        answer = freeze(service, month)
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    service.clock.set("2026-03-31T23:05:01Z")
    assert freeze(service, "2026-03").status_code == 201


@pytest.mark.parametrize("by", ["admin", "region:london", "prison:LWI", "signatory:LWI:governor"])
def test_only_a_national_key_freezes(service: Service, by: str):
    with service.unchanged():
        answer = freeze(service, "2026-02", by=by)
    assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"corrections": ["XXX"], "reason": "Late"}, "/corrections/0"),
        ({"corrections": ["not a code"]}, "/corrections/0"),
        ({"reason": ""}, "/reason"),
        ({"why": "Late"}, "/why"),
    ],
)
def test_a_malformed_freeze_is_refused(service: Service, body: dict[str, Any], pointer: str):
    freeze(service, "2026-02")
    with service.unchanged():
        answer = freeze(service, "2026-02", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_a_month_before_the_first_record_cannot_be_frozen(service: Service):
    assert freeze(service, "2025-12").status_code == 404


def test_a_repeated_freeze_with_its_idempotency_key_answers_as_the_first_did(service: Service):
    headers = {"idempotency-key": "freeze-1"}
    first = freeze(service, "2026-02", {}, headers=headers)
    again = freeze(service, "2026-02", {}, headers=headers)
    assert (first.status_code, again.status_code, again.headers["idempotency-replayed"]) == (201, 201, "true")
    assert again.json() == first.json()


def test_two_freezes_at_once_make_one_revision(service: Service):
    service.get("/v1/returns/2026-02", "national")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: freeze(service, "2026-02"), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.content for answer in answers}) == 1
    assert len(service.get("/v1/returns/2026-02/revisions").json()["items"]) == 1
    assert len(service.get("/v1/audit?action=return.frozen", by="national").json()["items"]) == 1
