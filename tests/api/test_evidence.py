"""Evidence of sections: added, listed, read, downloaded, shared by sections, withdrawn."""

import hashlib
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.models import AuditEntry
from tests.support import evidence_files as files
from tests.support import factories, statements
from tests.support.evidence_checks import EVIDENCE, SECTION, assert_store_matches_rows, store_of, stored_keys, upload
from tests.support.programme.drive import differences
from tests.support.service import Service, max_statements

LWI = "/v1/prisons/LWI"


def item_address(item: dict[str, Any]) -> str:
    return f"{LWI}/evidence/{item['id']}"


def test_an_uploaded_document_counts_and_can_be_read_and_downloaded(service: Service):
    fields = {"reference": "IDTS/5/1", "effective_on": "2026-02-20"}
    answer = upload(service, files.PDF, "Minutes März.pdf", fields=fields)
    assert answer.status_code == 201, answer.text
    item = answer.json()
    expected = {
        "kind": "document",
        "title": "Minutes of the steering group",
        "reference": "IDTS/5/1",
        "text": None,
        "effective_on": "2026-02-20",
        "received_at": "2026-03-02T09:00:00Z",
        "added_by": "prison:LWI",
        "stale": False,
        "file_name": "Minutes März.pdf",
        "media_type": "application/pdf",
        "size": len(files.PDF),
        "sha256": hashlib.sha256(files.PDF).hexdigest(),
        "withdrawn": None,
        "prison": "LWI",
        "sections": [5],
    }
    assert {name: item[name] for name in expected} == expected
    assert item["section"]["number"] == 5
    assert item["section"]["version"] == 1
    assert [one["id"] for one in item["section"]["evidence"]] == [item["id"]]
    assert item["readiness"]["prison"]["code"] == "LWI"
    assert answer.headers["location"] == item_address(item)
    alone = service.get(answer.headers["location"])
    assert alone.headers["etag"] == answer.headers["etag"]
    assert alone.json() == {name: value for name, value in item.items() if name not in ("section", "readiness")}
    assert service.get(SECTION).json()["evidence"] == item["section"]["evidence"]
    assert_store_matches_rows(service)


def test_a_download_is_the_same_bytes_to_be_saved_and_not_run(service: Service):
    item = upload(service, files.PDF, "Minutes März.pdf").json()
    answer = service.get(f"{item_address(item)}/content")
    assert answer.content == files.PDF
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-length"] == str(len(files.PDF))
    wanted = "attachment; filename=\"Minutes Marz.pdf\"; filename*=UTF-8''Minutes%20M%C3%A4rz.pdf"
    assert answer.headers["content-disposition"] == wanted
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert answer.headers["etag"] == f'"{item["sha256"]}"'
    again = service.get(f"{item_address(item)}/content", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["note.txt", "staff.csv", "plan.docx", "agreed.msg"])
def test_a_file_is_served_as_what_its_content_is(service: Service, name: str):
    content, media_type = files.SAMPLES[name]
    item = upload(service, content, name, declared="text/html").json()
    answer = service.get(f"{item_address(item)}/content")
    assert (answer.content, answer.headers["content-type"]) == (content, media_type)


def test_a_link_and_a_note_need_no_file(service: Service):
    link = {"kind": "link", "title": "Protocol", "reference": "https://example.org/protocol", "sections": [6]}
    answer = service.post(EVIDENCE, link)
    assert answer.status_code == 201, answer.text
    item = answer.json()
    assert (item["sections"], item["file_name"], item["sha256"]) == ([5, 6], None, None)
    fields = {"kind": "note", "title": "Seen", "text": "The risk register, with every action signed."}
    form = service.call("POST", EVIDENCE, data=fields, files={"reference": (None, "p. 3")})
    assert (form.status_code, form.json()["kind"], form.json()["reference"]) == (201, "note", "p. 3")
    assert form.json()["text"] == fields["text"]
    assert service.get(f"{item_address(item)}/content").json()["code"] == "not-found"


