"""Going live: confirmed for a day since the issue against its ratings, and a fact about the prison ever since."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import statements
from tests.support.programme.drive import differences
from tests.support.service import Service
from tests.support.statements import REGION, readiness

Stages = tuple[Service, dict[str, dict[str, Any]]]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def stages(
    request: pytest.FixtureRequest, shared_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stages]:
    """A statement at each step of its life, for what is refused: nothing may change here."""
    with statements.every_stage(request.param, shared_home, tmp_path_factory.mktemp("live")) as found:
        yield found


def prison(service: Service, code: str = "LWI") -> dict[str, Any]:
    found: dict[str, Any] = service.get(f"/v1/prisons/{code}").json()
    return found


@pytest.mark.parametrize("live_on", ["2026-03-02", "2026-03-04", "2026-03-05"])
def test_go_live_is_confirmed_for_any_day_from_the_issue_to_today(service: Service, live_on: str):
    found = statements.issued(service)
    service.clock.set("2026-03-05T10:00:00Z")
    answer = statements.go_live(service, found, live_on=live_on)
    assert (answer.status_code, answer.json()["live_on"]) == (200, live_on)
    assert answer.json()["live_confirmed_at"] == "2026-03-05T10:00:00Z"
    verdict = readiness(service)
    assert (verdict["stage"], verdict["live_on"]) == ("live", live_on)
    assert prison(service)["live_on"] == live_on
    # Until it was confirmed, nobody knew of it here.
    before = readiness(service, as_of="2026-03-04")
    assert (before["stage"], before["live_on"]) == ("statement_issued", None)
    assert differences(service.database) == []


@pytest.mark.parametrize(
    ("live_on", "status"),
    [("2026-03-02", 200), ("2026-03-03", 409), ("2026-03-04", 200), ("2026-03-05", 409), (None, 409)],
)
def test_the_ratings_at_the_end_of_the_day_decide(service: Service, live_on: str | None, status: int):
    """Section 7 is RED at the end of the 3rd, recovers during the 4th, and section 12 is RED from the 5th on."""
    found = statements.issued(service)
    service.clock.set("2026-03-03T12:00:00Z")
    statements.downgrade(service, section=7)
    service.clock.set("2026-03-04T12:00:00Z")
    statements.recover(service, section=7)
    service.clock.set("2026-03-05T09:00:00Z")
    statements.downgrade(service, section=12)
    answer = statements.go_live(service, found, **({"live_on": live_on} if live_on else {}))
    assert answer.status_code == status, answer.text
    if status == 409:
        section = 7 if live_on == "2026-03-03" else 12
        assert answer.json()["code"] == "not-eligible"
        assert f"at the end of that day: {section}." in answer.json()["detail"]
        assert readiness(service)["stage"] == "statement_issued"


def test_a_go_live_and_a_withdrawal_that_are_sent_twice_are_made_once(service: Service):
    found = statements.issued(service)
    for step, body in (("go-live", {"live_on": "2026-03-02"}), ("withdraw", {"reason": "Raised too early"})):
        address, headers = f"/v1/statements/{found['id']}/{step}", {"idempotency-key": step}
        first = service.post(address, body, by=REGION, headers=headers)
        with service.unchanged():
            again = service.post(address, body, by=REGION, headers=headers)
        assert (again.status_code, again.content) == (200, first.content), again.text


def test_a_live_prison_stays_live_whatever_becomes_of_its_statement(service: Service):
    found = statements.issued(service)
    statements.go_live(service, found)
    service.clock.tick()
    statements.downgrade(service)
    assert readiness(service)["stage"] == "live"
    service.clock.tick()
    statements.withdraw(service, found)
    verdict = readiness(service)
    assert (verdict["stage"], verdict["live_on"], verdict["statement"]) == ("live", "2026-03-02", None)
    assert service.get("/v1/dashboard").json()["live"] == 1
    row = next(one for one in service.get("/v1/returns/2026-03?limit=500").json()["items"] if one["code"] == "LWI")
    assert (row["stage"], row["live_on"], row["statement"]) == ("live", "2026-03-02", None)
    statements.recover(service)
    service.clock.tick()
    renewed = statements.sign_all(service, statements.raise_statement(service))
    assert (renewed["status"], renewed["live_on"]) == ("issued", "2026-03-02")
    refused = statements.go_live(service, renewed)
    assert (refused.status_code, refused.json()["code"]) == (409, "already-live")
    assert differences(service.database) == []


def test_the_region_records_the_end_of_a_service_and_it_can_go_live_again(service: Service):
    first = statements.issued(service)
    statements.go_live(service, first)
    service.clock.set("2026-03-09T10:00:00Z")
    answer = statements.end_service(service, ended_on="2026-03-06")
    assert (answer.status_code, answer.json()["live_on"], answer.json()["stage"]) == (200, None, "statement_issued")
    assert answer.headers["etag"] == service.get("/v1/prisons/LWI").headers["etag"]
    verdict = readiness(service)
    assert (verdict["stage"], verdict["live_on"], verdict["updated_at"]) == (
        "statement_issued",
        None,
        "2026-03-09T10:00:00Z",
    )
    assert readiness(service, as_of="2026-03-09T09:59:59Z")["stage"] == "live"
    step, entry = service.get("/v1/audit", params={"prison": "LWI", "limit": "2"}).json()["items"]
    assert (entry["action"], entry["subject"]) == ("prison.service_ended", "/v1/prisons/LWI")
    assert (step["action"], step["subject"]) == ("statement.service_ended", f"/v1/statements/{first['id']}")
    (told,) = service.get("/v1/events", params={"kind": "prison.service_ended"}).json()["items"]
    assert (told["content"]["ended_on"], told["content"]["stage"]) == ("2026-03-06", "statement_issued")
    assert "wing" not in str(told)
    again = statements.end_service(service)
    assert (again.status_code, again.json()["code"]) == (409, "not-live")
    # The statement says so wherever it is read, then and now.
    assert (verdict["statement"]["live_on"], verdict["statement"]["service_ended_on"]) == ("2026-03-02", "2026-03-06")
    assert readiness(service, as_of="2026-03-09T09:59:59Z")["statement"]["service_ended_on"] is None
    assert statements.read(service, first)["service_ended_on"] == "2026-03-06"
    issued = {"serial": verdict["statement"]["serial"], "digest": first["digest"]}
    told = service.post("/v1/statements/verify", issued, by=None).json()
    assert (told["valid"], told["in_effect"], told["service_ended_on"]) == (True, False, "2026-03-06")
    assert told["detail"] == "Valid as issued; the service ended on 6 March 2026."
    live_again = statements.go_live(service, first)
    assert (live_again.status_code, live_again.json()["code"]) == (409, "already-live")
    assert "raise a new statement" in live_again.json()["detail"]
    service.clock.tick()
    second = statements.sign_all(service, statements.raise_statement(service))
    assert (second["status"], second["live_on"]) == ("issued", None)
    service.clock.tick()
    assert statements.go_live(service, second).json()["live_on"] == "2026-03-09"
    assert readiness(service)["stage"] == "live"
    assert readiness(service, as_of="2026-03-08")["live_on"] == "2026-03-02"
    assert differences(service.database) == []


@pytest.mark.parametrize(
    ("by", "body", "status", "code", "pointer"),
    [
        (REGION, {"ended_on": "2026-03-03"}, 422, "invalid-input", "/ended_on"),
        (REGION, {"ended_on": "2026-03-01"}, 422, "invalid-input", "/ended_on"),
        (REGION, {"ended_on": "soon"}, 422, "invalid-input", "/ended_on"),
        (REGION, {"reason": " "}, 422, "invalid-input", "/reason"),
        ("prison:LWI", {}, 403, "role-not-allowed", None),
        ("national", {}, 403, "role-not-allowed", None),
        ("admin", {}, 403, "role-not-allowed", None),
        ("region:london", {}, 403, "out-of-scope", None),
        (None, {}, 401, "unauthenticated", None),
    ],
)
def test_a_refusal_to_end_a_service_says_why(service: Service, by, body, status, code, pointer):
    statements.go_live(service, statements.issued(service))
    if by is not None:
        service.key(by)
    with service.unchanged():
        sent = {"ended_on": "2026-03-02", "reason": "The wing has closed"} | body
        answer = service.post("/v1/prisons/LWI/service-ended", sent, by=by)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert [fault["pointer"] for fault in answer.json().get("errors", [])] == ([pointer] if pointer else [])


@pytest.mark.parametrize("code", ["BXI", "LEI"])
def test_a_prison_that_is_not_live_has_no_service_to_end(stages: Stages, code: str):
    service, _ = stages
    by = service.get(f"/v1/prisons/{code}", by="national").json()["region"]["slug"]
    service.key(f"region:{by}")
    with service.unchanged():
        body = {"ended_on": "2026-03-02", "reason": "x"}
        answer = service.post(f"/v1/prisons/{code}/service-ended", body, by=f"region:{by}")
    assert (answer.status_code, answer.json()["code"]) == (409, "not-live")
