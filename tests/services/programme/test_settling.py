"""A stored verdict is of the rules that serve it, whatever rules were there before and whatever runs beside."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text

from app.queries import judged_by
from app.rules import readiness
from app.services.programme.rebuild import find_outdated, settle_prison
from tests.support import factories
from tests.support.programme.drive import differences, rebuild
from tests.support.service import Service, running, seen_by

LWI = "/v1/prisons/LWI"
MENDED = "This is how it is said now."


@contextmanager
def other_rules() -> Iterator[None]:
    """A version of the service that words a reason in another way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judged_by, "rules_digest", lambda: "f" * 32)

        patch.setattr(readiness, "blocker_reason", lambda *_facts: MENDED)
        yield


def reasons(service: Service) -> set[str]:
    return {one["reason"] for one in service.get(f"{LWI}/readiness").json()["commissioning"]["blockers"]}


def stored_body(service: Service) -> str:
    with service.database.read_engine.connect() as connection:
        body = connection.execute(text("SELECT body FROM stored_verdict WHERE code = 'LWI'")).scalar_one()
    return bytes(body).decode()


def settle(service: Service) -> int:
    outdated = find_outdated(service.database, service.clock())
    for prison_id in outdated:
        settle_prison(service.database, prison_id, service.clock())
    return len(outdated)


def test_a_mended_sentence_is_read_after_a_restart_and_stored_with_its_periods(service: Service):
    service.patch(f"{LWI}/sections/1", factories.rated(1, "AMBER"))
    before = service.get(f"{LWI}/readiness")
    assert MENDED not in before.text
    with other_rules(), running(service.settings, service.clock) as restarted:
        assert reasons(restarted) == {MENDED}
        assert restarted.get(f"{LWI}/readiness").headers["etag"] != before.headers["etag"]
        settle(restarted)
        assert MENDED in stored_body(restarted)
        assert settle(restarted) == 0
        assert differences(restarted.database) == []
        with seen_by(restarted.database.read_engine) as statements:
            assert reasons(restarted) == {MENDED}
        assert not statements
    # And back: who goes back to the version before reads what that one says.
    with running(service.settings, service.clock) as restarted:
        assert restarted.get(f"{LWI}/readiness").content == before.content


