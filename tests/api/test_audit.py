"""The audit trail over HTTP: every change has its entry, shown to those whose business it is."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from app.models import PrisonChange, SectionChange, StatementEvent
from app.rules.access import Caller
from app.rules.audit import digest_of
from app.services.sections import SectionPatch, rate_sections
from app.services.seed import OPERATOR
from tests.support import databases, factories, statements
from tests.support.service import Service, running, service_settings
from tests.support.statements import REGION, ROLES

LWI = "/v1/prisons/LWI"


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def changed_service(
    request: pytest.FixtureRequest, shared_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A service with some changes in its trail, for what only reads it."""
    with (
        databases.fresh_copy(request.param, shared_home) as url,
        running(service_settings(url, data_dir=tmp_path_factory.mktemp("audit"))) as found,
    ):
        several_changes(found)
        yield found


def entries(service: Service, by: str = "admin", **filters: Any) -> list[dict[str, Any]]:
    """What the trail shows, oldest first."""
    answer = service.get("/v1/audit", by=by, params={"limit": 500} | filters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found[::-1]


def appended(service: Service, change: Callable[[], object]) -> list[dict[str, Any]]:
    """The entries that a change appended."""
    last = entries(service, limit=1)[0]["id"]
    change()
    return [one for one in entries(service) if one["id"] > last]


def told(found: list[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    return [(one["chain"], one["actor"]["name"], one["action"], one["subject"]) for one in found]


def done(answer: Any) -> Any:
    assert answer.status_code < 300, answer.text
    return answer.json()


def test_every_kind_of_change_appends_one_entry_for_each_thing_changed(service: Service):
    statements.make_signing_key(service)
    statements.make_signatory_keys(service)
    statements.make_eligible(service)
    service.key("prison:EHI")
    region = service.key(REGION)
    five, ehi = f"{LWI}/sections/5", "/v1/prisons/EHI/sections/7"
    upload: dict[str, Any] = {
        "data": {"title": "Plan"},
        "files": {"file": ("plan.txt", b"Staffing plan", "text/plain")},
    }

    def after(change: Callable[[], object], *expected: tuple[str, str, str, str]) -> None:
        service.clock.tick()
        assert told(appended(service, change)) == list(expected)

    after(lambda: done(service.patch(five, {"comment": "x"})), ("LWI", "prison:LWI", "section.rated", five))
    after(lambda: done(service.patch(five, {"comment": "x"})))
    after(
        lambda: done(service.patch(f"{LWI}/sections", factories.several({7: "GREEN", 8: "GREEN"}))),
        ("LWI", "prison:LWI", "section.rated", f"{LWI}/sections/7"),
        ("LWI", "prison:LWI", "section.rated", f"{LWI}/sections/8"),
    )
    put = {"rationale": "No remands."}
    after(
        lambda: done(service.put(f"{ehi}/exemption", put, by=REGION)),
        ("EHI", REGION, "exemption.recorded", ehi),
    )
    after(lambda: done(service.delete(f"{ehi}/exemption", by=REGION)), ("EHI", REGION, "exemption.ended", ehi))
    kept: dict[str, Any] = {}

    def send() -> None:
        kept.update(done(service.call("POST", f"{five}/evidence", **upload)))

    found = appended(service, send)
    item = f"{LWI}/evidence/{service.get(five).json()['evidence'][-1]['id']}"
    assert told(found) == [("LWI", "prison:LWI", "evidence.added", five), ("LWI", "prison:LWI", "evidence.added", item)]
    after(
        lambda: done(service.post(f"{item}/withdraw", {"reason": "An old one"})),
        ("LWI", "prison:LWI", "evidence.withdrawn", five),
        ("LWI", "prison:LWI", "evidence.withdrawn", item),
    )
    after(
        lambda: done(service.patch(LWI, {"county": "Sussex"}, by="admin")),
        ("LWI", "Administrator", "prison.corrected", LWI),
    )
    after(
        lambda: done(service.post("/v1/prisons", factories.prison("ZZA"), by="admin")),
        ("ZZA", "Administrator", "prison.registered", "/v1/prisons/ZZA"),
    )
    made: dict[str, Any] = {}
    body = {"name": "Clerk", "role": "national"}
    found = appended(service, lambda: made.update(done(service.post("/v1/keys", body, by="admin"))))
    path = f"/v1/keys/{made['details']['id']}"
    assert told(found) == [("service", "Administrator", "key.created", path)]
    assert region not in json.dumps(found)
    assert made["key"] not in json.dumps(found)
    after(lambda: done(service.post(f"{path}/revoke", by="admin")), ("service", "Administrator", "key.revoked", path))
    after(lambda: done(service.post(f"{path}/revoke", by="admin")))
    after(
        lambda: statements.load_stricter_toolkit(service, 7),
        ("service", OPERATOR.name, "toolkit.loaded", "/v1/toolkits/2026-stricter"),
    )
    (rotated,) = appended(service, lambda: made.update(kid=statements.rotate_signing_key(service)))
    assert told([rotated]) == [
        ("service", OPERATOR.name, "signing-key.adopted", f"/.well-known/jwks.json#{made['kid']}")
    ]
    assert done(service.get("/v1/audit/verify", by="admin"))["intact"] is True


def test_every_step_of_a_statement_appends_one_entry_by_who_took_it(service: Service):
    statements.make_signing_key(service)
    statements.make_signatory_keys(service)
    statements.make_eligible(service)
    made: list[dict[str, Any]] = []

    def steps(change: Callable[[], object]) -> list[tuple[str, str, int]]:
        """Action and actor of each entry on a statement, and which statement."""
        service.clock.tick()
        found = appended(service, change)
        assert {one["chain"] for one in found} == {"LWI"}
        subjects = [f"/v1/statements/{one['id']}" for one in made]
        return [
            (one["action"], one["actor"]["name"], subjects.index(one["subject"]))
            for one in found
            if one["action"].startswith("statement.")
        ]

    def raise_one() -> None:
        made.append(statements.raise_statement(service))

    assert steps(raise_one) == [("statement.raised", "prison:LWI", 0)]
    for role in ROLES[:6]:
        by = f"signatory:LWI:{role}"
        assert steps(partial(statements.sign, service, made[0], role)) == [("statement.signed", by, 0)]
    by = f"signatory:LWI:{ROLES[6]}"
    assert steps(lambda: statements.sign(service, made[0], ROLES[6])) == [
        ("statement.signed", by, 0),
        ("statement.issued", by, 0),
    ]
    assert steps(lambda: statements.downgrade(service)) == [("statement.breached", "prison:LWI", 0)]
    assert steps(lambda: statements.recover(service)) == [("statement.recovered", "prison:LWI", 0)]
    assert steps(lambda: statements.go_live(service, made[0])) == [("statement.live", REGION, 0)]
    assert steps(raise_one) == [("statement.raised", "prison:LWI", 1)]
    statements.sign_all(service, made[1], ROLES[:6])
    assert steps(lambda: statements.sign(service, made[1], ROLES[6])) == [
        ("statement.signed", by, 1),
        ("statement.superseded", by, 0),
        ("statement.issued", by, 1),
    ]
    assert steps(lambda: statements.withdraw(service, made[1])) == [("statement.withdrawn", REGION, 1)]
    assert steps(raise_one) == [("statement.raised", "prison:LWI", 2)]
    assert steps(lambda: statements.downgrade(service)) == [("statement.lapsed", "prison:LWI", 2)]


def test_an_entry_has_its_request_its_moment_and_the_digests_of_the_state_before_and_after(service: Service):
    service.patch(f"{LWI}/sections/5", {"rating": "AMBER"})
    service.clock.set("2026-05-01T08:30:00Z")
    answer = service.patch(f"{LWI}/sections/5", {"comment": "Nearly there"}, headers={"x-request-id": "req-42"})
    found = entries(service)[-1]
    assert (found["at"], found["request_id"]) == ("2026-05-01T08:30:00Z", answer.headers["x-request-id"])
    assert found["request_id"]
    assert (found["actor"]["name"], found["actor"]["role"]) == ("prison:LWI", "prison")
    with service.database.reading() as session:
        states = session.scalars(
            select(col(SectionChange.state)).where(col(SectionChange.number) == 5).order_by(col(SectionChange.version))
        ).all()
    assert (found["before_digest"], found["after_digest"]) == (digest_of(states[0]), digest_of(states[1]))
    assert entries(service)[-2]["after_digest"] == found["before_digest"]


def test_prisons_and_statements_are_digested_as_their_histories_have_them(service: Service):
    service.patch(LWI, {"county": "Sussex"}, by="admin")
    statements.make_eligible(service)
    found = statements.raise_statement(service)
    statements.withdraw(service, found, "Too early")
    raised, withdrawn = entries(service)[-2:]
    corrected = entries(service, action="prison.corrected")[-1]
    with service.database.reading() as session:
        prison_states = [
            one
            for one in session.scalars(select(col(PrisonChange.state)).order_by(col(PrisonChange.version)))
            if one["code"] == "LWI"
        ]
        steps = session.scalars(select(col(StatementEvent.state)).order_by(col(StatementEvent.id))).all()
    assert [corrected["before_digest"], corrected["after_digest"]] == [digest_of(one) for one in prison_states]
    assert (raised["before_digest"], raised["after_digest"]) == (None, digest_of(steps[0] | {"reason": None}))
    assert withdrawn["before_digest"] == digest_of(steps[0])
    assert withdrawn["after_digest"] == digest_of(steps[1] | {"reason": "Too early"})


def test_each_entry_is_chained_to_the_one_before_it_in_its_chain(service: Service):
    for number in (4, 5, 6):
        service.patch(f"{LWI}/sections/{number}", {"rating": "AMBER"})
    found = entries(service, prison="LWI")
    assert [one["seq"] for one in found] == [1, 2, 3, 4]
    assert found[0]["previous_hash"] == "0" * 64
    assert [one["previous_hash"] for one in found[1:]] == [one["hash"] for one in found[:-1]]


# Filters and scope


def several_changes(service: Service) -> None:
    """A change at LWI on 1 May and 2 May, at MSI on 2 May in the evening, at BXI on 3 May; London is an hour ahead."""
    for moment, code in (
        ("2026-05-01T12:00:00Z", "LWI"),
        ("2026-05-01T23:30:00Z", "LWI"),
        ("2026-05-02T20:00:00Z", "MSI"),
        ("2026-05-02T23:00:00Z", "BXI"),
    ):
        service.key(f"prison:{code}")
        service.clock.set(moment)
        done(service.patch(f"/v1/prisons/{code}/sections/5", {"comment": moment}, by=f"prison:{code}"))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["LWI", "LWI", "MSI", "BXI"]),
        ({"prison": "LWI"}, ["LWI", "LWI"]),
        ({"prison": "lwi"}, ["LWI", "LWI"]),
        ({"prison": "ZZZ"}, []),
        ({"prison": "service"}, []),
        ({"actor": "prison:MSI"}, ["MSI"]),
        ({"actor": "prison"}, []),
        ({"since": "2026-05-02"}, ["LWI", "MSI", "BXI"]),
        ({"since": "2026-05-03"}, ["BXI"]),
        ({"since": "2026-05-02T20:00:00Z"}, ["MSI", "BXI"]),
        ({"since": "2026-05-02T20:00:00.000001Z"}, ["BXI"]),
        ({"until": "2026-05-01"}, ["LWI"]),
        ({"until": "2026-05-02"}, ["LWI", "LWI", "MSI"]),
        ({"until": "2026-05-02T20:00:00Z"}, ["LWI", "LWI", "MSI"]),
        ({"since": "2026-05-02", "until": "2026-05-02"}, ["LWI", "MSI"]),
        ({"since": "2026-05-02", "prison": "LWI"}, ["LWI"]),
        ({"since": "2026-05-04"}, []),
        ({"action": "section.commented"}, []),
    ],
)
def test_the_trail_is_filtered_by_prison_actor_action_and_time(
    changed_service: Service, filters: dict[str, str], expected: list[str]
):
    found = entries(changed_service, **{"action": "section.rated"} | filters)
    assert [one["chain"] for one in found] == expected


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("admin", {"LWI", "MSI", "BXI"}),
        ("national", {"LWI", "MSI", "BXI"}),
        (REGION, {"LWI", "MSI"}),
        ("region:london", {"BXI"}),
        ("prison:LWI", {"LWI"}),
        ("prison:MSI", {"MSI"}),
    ],
)
def test_everyone_sees_the_chains_of_their_scope_alone(changed_service: Service, by: str, expected: set[str]):
    assert {one["chain"] for one in entries(changed_service, by, action="section.rated")} == expected
    for code in ("LWI", "MSI", "BXI"):
        answer = changed_service.get(f"/v1/audit?action=section.rated&prison={code}", by=by)
        assert answer.status_code == (200 if code in expected else 403)
        assert {one["chain"] for one in answer.json().get("items", [])} == expected & {code}
    status = changed_service.get("/v1/audit?prison=service", by=by).status_code
    assert status == (200 if by in ("admin", "national") else 403)


