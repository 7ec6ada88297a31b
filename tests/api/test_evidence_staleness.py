"""Evidence grows stale by the calendar: said in the section and in the verdict, deciding nothing."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.support import evidence_files as files
from tests.support import factories
from tests.support.evidence_checks import EVIDENCE, SECTION, upload
from tests.support.service import Service

READINESS = "/v1/prisons/LWI/readiness"


def warned(service: Service) -> list[int]:
    return [one["section"] for one in service.get(READINESS).json()["warnings"]]


def test_evidence_is_stale_twelve_months_after_the_date_that_it_is_about(service: Service):
    item = upload(service, files.PDF, fields={"effective_on": "2025-03-02"}).json()
    assert item["stale"] is False
    fresh = service.post(EVIDENCE, factories.note(effective_on="2026-03-01")).json()
    service.clock.set("2026-03-03T00:00:00Z")
    section = service.get(SECTION).json()
    assert {one["id"]: one["stale"] for one in section["evidence"]} == {item["id"]: True, fresh["id"]: False}
    assert section["stale"] is True
    assert service.get(f"/v1/prisons/LWI/evidence/{item['id']}").json()["stale"] is True
    assert [one["stale"] for one in service.get(EVIDENCE).json()["items"]].count(True) == 1


def test_without_such_a_date_the_day_on_which_it_came_counts(service: Service):
    service.clock.set("2026-06-30T23:30:00Z")
    upload(service, files.PDF)
    # It came on 1 July, London time.
    service.clock.set("2027-07-01T22:59:59Z")
    assert service.get(SECTION).json()["stale"] is False
    service.clock.set("2027-07-01T23:00:00Z")
    assert service.get(SECTION).json()["stale"] is True


def test_the_verdict_changes_at_midnight_in_london_without_a_write(service: Service):
    service.patch("/v1/prisons/LWI/sections", factories.go_live_eligible())
    service.clock.set("2026-06-20T12:00:00Z")
    upload(service, files.PDF, fields={"effective_on": "2025-07-01"})
    service.clock.set("2026-07-01T22:59:59Z")
    before = service.get(READINESS)
    service.clock.set("2026-07-01T23:00:00Z")
    with service.unchanged():
        after = service.get(READINESS)
        stale = service.get(READINESS, headers={"if-none-match": before.headers["etag"]})
    assert before.json()["warnings"] == []
    (warning,) = after.json()["warnings"]
    assert (warning["section"], warning["kind"]) == (5, "stale_evidence")
    assert before.headers["etag"] != after.headers["etag"]
    assert stale.status_code == 200

    def decided(answer: Any) -> Any:
        return {name: answer.json()[name] for name in ("go_live", "commissioning", "stage", "counts", "updated_at")}

    assert decided(after) == decided(before)
    assert after.json()["go_live"]["eligible"] is True
    same = service.get(READINESS, headers={"if-none-match": after.headers["etag"]})
    assert same.status_code == 304


def test_as_of_tells_what_was_stale_then(service: Service):
    upload(service, files.PDF, fields={"effective_on": "2025-07-01"})
    service.clock.set("2026-08-01T09:00:00Z")
    assert warned(service) == [5]
    then = service.get(READINESS, params={"as_of": "2026-07-01"}).json()
    assert then["warnings"] == []
    next_day = service.get(READINESS, params={"as_of": "2026-07-02"}).json()
    assert [one["section"] for one in next_day["warnings"]] == [5]
    assert service.get(SECTION, params={"as_of": "2026-07-01"}).json()["stale"] is False
    assert service.get(SECTION, params={"as_of": "2026-07-02"}).json()["stale"] is True


def test_the_withdrawal_of_what_is_stale_ends_the_warning(service: Service):
    old = upload(service, files.PDF, fields={"effective_on": "2024-01-01"}).json()
    assert warned(service) == [5]
    service.post(EVIDENCE, factories.note())
    assert warned(service) == [5]
    service.post(f"/v1/prisons/LWI/evidence/{old['id']}/withdraw", {"reason": "Superseded"})
    assert warned(service) == []
    assert service.get(SECTION).json()["stale"] is False


@pytest.mark.parametrize(
    ("now", "last"), [("2026-03-02T23:59:59Z", "2026-03-02"), ("2026-07-01T23:30:00Z", "2026-07-02")]
)
def test_evidence_is_about_today_in_london_at_the_latest(service: Service, now: str, last: str):
    service.clock.set(now)
    tomorrow = str(date.fromisoformat(last) + timedelta(days=1))
    late, pointed = factories.note(effective_on=tomorrow), {"number": 6, "evidence": []}
    several = {"sections": [pointed, {"number": 7, "evidence": [factories.note(), late]}]}
    with service.unchanged():
        for answer, pointer in (
            (service.post(EVIDENCE, late), "/effective_on"),
            (service.patch(SECTION, {"evidence": [late]}), "/evidence/0/effective_on"),
            (service.patch("/v1/prisons/LWI/sections", several), "/sections/1/evidence/1/effective_on"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")
            assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert service.post(EVIDENCE, factories.note(effective_on=last)).status_code == 201