def test_a_mended_rule_reaches_dashboards_and_the_past_of_every_prison(service: Service):
    service.patch(f"{LWI}/sections", factories.commissioning_ready())
    asked = "/v1/dashboard"
    assert service.get(asked).json()["commissioning_ready"] == 1
    changed_at = service.clock()
    service.clock.tick()
    with other_rules(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(readiness, "commissioning_blocker", lambda section, rating: None)
        with running(service.settings, service.clock) as restarted:
            settle(restarted)
            now = restarted.get(asked).json()
            past = restarted.get(asked, params={"as_of": changed_at.isoformat()}).json()
            assert now["commissioning_ready"] == past["commissioning_ready"] == now["prisons"]
            then = restarted.get("/v1/prisons/MDI/readiness", params={"as_of": changed_at.isoformat()}).json()
            assert then["commissioning"]["ready"] is True
            assert differences(restarted.database) == []


def test_a_verdict_of_other_rules_is_never_answered_even_before_it_is_settled(service: Service):
    service.patch(f"{LWI}/sections/1", factories.rated(1, "AMBER"))
    right = service.get(f"{LWI}/readiness")
    with service.database.write_engine.begin() as connection:
        wrong = "x'7b7d'" if service.settings.is_embedded else "'{}'"
        connection.exec_driver_sql(f"UPDATE stored_verdict SET judged_by = 'other', body = {wrong} WHERE code = 'LWI'")
    answer = service.get(f"{LWI}/readiness")
    assert (answer.content, answer.headers["etag"]) == (right.content, right.headers["etag"])
    assert settle(service) == 1
    assert stored_body(service) == right.text


def test_a_start_where_nothing_differs_costs_one_statement(service: Service):
    with seen_by(service.database.read_engine, service.database.write_engine) as statements:
        assert find_outdated(service.database, service.clock()) == []
    assert len([statement for statement, _ in statements if statement.startswith("SELECT prison")]) == 1
    assert len(statements) <= 2


def test_evidence_that_grew_stale_is_warned_of_at_once_and_stored_after_midnight(service: Service):
    ask = f"{LWI}/readiness"
    service.patch(f"{LWI}/sections/5", factories.rated(5, evidence=[factories.note(effective_on="2026-01-15")]))
    service.clock.set("2027-02-01T10:00:00Z")
    stale = service.get(ask)
    assert [one["section"] for one in stale.json()["warnings"]] == [5]
    assert settle(service) == 1
    assert differences(service.database, service.clock()) == []
    with seen_by(service.database.read_engine) as statements:
        again = service.get(ask)
    assert not statements
    assert (again.content, again.headers["etag"]) == (stale.content, stale.headers["etag"])
    service.clock.tick()
    service.patch(f"{LWI}/sections/6", factories.rated(6, evidence=[factories.note(effective_on="2025-01-15")]))
    changed = service.get(ask)
    assert [one["section"] for one in changed.json()["warnings"]] == [5, 6]
    assert changed.json()["counts"]["green"] == stale.json()["counts"]["green"] + 1
    service.clock.set("2027-02-02T10:00:00Z")
    assert service.get(ask).json() == changed.json()


def test_a_change_from_before_midnight_that_is_stored_after_warns_of_today(service: Service):
    old = [factories.note(effective_on="2025-03-05")]
    service.patch(f"{LWI}/sections/5", factories.rated(5, evidence=old))
    service.clock.set("2026-03-06T00:00:00.1Z")
    assert [one["section"] for one in service.get(f"{LWI}/readiness").json()["warnings"]] == [5]
    service.clock.set("2026-03-05T23:59:59.99Z")
    service.patch(f"{LWI}/sections/6", {"evidence": old})
    service.clock.set("2026-03-06T00:10:00Z")
    assert [one["section"] for one in service.get(f"{LWI}/readiness").json()["warnings"]] == [5, 6]


def test_a_rebuild_beside_a_service_that_is_written_to_leaves_nothing_wrong(service: Service):
    rebuilt, faults = threading.Event(), []

    def rebuild_again_and_again() -> None:
        try:
            for _ in range(3):
                rebuild(service.database)
        except Exception as fault:
            faults.append(fault)
        finally:
            rebuilt.set()

    beside = threading.Thread(target=rebuild_again_and_again)
    beside.start()
    written = 0
    while not rebuilt.is_set():
        code = ("LWI", "MSI")[written % 2]
        body = {"comment": f"Change {written}"} if written % 5 else {"rating": ("RED", "AMBER")[written % 2]}
        answer = service.patch(f"/v1/prisons/{code}/sections/{written % 35 + 1}", body, by=f"prison:{code}")
        assert answer.status_code in (200, 409), answer.text
        written += answer.status_code == 200
    beside.join()
    assert faults == []
    assert written > 0
    assert differences(service.database) == []
    assert service.get("/v1/dashboard").status_code == 200


@contextmanager
def each_prison_counts(service: Service, times: int) -> Iterator[None]:
    """Every count of the database is so many times as large."""

    counted = re.compile(r"count\(\*\)( FILTER \(WHERE [^()]*(\([^()]*\))?[^()]*\))?")

    def enlarge(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> tuple[str, Any]:
        return counted.sub(rf"(\g<0> * {times})", statement), parameters

    event.listen(service.database.read_engine, "before_cursor_execute", enlarge, retval=True)
    try:
        yield
    finally:
        event.remove(service.database.read_engine, "before_cursor_execute", enlarge)


def test_no_count_grows_too_large(service: Service):
    service.patch(f"{LWI}/sections", factories.go_live_eligible())
    service.clock.set("2026-05-10T09:00:00Z")
    plain = service.get("/v1/dashboard").json()
    with each_prison_counts(service, 2**31):
        large = service.get("/v1/dashboard").json()
    for before, after in zip(plain["trend"][:-1], large["trend"][:-1], strict=True):
        numbers = ("prisons", "commissioning_ready", "eligible", "live")
        assert [after[name] for name in numbers] == [before[name] * 2**31 for name in numbers]
    assert [one["eligible"] for one in plain["trend"]] == [0, 0, 1, 1, 1]
    assert service.get("/v1/returns/2026-04").status_code == 200