def test_an_actor_is_found_by_its_id_too(changed_service: Service):
    (one,) = entries(changed_service, actor="prison:MSI")
    assert entries(changed_service, actor=one["actor"]["id"]) == [one]


@pytest.mark.parametrize(
    ("path", "by", "status"),
    [
        ("/v1/audit", None, 401),
        ("/v1/audit", "signatory:LWI:governor", 403),
        ("/v1/audit/verify", None, 401),
        ("/v1/audit/verify", "signatory:LWI:governor", 403),
        ("/v1/audit/verify", "prison:LWI", 403),
        ("/v1/audit/verify", REGION, 200),
        ("/v1/audit/verify", "national", 200),
        ("/v1/audit/verify", "admin", 200),
    ],
)
def test_who_may_read_and_verify(changed_service: Service, path: str, by: str | None, status: int):
    assert changed_service.get(path, by=by).status_code == status


@pytest.mark.parametrize(
    ("query", "pointer"),
    [("since=soon", "?since"), ("until=2026-05-01T10:00:00", "?until"), ("limit=0", "?limit"), ("cursor=x", "?cursor")],
)
def test_a_malformed_filter_is_refused_with_its_name(changed_service: Service, query: str, pointer: str):
    answer = changed_service.get(f"/v1/audit?{query}", by="admin")
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, [pointer])


