"""The planned go-live date: moved with a reason, and nothing is issued past it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import statements
from tests.support.service import Service
from tests.support.statements import REGION, ROLES, readiness, sign, sign_all

Stages = tuple[Service, dict[str, dict[str, Any]]]
LATER = {"go_live_date": "2026-12-24", "reason": "Two nurses start in December", "cause": "staffing"}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def stages(
    request: pytest.FixtureRequest, shared_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stages]:
    """A statement at each step of its life, for what is refused: nothing may change here."""
    with statements.every_stage(request.param, shared_home, tmp_path_factory.mktemp("dates")) as found:
        yield found


def moved(service: Service, statement: dict[str, Any], by: str = "prison:LWI", **more: Any) -> dict[str, Any]:
    answer = service.post(f"/v1/statements/{statement['id']}/go-live-date", LATER | more, by=by)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("by", ["prison:LWI", REGION])
def test_a_moved_date_stands_beside_the_one_that_is_attested(service: Service, by: str):
    found = statements.raised(service)
    service.clock.tick()
    after = moved(service, found, by)
    assert (after["go_live_date"], after["attested_go_live_date"]) == ("2026-12-24", "2026-12-01")
    told = {"moved_from": "2026-12-01", "moved_to": "2026-12-24", "by": by, "at": "2026-03-02T09:01:00Z"}
    assert after["date_moves"] == [told | {"reason": LATER["reason"], "cause": "staffing"}]
    assert (after["digest"], after["status"]) == (found["digest"], "raised")
    payload = service.get(f"/v1/statements/{found['id']}/payload").json()
    assert payload["go_live_date"] == "2026-12-01"
    verdict = readiness(service)
    assert verdict["updated_at"] == "2026-03-02T09:01:00Z"
    assert verdict["statement"]["go_live_date"] == "2026-12-24"
    assert verdict["statement"]["attested_go_live_date"] == "2026-12-01"
    assert readiness(service, as_of="2026-03-02T09:00:30Z")["statement"]["go_live_date"] == "2026-12-01"
    service.clock.tick()
    back = moved(service, after, go_live_date="2026-12-01", cause=None)
    assert [(one["moved_to"], one["cause"]) for one in back["date_moves"]] == [
        ("2026-12-24", "staffing"),
        ("2026-12-01", None),
    ]


def test_an_issued_statement_is_checked_with_both_dates_and_printed_with_both(service: Service):
    found = statements.issued(service)
    before = service.get(f"/v1/statements/{found['id']}/document.pdf").content
    after = moved(service, found)
    assert (after["status"], after["standing"], after["serial"]) == ("issued", "in_force", found["serial"])
    checked = {"serial": found["serial"], "digest": found["digest"]}
    told = service.post("/v1/statements/verify", checked, by=None).json()
    assert (told["valid"], told["go_live_date"], told["attested_go_live_date"]) == (True, "2026-12-24", "2026-12-01")
    assert service.get(f"/v1/statements/{found['id']}/document.pdf").content != before


def test_the_dashboard_lists_the_moved_date(service: Service):
    service.clock.set("2026-11-02T09:00:00Z")
    moved(service, statements.raised(service))
    dates = service.get("/v1/regions/south-east/dashboard").json()["go_live_dates"]["items"]
    assert [(one["code"], one["go_live_date"]) for one in dates] == [("LWI", "2026-12-24")]


def test_the_last_signature_waits_until_a_passed_date_is_moved(service: Service):
    found = sign_all(service, statements.raised(service), ROLES[:5])
    service.clock.set("2026-12-02T00:00:01Z")
    assert sign(service, found, ROLES[5]).status_code == 200
    with service.unchanged():
        refused = sign(service, found, ROLES[6])
    assert (refused.status_code, refused.json()["code"]) == (409, "go-live-date-passed")
    assert f"/v1/statements/{found['id']}/go-live-date" in refused.json()["detail"]
    moved(service, found, go_live_date="2026-12-02")
    assert sign(service, found, ROLES[6]).json()["status"] == "issued"


@pytest.mark.parametrize(
    ("prison", "by", "body", "status", "code", "pointers"),
    [
        # Yesterday, in London.
        ("MSI", REGION, LATER | {"go_live_date": "2026-03-01"}, 422, "invalid-input", ["/go_live_date"]),
        ("MSI", REGION, LATER | {"go_live_date": "2026-12-01"}, 422, "invalid-input", ["/go_live_date"]),
        ("MSI", REGION, LATER | {"go_live_date": "soon"}, 422, "invalid-input", ["/go_live_date"]),
        ("MSI", REGION, LATER | {"cause": "weather"}, 422, "invalid-input", ["/cause"]),
        ("MSI", REGION, LATER | {"reason": " "}, 422, "invalid-input", ["/reason"]),
        ("MSI", REGION, {"go_live_date": "2026-12-24"}, 422, "invalid-input", ["/reason"]),
        ("FDI", REGION, LATER, 409, "statement-not-open", []),
        ("EHI", REGION, LATER, 409, "statement-not-open", []),
        ("MSI", "prison:LWI", LATER, 404, "not-found", []),
        ("MSI", "region:london", LATER, 404, "not-found", []),
        ("MSI", "national", LATER, 403, "role-not-allowed", []),
        ("MSI", None, LATER, 401, "unauthenticated", []),
    ],
)
def test_a_refusal_to_move_a_date_says_why(stages: Stages, prison, by, body, status, code, pointers):
    service, found = stages
    with service.unchanged():
        answer = service.post(f"/v1/statements/{found[prison]['id']}/go-live-date", body, by=by)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert [fault["pointer"] for fault in answer.json().get("errors", [])] == pointers


def test_once_live_the_planned_date_stays(service: Service):
    found = statements.issued(service)
    statements.go_live(service, found)
    with service.unchanged():
        answer = service.post(f"/v1/statements/{found['id']}/go-live-date", LATER)
    assert (answer.status_code, answer.json()["code"]) == (409, "already-live")
