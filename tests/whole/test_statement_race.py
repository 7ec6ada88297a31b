"""Two worker processes on one PostgreSQL: what happens at the same moment happens in one order, and nothing is lost."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx2
import pytest

from tests.support import databases, statements
from tests.support.processes import free_port, serving
from tests.support.service import ADMIN_KEY, Service, TrueClock, running, service_settings
from tests.support.statements import REGION, ROLES, raising

pytestmark = pytest.mark.postgres

# A prison of its own for each round of each race, so that each begins from nothing.
ROUNDS = range(4)
PRISONS = ("LWI", "MSI", "FDI", "EHI")
Answer = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Workers:
    """The servers' address, and the same database in this process for what comes before and after a race."""

    url: str
    service: Service

    def at_once(self, calls: Sequence[tuple[str, str, str, Any]]) -> list[Answer]:
        """The answers to calls (method, path, whose key, body) let go together, each over its own connection."""
        together = Barrier(len(calls))

        def call(method: str, path: str, by: str, body: Any) -> Answer:
            headers = {"authorization": f"Bearer {self.service.key(by)}"}
            with httpx2.Client(base_url=self.url, headers=headers, timeout=60) as client:
                client.get("/health/ping")
                together.wait()
                answer = client.request(method, path, json=body)
                return answer.status_code, answer.json()

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(lambda one: call(*one), calls))

    def steps(self, statement: dict[str, Any]) -> list[str]:
        """What the audit trail says of a statement, in order."""
        answer = self.service.get("/v1/audit", by="admin", params={"prison": statement["prison"], "limit": 500})
        subject = f"/v1/statements/{statement['id']}"
        return [one["action"] for one in answer.json()["items"][::-1] if one["subject"] == subject]