def test_one_item_supports_several_sections(service: Service):
    answer = upload(service, files.PDF, fields={"sections": "6, 9"})
    item = answer.json()
    assert item["sections"] == [5, 6, 9]
    for number in (5, 6, 9):
        section = service.get(f"{LWI}/sections/{number}").json()
        assert [one["id"] for one in section["evidence"]] == [item["id"]]
        assert section["version"] == 1
    more = service.post(f"{item_address(item)}/sections", {"sections": [9, 12]})
    assert more.status_code == 200
    assert more.json()["sections"] == [5, 6, 9, 12]
    assert service.get(f"{LWI}/sections/9").json()["version"] == 1
    assert service.get(f"{LWI}/sections/12").json()["version"] == 1
    assert more.headers["etag"] == service.get(item_address(item)).headers["etag"]
    with service.unchanged():
        assert service.post(f"{item_address(item)}/sections", {"sections": [5, 12]}).status_code == 200


def test_sections_may_be_a_repeated_field(service: Service):
    assert upload(service, files.PDF, fields={"sections": ["6", "9"]}).json()["sections"] == [5, 6, 9]


def test_a_list_is_newest_first_and_shows_withdrawn_items_when_asked(service: Service):
    ids = []
    for title in ("first", "second", "third"):
        service.clock.tick()
        ids.append(upload(service, files.PDF, fields={"title": title}).json()["id"])
    service.clock.tick()
    withdrawn = service.post(f"{LWI}/evidence/{ids[1]}/withdraw", {"reason": "The wrong prison"})
    assert withdrawn.status_code == 200, withdrawn.text
    listed = service.get(EVIDENCE).json()
    assert [one["title"] for one in listed["items"]] == ["third", "first"]
    everything = service.get(f"{EVIDENCE}?withdrawn=true").json()["items"]
    assert [one["title"] for one in everything] == ["third", "second", "first"]
    assert everything[1]["withdrawn"]["reason"] == "The wrong prison"
    assert service.get(f"{LWI}/sections/6/evidence?withdrawn=true").json()["items"] == []


