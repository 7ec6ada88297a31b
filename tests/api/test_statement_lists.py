"""`GET /v1/statements`: the statements of all prisons, as far as the caller's scope goes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import statements
from tests.support.service import Service
from tests.support.statements import REGION

Stages = tuple[Service, dict[str, dict[str, Any]]]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def stages(
    request: pytest.FixtureRequest, shared_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stages]:
    """LWI is issued, MSI raised, FDI has lapsed, EHI was withdrawn; nothing changes here."""
    with statements.every_stage(request.param, shared_home, tmp_path_factory.mktemp("lists")) as found:
        yield found


def listed(service: Service, by: str = "national", **params: str) -> list[str]:
    answer = service.get("/v1/statements", by=by, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.json()["next_cursor"] is None
    return sorted(one["prison"] for one in answer.json()["items"])


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["EHI", "FDI", "MSI", "LWI"]),
        ({"prison": "lwi"}, ["LWI"]),
        ({"region": "south-east"}, ["EHI", "FDI", "MSI", "LWI"]),
        ({"region": "london"}, []),
        ({"region": "South East", "status": "issued"}, ["LWI"]),
        ({"status": "lapsed"}, ["FDI"]),
        ({"status": "superseded"}, []),
        ({"standing": "in_force"}, ["LWI"]),
        ({"standing": "in_breach"}, []),
        ({"awaiting": "idts_lead"}, ["MSI"]),
        ({"awaiting": "governor"}, []),
        ({"awaiting": "IDTS_lead"}, ["MSI"]),
        ({"date_passed": "true"}, []),
        ({"date_passed": "false", "prison": "MSI"}, ["MSI"]),
    ],
)
def test_each_filter_narrows_the_list(stages: Stages, params: dict[str, str], expected: list[str]):
    service, _ = stages
    assert listed(service, **params) == sorted(expected)


def test_the_list_has_whole_statements_newest_first_page_by_page(stages: Stages):
    service, found = stages
    answer = service.get("/v1/statements", by="national", params={"limit": "1"})
    seen = answer.json()["items"]
    while "next" in answer.links:
        answer = service.get(answer.links["next"]["url"], by="national")
        seen += answer.json()["items"]
    assert [one["raised_at"] for one in seen] == sorted((one["raised_at"] for one in seen), reverse=True)
    assert {one["prison"]: one for one in seen} == found


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("admin", {"EHI", "FDI", "MSI", "LWI"}),
        (REGION, {"EHI", "FDI", "MSI", "LWI"}),
        ("region:london", set()),
        ("prison:LWI", {"LWI"}),
        ("signatory:MSI:governor", {"MSI"}),
        ("prison:BXI", set()),
    ],
)
def test_callers_see_what_lies_in_their_scope(stages: Stages, by: str, expected: set[str]):
    service, _ = stages
    assert set(listed(service, by)) == expected


@pytest.mark.parametrize(
    ("by", "params", "status", "code"),
    [
        ("prison:LWI", {"prison": "MSI"}, 403, "out-of-scope"),
        ("region:london", {"prison": "MSI"}, 403, "out-of-scope"),
        ("region:london", {"region": "south-east"}, 403, "out-of-scope"),
        ("national", {"prison": "ZZZ"}, 404, "not-found"),
        ("national", {"region": "narnia"}, 422, "invalid-input"),
        ("national", {"status": "open"}, 422, "invalid-input"),
        ("national", {"awaiting": "king"}, 422, "invalid-input"),
        ("national", {"regoin": "london"}, 422, "invalid-input"),
        (None, {}, 401, "unauthenticated"),
    ],
)
def test_what_cannot_be_listed_is_refused_and_not_empty(stages: Stages, by, params, status, code):
    service, _ = stages
    answer = service.get("/v1/statements", by=by, params=params)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_a_role_that_nobody_signs_as_is_told_the_roles(stages: Stages):
    service, _ = stages
    detail = service.get("/v1/statements", by="national", params={"awaiting": "king"}).json()["detail"]
    assert detail.startswith("Correct ?awaiting: give one of the roles governor, ")
    assert "idts_lead" in detail


def test_breaches_and_passed_dates_are_found(service: Service):
    issued = statements.issued(service)
    statements.raised(service, "MSI")
    statements.downgrade(service)
    assert (listed(service, standing="in_breach"), listed(service, standing="in_force")) == (["LWI"], [])
    statements.recover(service)
    service.clock.set("2026-12-01T10:00:00Z")
    assert listed(service, date_passed="true") == []
    service.clock.set("2026-12-02T10:00:00Z")
    assert listed(service, date_passed="true") == ["LWI", "MSI"]
    statements.go_live(service, issued)
    assert listed(service, date_passed="true") == ["MSI"]
    assert listed(service, date_passed="false") == ["LWI"]