@pytest.fixture(scope="module")
def workers(shared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    data = tmp_path_factory.mktemp("race")
    with (
        databases.fresh_copy("postgresql", shared_home) as url,
        running(service_settings(url, data_dir=data), TrueClock()) as service,
    ):
        statements.make_signing_key(service)
        for code in PRISONS:
            service.key(f"prison:{code}")
            statements.make_signatory_keys(service, code)
            statements.make_eligible(service, code)
        port = free_port()
        settings = {"DATABASE_URL": url, "DATA_DIR": str(data), "ADMIN_KEY": ADMIN_KEY, "WORKERS": "2"}
        with serving({f"IDTS_{name}": value for name, value in settings.items()}, port):
            yield Workers(f"http://127.0.0.1:{port}", service)
        trail = service.get("/v1/audit/verify", by="admin").json()
        assert (trail["intact"], trail["faults"]) == (True, [])


@pytest.fixture
def prisons(workers: Workers) -> Iterator[Callable[[int], str]]:
    """The prison of a round: eligible, with nothing open when the test begins and none when it has ended."""
    yield lambda place: PRISONS[place]
    for code in PRISONS:
        statements.recover(workers.service, code)
        for one in workers.service.get(f"/v1/prisons/{code}/statements", by=REGION).json()["items"]:
            if one["status"] in ("raised", "issued"):
                assert statements.withdraw(workers.service, one).status_code == 200


def signing(statement: dict[str, Any], role: str) -> tuple[str, str, str, Any]:
    by = f"signatory:{statement['prison']}:{role}"
    return "POST", f"/v1/statements/{statement['id']}/signatures", by, statements.signature(statement, role)


def signed(statement: dict[str, Any]) -> set[str]:
    return {one["role"] for one in statement["signatories"] if one["signed_at"]}


@pytest.mark.parametrize("place", ROUNDS)
def test_of_many_raises_at_once_one_is_taken(workers: Workers, prisons: Callable[[int], str], place: int):
    code = prisons(place)
    path, body = f"/v1/prisons/{code}/statements", raising(go_live_date="2099-01-01")
    answers = workers.at_once([("POST", path, by, body) for by in (f"prison:{code}", REGION) * 4])
    assert Counter(status for status, _ in answers) == {201: 1, 409: 7}
    assert {body["code"] for status, body in answers if status == 409} == {"statement-already-open"}
    listed = workers.service.get(path, by=REGION).json()["items"]
    assert [one["status"] for one in listed].count("raised") == 1


@pytest.mark.parametrize("place", ROUNDS)
def test_seven_signatures_at_once_are_all_kept_and_issue_once(
    workers: Workers, prisons: Callable[[int], str], place: int
):
    one = statements.raise_statement(workers.service, prisons(place), by=REGION)
    answers = workers.at_once([signing(one, role) for role in ROLES * 2])
    for role, first, second in zip(ROLES, answers[:7], answers[7:], strict=True):
        assert sorted((first[0], second[0])) == [200, 409], (role, first, second)
        (refused,) = [body["code"] for status, body in (first, second) if status == 409]
        assert refused in ("already-signed", "statement-not-open")
    taken = [body for status, body in answers if status == 200]
    assert Counter(body["status"] for body in taken) == {"raised": 6, "issued": 1}
    assert sorted(len(signed(body)) for body in taken) == [1, 2, 3, 4, 5, 6, 7]
    after = statements.read(workers.service, one, by=REGION)
    assert (after["status"], signed(after)) == ("issued", set(ROLES))
    assert workers.steps(one) == ["statement.raised", *["statement.signed"] * 7, "statement.issued"]
    listed = workers.service.get(f"/v1/prisons/{one['prison']}/statements", by=REGION).json()["items"]
    serials = [each["serial"] for each in listed if each["serial"]]
    assert len(set(serials)) == len(serials)


@pytest.mark.parametrize("place", ROUNDS)
def test_the_last_signature_and_a_downgrade_happen_one_after_the_other(
    workers: Workers, prisons: Callable[[int], str], place: int
):
    code = prisons(place)
    one = statements.sign_all(workers.service, statements.raise_statement(workers.service, code, by=REGION), ROLES[:6])
    fall = ("PATCH", f"/v1/prisons/{code}/sections/5", f"prison:{code}", {"rating": "RED", "accept_lapse": True})
    calls = [fall, signing(one, ROLES[6])]
    answers = workers.at_once(calls if place % 2 else calls[::-1])
    (fallen, _), (status, body) = answers if place % 2 else answers[::-1]
    after = statements.read(workers.service, one, by=REGION)
    assert fallen == 200
    if status == 200:
        assert (body["status"], body["standing"]) == ("issued", "in_force")
        assert (after["status"], after["standing"], after["breached_sections"]) == ("issued", "in_breach", [5])
        assert workers.steps(one)[-3:] == ["statement.signed", "statement.issued", "statement.breached"]
        assert signed(after) == set(ROLES)
    else:
        assert (status, body["code"]) == (409, "statement-not-open")
        assert (after["status"], after["serial"], signed(after)) == ("lapsed", None, set(ROLES[:6]))
        assert workers.steps(one)[-1] == "statement.lapsed"


@pytest.mark.parametrize("place", ROUNDS)
def test_the_last_signature_and_a_withdrawal_happen_one_after_the_other(
    workers: Workers, prisons: Callable[[int], str], place: int
):
    code = prisons(place)
    one = statements.sign_all(workers.service, statements.raise_statement(workers.service, code, by=REGION), ROLES[:6])
    end = ("POST", f"/v1/statements/{one['id']}/withdraw", REGION, {"reason": "At the same moment"})
    calls = [end, signing(one, ROLES[6])]
    answers = workers.at_once(calls if place % 2 else calls[::-1])
    (withdrawn, _), (status, body) = answers if place % 2 else answers[::-1]
    after = statements.read(workers.service, one, by=REGION)
    assert (withdrawn, after["status"]) == (200, "withdrawn")
    if status == 200:
        assert body["status"] == "issued"
        assert (after["serial"], signed(after)) == (body["serial"], set(ROLES))
        assert workers.steps(one)[-3:] == ["statement.signed", "statement.issued", "statement.withdrawn"]
    else:
        assert (status, body["code"]) == (409, "statement-not-open")
        assert (after["serial"], signed(after)) == (None, set(ROLES[:6]))
        assert "statement.issued" not in workers.steps(one)


def test_renewals_at_several_prisons_at_once_leave_one_issued_statement_each(
    workers: Workers, prisons: Callable[[int], str]
):
    calls, codes = [], [prisons(place) for place in ROUNDS]
    for code in codes:
        old = statements.sign_all(workers.service, statements.raise_statement(workers.service, code, by=REGION))
        assert old["status"] == "issued"
        new = statements.raise_statement(workers.service, code, by=REGION)
        calls += [signing(new, role) for role in ROLES]
    answers = workers.at_once(calls)
    assert {status for status, _ in answers} == {200}
    for code in codes:
        listed = workers.service.get(f"/v1/prisons/{code}/statements", by=REGION).json()["items"]
        assert [one["status"] for one in listed[:2]] == ["issued", "superseded"]
        assert listed[1]["superseded_by"] == listed[0]["id"]