def test_a_list_goes_on_from_page_to_page(service: Service):
    for number in range(5):
        service.post(EVIDENCE, factories.note(f"note {number}"))
    # Each page tells of today, and not of the day on which its first item came.
    service.clock.tick(500 * 24 * 60 * 60)
    seen, path = [], f"{EVIDENCE}?limit=2"
    while path:
        answer = service.get(path)
        assert all(one["stale"] for one in answer.json()["items"])
        seen += [one["title"] for one in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
        path = f"{EVIDENCE}?limit=2&cursor={cursor}" if cursor else ""
    assert sorted(seen) == [f"note {number}" for number in range(5)]
    assert service.get(f"{EVIDENCE}?cursor=nonsense").json()["code"] == "invalid-cursor"


def test_a_withdrawn_item_counts_no_longer_and_stays_in_the_history(service: Service):
    item = upload(service, files.PDF, fields={"sections": "6"}).json()
    before = service.clock()
    service.clock.tick()
    answer = service.post(f"{item_address(item)}/withdraw", {"reason": "  Superseded by the signed version  "})
    assert answer.status_code == 200, answer.text
    assert answer.json()["sections"] == []
    assert answer.json()["withdrawn"] == {
        "at": "2026-03-02T09:01:00Z",
        "by": "prison:LWI",
        "reason": "Superseded by the signed version",
        "sections": [5, 6],
    }
    assert answer.json()["readiness"]["prison"]["code"] == "LWI"
    for number in (5, 6):
        section = f"{LWI}/sections/{number}"
        assert service.get(section).json()["evidence"] == []
        history = service.get(f"{section}/history").json()["items"]
        assert [one["version"] for one in history] == [2, 1]
        assert history[0]["changes"][0]["to"] == []
        then = service.get(section, params={"as_of": before.isoformat()}).json()
        assert [(one["id"], one["withdrawn"]) for one in then["evidence"]] == [(item["id"], None)]
    assert service.get(f"{item_address(item)}/content").content == files.PDF
    assert_store_matches_rows(service)


def test_what_was_withdrawn_is_neither_withdrawn_again_nor_used_again(service: Service):
    item = upload(service, files.PDF).json()
    service.post(f"{item_address(item)}/withdraw", {"reason": "Wrong file"})
    with service.unchanged():
        again = service.post(f"{item_address(item)}/withdraw", {"reason": "Once more"})
        assert (again.status_code, again.json()["code"]) == (409, "evidence-withdrawn")
        used = service.post(f"{item_address(item)}/sections", {"sections": [6]})
        assert (used.status_code, used.json()["code"]) == (409, "evidence-withdrawn")


def test_the_last_evidence_of_a_green_section_cannot_be_withdrawn(service: Service):
    item = upload(service, files.PDF, fields={"sections": "6, 9"}).json()
    service.patch(f"{LWI}/sections/6", {"rating": "GREEN", "outcomes": {"*": "met"}})
    service.patch(f"{LWI}/sections/9", factories.rated(9))
    with service.unchanged():
        answer = service.post(f"{item_address(item)}/withdraw", {"reason": "Out of date"})
    assert (answer.status_code, answer.json()["code"]) == (409, "last-evidence-of-green")
    assert "Section 6 (" in answer.json()["detail"]
    assert "9 (" not in answer.json()["detail"]
    assert "lower the rating" in answer.json()["detail"]
    service.patch(f"{LWI}/sections/6", {"rating": "AMBER"})
    assert service.post(f"{item_address(item)}/withdraw", {"reason": "Out of date"}).status_code == 200
    assert service.get(f"{LWI}/sections/9").json()["rating"] == "GREEN"


def test_an_upload_lets_a_section_be_green(service: Service):
    green = {"rating": "GREEN", "outcomes": {"*": "met"}}
    assert service.patch(SECTION, green).json()["code"] == "green-needs-evidence"
    upload(service, files.PDF)
    assert service.patch(SECTION, green).status_code == 200


def test_only_keys_whose_scope_covers_the_prison_see_its_evidence(service: Service):
    item = upload(service, files.PDF).json()
    addresses = [EVIDENCE, item_address(item), f"{item_address(item)}/content"]
    for by, status in {
        "prison:BXI": 403,
        "region:north-west": 403,
        "region:south-east": 200,
        "national": 200,
        "signatory:LWI:governor": 200,
        "signatory:BXI:governor": 403,
        "admin": 200,
        None: 401,
    }.items():
        assert {service.get(address, by).status_code for address in addresses} == {status}, by


@pytest.mark.parametrize("by", ["prison:BXI", "region:south-east", "national", "signatory:LWI:governor", "admin"])
def test_only_the_prison_itself_changes_its_evidence(service: Service, by: str):
    item = upload(service, files.PDF).json()
    service.key(by)
    with service.unchanged():
        assert upload(service, files.PNG, by=by).status_code == 403
        assert service.post(f"{item_address(item)}/withdraw", {"reason": "x"}, by).status_code == 403
        assert service.post(f"{item_address(item)}/sections", {"sections": [6]}, by).status_code == 403
    assert_store_matches_rows(service)


def test_another_prisons_item_is_not_found_under_ones_own(service: Service):
    item = upload(service, files.PDF).json()
    for address in (f"/v1/prisons/BXI/evidence/{item['id']}", f"/v1/prisons/BXI/evidence/{item['id']}/content"):
        assert service.get(address, "prison:BXI").status_code == 404
    withdraw = f"/v1/prisons/BXI/evidence/{item['id']}/withdraw"
    assert service.post(withdraw, {"reason": "x"}, "prison:BXI").status_code == 404
    assert service.get(f"{LWI}/evidence/unknown").status_code == 404
    assert service.get(f"{LWI}/sections/36/evidence").status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("withdraw", {}, "/reason"),
        ("withdraw", {"reason": "   "}, "/reason"),
        ("withdraw", {"reason": "x" * 5001}, "/reason"),
        ("withdraw", {"reason": "x", "by": "me"}, "/by"),
        ("sections", {"sections": []}, "/sections"),
        ("sections", {"sections": [36]}, "/sections/0"),
        ("sections", {"sections": ["6"]}, "/sections/0"),
    ],
)
def test_malformed_changes_are_refused_with_pointers(service: Service, path: str, body: object, pointer: str):
    item = upload(service, files.PDF).json()
    with service.unchanged():
        answer = service.post(f"{item_address(item)}/{path}", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_every_change_of_an_item_is_in_the_audit_trail(service: Service):
    item = upload(service, files.PDF, fields={"sections": "6"}).json()
    service.post(f"{item_address(item)}/sections", {"sections": [9]})
    service.post(f"{item_address(item)}/withdraw", {"reason": "Wrong file"})
    with service.database.reading() as session:
        rows = session.execute(
            sa.select(col(AuditEntry.action), col(AuditEntry.subject), col(AuditEntry.after_digest))
            .where(col(AuditEntry.chain) == "LWI", col(AuditEntry.action).startswith("evidence."))
            .order_by(col(AuditEntry.seq))
        ).all()
    told = [(row.action, row.subject.removeprefix(f"{LWI}/")) for row in rows]
    own = f"evidence/{item['id']}"
    assert told == [
        ("evidence.added", "sections/5"),
        ("evidence.added", "sections/6"),
        ("evidence.added", own),
        ("evidence.extended", "sections/9"),
        ("evidence.extended", own),
        ("evidence.withdrawn", "sections/5"),
        ("evidence.withdrawn", "sections/6"),
        ("evidence.withdrawn", "sections/9"),
        ("evidence.withdrawn", own),
    ]
    digests = [row.after_digest for row in rows if row.subject.endswith(own)]
    assert len(set(digests)) == 3
    assert all(digests)


def test_lists_cost_the_same_statements_however_long(service: Service):
    for number in range(12):
        service.post(EVIDENCE, factories.note(f"note {number}"))
    # The first look of a process reads the toolkit too.
    service.get(EVIDENCE)
    counts = []
    for limit in (2, 500):
        with max_statements(service, 50) as seen:
            service.get(f"{EVIDENCE}?withdrawn=true&limit={limit}")
        # What the deliveries of webhooks ask in the background is not of this request.
        counts.append(len([statement for statement in seen if "webhook" not in statement]))
    assert counts[0] == counts[1]
    assert counts[0] <= 5


def test_the_store_away_stops_files_and_nothing_else(service: Service):
    item = upload(service, files.PDF).json()
    directory = service.settings.data_dir / "evidence"
    directory.rename(directory.with_name("away"))
    directory.write_text("not a directory")
    assert service.get("/health", None).json()["components"]["evidence"] == {"status": "DOWN"}
    assert service.get("/health/readiness", None).status_code == 200
    with service.unchanged():
        for answer in (upload(service, files.PNG), service.get(f"{item_address(item)}/content")):
            assert (answer.status_code, answer.json()["code"]) == (503, "evidence-store-unavailable")
    assert service.get(item_address(item)).status_code == 200
    assert service.post(EVIDENCE, factories.note()).status_code == 201
    directory.unlink()
    directory.with_name("away").rename(directory)
    assert service.get(f"{item_address(item)}/content").content == files.PDF
    assert service.get("/health", None).json()["components"]["evidence"] == {"status": "UP"}
    assert store_of(service).is_reachable()
    assert len(stored_keys(service)) == 1


def test_a_title_is_put_right_and_the_one_before_it_stays_in_the_history(service: Service):
    item = upload(service, files.PDF, fields={"title": "Minuets", "sections": "6"}).json()
    service.clock.tick(3600)
    answer = service.patch(item_address(item), {"title": " Minutes "})
    assert answer.status_code == 200, answer.text
    corrected = answer.json()
    assert (corrected["title"], corrected["sections"]) == ("Minutes", [5, 6])
    assert corrected["corrections"] == [{"title": "Minutes", "at": "2026-03-02T10:00:00Z", "by": "prison:LWI"}]
    alone = service.get(item_address(item))
    assert alone.json() == {name: value for name, value in corrected.items() if name != "readiness"}
    assert alone.headers["etag"] == answer.headers["etag"]
    for number in (5, 6):
        section = service.get(f"{LWI}/sections/{number}").json()
        assert (section["version"], [one["title"] for one in section["evidence"]]) == (2, ["Minutes"])
        before = service.get(f"{LWI}/sections/{number}?as_of=2026-03-02T09:30:00Z").json()
        assert [one["title"] for one in before["evidence"]] == ["Minuets"]
        newest = service.get(f"{LWI}/sections/{number}/history").json()["items"][0]
        (change,) = newest["changes"]
        assert (change["field"], newest["by"]["name"]) == ("evidence", "prison:LWI")
        assert [one["title"] for one in change["from"] + change["to"]] == ["Minuets", "Minutes"]
        assert {name for one in change["from"] + change["to"] for name in one} == {"id", "on", "title"}
        assert [one["title"] for one in service.get(f"{LWI}/sections/{number}/evidence").json()["items"]] == ["Minutes"]
    assert service.get(f"{LWI}/readiness").json() == corrected["readiness"] | {"as_of": None}
    assert "Minutes" not in service.get("/v1/events").text


def test_the_same_title_again_changes_nothing_and_a_later_one_is_a_further_version(service: Service):
    item = service.post(EVIDENCE, factories.note("Minutes")).json()
    with service.unchanged():
        assert service.patch(item_address(item), {"title": "Minutes"}).status_code == 200
    for title in ("Minutes of 2 March", "Minutes of 3 March"):
        service.clock.tick()
        assert service.patch(item_address(item), {"title": title}).json()["title"] == title
    with service.unchanged():
        service.patch(item_address(item), {"title": "Minutes of 3 March"})
    assert service.get(SECTION).json()["version"] == 3
    more = service.post(f"{item_address(item)}/sections", {"sections": [9]}).json()
    assert (more["title"], len(more["corrections"])) == ("Minutes of 3 March", 2)
    assert [one["title"] for one in service.get(f"{LWI}/sections/9").json()["evidence"]] == ["Minutes of 3 March"]
    assert differences(service.database) == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/title"),
        ({"title": " "}, "/title"),
        ({"title": None}, "/title"),
        ({"title": "T", "kind": "link"}, "/kind"),
    ],
)
def test_nothing_but_a_title_is_put_right(service: Service, body: dict[str, Any], pointer: str):
    item = service.post(EVIDENCE, factories.note()).json()
    with service.unchanged():
        answer = service.patch(item_address(item), body)
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, [pointer])


