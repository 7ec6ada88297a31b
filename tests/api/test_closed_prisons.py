"""A prison that has closed takes no work any more; what it has is still read, and its details can be put right."""

from typing import Any

import pytest

from tests.support import evidence_files as files
from tests.support import statements
from tests.support.evidence_checks import assert_store_matches_rows, upload
from tests.support.service import Service

MSI, LEAD, REGION = "/v1/prisons/MSI", "prison:MSI", "region:south-east"
LINK = {"kind": "link", "title": "Shared care protocol", "reference": "https://example.org/protocol"}


@pytest.fixture
def closed(service: Service) -> Service:
    """Maidstone with an item of evidence, an exemption and a raised statement, closed the day before."""
    service.put(f"{MSI}/sections/7/exemption", {"rationale": "No such unit"}, by=REGION)
    statements.raised(service, "MSI")
    statements.make_signatory_keys(service, "MSI")
    service.patch(MSI, {"closed_on": "2026-03-01"}, by="admin")
    return service


def test_it_takes_no_rating_evidence_exemption_or_statement(closed: Service):
    (statement,) = closed.get(f"{MSI}/statements", by=LEAD).json()["items"]
    item = closed.get(f"{MSI}/sections/5/evidence", by=LEAD).json()["items"][0]["id"]
    of_item, of_statement = f"{MSI}/evidence/{item}", f"/v1/statements/{statement['id']}"
    person = {"name": "Another person", "reason": "Has left"}
    refused: list[tuple[str, str, Any, str]] = [
        ("PATCH", MSI, {"toolkit_version": "2006-09.2"}, REGION),
        ("PATCH", f"{MSI}/sections/5", {"rating": "AMBER"}, LEAD),
        ("PATCH", f"{MSI}/sections", {"sections": [{"number": 5, "rating": "AMBER"}]}, LEAD),
        ("POST", f"{MSI}/sections/5/evidence", LINK, LEAD),
        ("POST", f"{of_item}/sections", {"sections": [6]}, LEAD),
        ("POST", f"{of_item}/withdraw", {"reason": "Superseded"}, LEAD),
        ("PUT", f"{MSI}/sections/23/exemption", {"rationale": "No receptions from court"}, REGION),
        ("DELETE", f"{MSI}/sections/7/exemption", None, REGION),
        ("POST", f"{MSI}/statements", statements.raising(), LEAD),
        ("POST", f"{of_statement}/signatures", statements.signature(statement, "governor"), "signatory:MSI:governor"),
        ("POST", f"{of_statement}/signatories/governor", person, LEAD),
        ("POST", f"{of_statement}/go-live-date", {"go_live_date": "2027-01-11", "reason": "Later"}, LEAD),
        ("POST", f"{of_statement}/go-live", None, REGION),
    ]
    with closed.unchanged():
        for method, path, body, by in refused:
            answer = closed.call(method, path, by, **({} if body is None else {"json": body}))
            assert (answer.status_code, answer.json()["code"]) == (409, "prison-closed"), (method, path, answer.text)
            assert "Maidstone (MSI) has closed (2026-03-01)" in answer.json()["detail"]


def test_it_takes_no_file_and_keeps_none(closed: Service):
    closed.settings.data_dir.mkdir(exist_ok=True)
    with closed.unchanged():
        answer = upload(closed, files.PDF, path=f"{MSI}/sections/5/evidence", by=LEAD)
    assert (answer.status_code, answer.json()["code"]) == (409, "prison-closed")
    assert_store_matches_rows(closed)


def test_everything_about_it_is_still_read(closed: Service):
    for path in ("", "/readiness", "/sections", "/sections/5", "/sections/5/history", "/statements"):
        assert closed.get(f"{MSI}{path}", by=LEAD).status_code == 200, path


def test_its_statement_can_be_withdrawn_and_its_details_put_right(closed: Service):
    (statement,) = closed.get(f"{MSI}/statements", by=LEAD).json()["items"]
    ended = closed.post(f"/v1/statements/{statement['id']}/withdraw", {"reason": "Closed"}, by=REGION)
    assert (ended.status_code, ended.json()["status"]) == (200, "withdrawn")
    assert closed.patch(MSI, {"county": "Kent"}, by="admin").status_code == 200
    assert closed.patch(MSI, {"closed_on": None}, by="admin").status_code == 200
    assert closed.patch(f"{MSI}/sections/5", {"comment": "Open again"}, by=LEAD).status_code == 200


def test_its_service_can_be_recorded_as_ended(service: Service):
    found = statements.issued(service, "MSI")
    assert (
        service.post(f"/v1/statements/{found['id']}/go-live", {"live_on": "2026-03-02"}, by=REGION).status_code == 200
    )
    service.patch(MSI, {"closed_on": "2026-03-10"}, by="admin")
    service.clock.set("2026-03-12T10:00:00Z")
    ended = service.post(f"{MSI}/service-ended", {"ended_on": "2026-03-10", "reason": "The prison closed"}, by=REGION)
    assert ended.status_code in (200, 201), ended.text


@pytest.mark.parametrize(
    ("closed_on", "now"), [("2026-03-10", "2026-03-10"), ("2026-03", "2026-03-31"), ("2026", "2026-12-31")]
)
def test_it_takes_them_until_the_end_of_its_last_day_in_london(service: Service, closed_on: str, now: str):
    assert service.patch(MSI, {"closed_on": closed_on}, by="admin").status_code == 200
    service.clock.set(f"{now}T22:30:00Z")
    last = (
        service.get(MSI).json()["is_open"],
        service.patch(f"{MSI}/sections/5", {"comment": "Done"}, by=LEAD).status_code,
    )
    assert last == (True, 200)
    service.clock.tick(3 * 3600)
    after = (
        service.get(MSI).json()["is_open"],
        service.patch(f"{MSI}/sections/5", {"comment": "Late"}, by=LEAD).status_code,
    )
    assert after == (False, 409)


def test_who_may_not_look_closer_is_told_of_that_first(closed: Service):
    answer = closed.patch(f"{MSI}/sections/5", {"rating": "AMBER"}, by="prison:LWI")
    assert (answer.status_code, answer.json()["code"]) == (403, "out-of-scope")
