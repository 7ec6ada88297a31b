"""A statement attests the moment of raising: what has moved since then is told beside it, and refuses nothing."""

from typing import Any

from tests.support import factories, statements
from tests.support.service import Service, max_statements

REGION = "region:south-east"
LWI = "/v1/prisons/LWI"


def told(found: dict[str, Any]) -> list[tuple[str, int | None]]:
    kinds = {"fallen_since_raised", "exemption_ended", "challenge_open", "toolkit_moved"}
    return [(one["kind"], one["section"]) for one in found["warnings"] if one["kind"] in kinds]


def raised_with_green_seven(service: Service) -> dict[str, Any]:
    statements.make_signing_key(service)
    statements.make_eligible(service)
    assert service.patch(f"{LWI}/sections/7", factories.rated(7, "GREEN")).status_code == 200
    return statements.raise_statement(service)


def test_a_rating_that_fell_and_a_challenge_are_told_to_each_who_signs_or_reads(service: Service):
    found = raised_with_green_seven(service)
    assert told(found) == []
    service.patch(f"{LWI}/sections/7", {"rating": "AMBER"})
    service.post(f"{LWI}/sections/5/reviews", {"kind": "challenged", "text": "Which risks?"}, by=REGION)
    expected = [("challenge_open", 5), ("fallen_since_raised", 7)]
    read = statements.read(service, found)
    assert told(read) == expected
    assert "Section 7, GREEN when the statement was raised, is AMBER now." in [
        one["detail"] for one in read["warnings"]
    ]
    issued = statements.sign_all(service, found)
    assert (issued["status"], told(issued)) == ("issued", expected)
    (listed,) = service.get("/v1/statements", by=REGION).json()["items"]
    assert told(listed) == expected
    service.patch(f"{LWI}/sections/7", {"rating": "GREEN"})
    assert told(statements.read(service, found)) == [("challenge_open", 5)]
    live = statements.go_live(service, found)
    assert (live.status_code, told(live.json())) == (200, [])


def test_an_exemption_that_ended_is_told(service: Service):
    statements.make_signing_key(service)
    service.put("/v1/prisons/EHI/sections/7/exemption", {"rationale": "No remands."}, by=REGION)
    statements.make_eligible(service, "EHI")
    found = statements.raise_statement(service, "EHI")
    assert told(found) == []
    assert service.delete("/v1/prisons/EHI/sections/7/exemption", by=REGION).status_code == 200
    assert told(statements.read(service, found)) == [("exemption_ended", 7)]


def test_a_toolkit_that_moved_on_is_told(service: Service):
    statements.load_stricter_toolkit(service, section=7)
    found = raised_with_green_seven(service)
    assert service.patch(LWI, {"toolkit_version": "2026-stricter"}, by=REGION).status_code == 200
    read = statements.read(service, found)
    assert (read["status"], told(read)) == ("raised", [("toolkit_moved", None)])


def test_a_list_takes_as_many_questions_for_one_statement_as_for_two(service: Service):
    statements.issued(service)
    with max_statements(service, 99) as one:
        service.get("/v1/statements", by=REGION)
    statements.issued(service, "MSI")
    with max_statements(service, len(one)):
        assert len(service.get("/v1/statements", by=REGION).json()["items"]) == 2