def test_a_title_is_put_right_by_the_prison_and_on_a_copy_that_is_up_to_date(service: Service):
    item = service.post(EVIDENCE, factories.note()).json()
    tag = service.get(item_address(item)).headers["etag"]
    for by, code in (("region:south-east", "role-not-allowed"), ("prison:MSI", "out-of-scope")):
        refused = service.patch(item_address(item), {"title": "Mine"}, by=by)
        assert (refused.status_code, refused.json()["code"]) == (403, code)
    assert service.patch(item_address(item), {"title": "First"}, headers={"if-match": tag}).status_code == 200
    with service.unchanged():
        late = service.patch(item_address(item), {"title": "Second"}, headers={"if-match": tag})
    assert (late.status_code, late.json()["code"]) == (412, "outdated-copy")
    service.post(f"{item_address(item)}/withdraw", {"reason": "Wrong prison"})
    gone = service.patch(item_address(item), {"title": "Third"})
    assert (gone.status_code, gone.json()["code"]) == (409, "evidence-withdrawn")


def test_a_statement_attests_the_title_as_it_was_put_right(service: Service):
    statements.make_eligible(service)
    (item,) = service.get(f"{LWI}/sections/5").json()["evidence"]
    service.patch(item_address(item), {"title": "Minutes, put right"})
    raised = statements.raise_statement(service)
    payload = service.get(f"/v1/statements/{raised['id']}/payload").json()
    assert payload["sections"][4]["evidence"][0]["title"] == "Minutes, put right"