def test_pages_cover_every_entry_once_newest_first(changed_service: Service):
    everything = [one["id"] for one in entries(changed_service)][::-1]
    found, answer = [], changed_service.get("/v1/audit?limit=40", by="national")
    while True:
        found += [one["id"] for one in answer.json()["items"]]
        if "next" not in answer.links:
            break
        answer = changed_service.get(answer.links["next"]["url"], by="national")
    assert found == everything == sorted(everything, reverse=True)
    assert len(found) > 140


def test_a_page_is_not_moved_by_what_is_appended_meanwhile(service: Service):
    several_changes(service)
    first = service.get("/v1/audit?limit=2", by="admin").json()
    service.patch(f"{LWI}/sections/6", {"rating": "AMBER"})
    second = service.get(f"/v1/audit?limit=2&cursor={first['next_cursor']}", by="admin").json()
    assert [one["chain"] for one in first["items"] + second["items"]][:3] == ["BXI", "service", "MSI"]
    assert not {one["id"] for one in first["items"]} & {one["id"] for one in second["items"]}


# Writers


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_writer_does_not_wait_for_the_writer_of_another_prison(service: Service):
    """One prison's chain is locked for as long as its transaction lasts; the others go on, and so do keys."""
    held = service.database.write_session()
    caller = Caller(OPERATOR, service.clock())
    try:
        rate_sections(held, "LWI", [SectionPatch(5, {"comment": "Under way"})], caller=caller)
        assert service.patch("/v1/prisons/MSI/sections/5", {"comment": "Meanwhile"}, by="prison:MSI").status_code == 200
        statements.make_signing_key(service)
        statements.make_eligible(service, "MSI")
        statements.sign_all(service, statements.raise_statement(service, "MSI"))
    finally:
        held.close()
    assert [one["subject"] for one in entries(service, prison="LWI")] == [LWI]
    assert done(service.get("/v1/audit/verify", by="admin"))["intact"] is True
