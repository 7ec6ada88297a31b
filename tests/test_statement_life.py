"""Random lives of statements, each step against a plain model of the contract's rules 6 and 7."""

import itertools
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as limits
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests import databases, factories, statements
from tests.conftest import SERVER_HOME
from tests.service import Service, running, service_settings
from tests.statements import REGION, ROLES

SECTIONS = st.sampled_from([5, 7, 30])
# Which of a prison's statements a step is about: mostly the newest one.
WHICH = st.sampled_from([-1, -1, -1, -2, 0])
FAR = "2099-01-01"
OPEN = ("raised", "issued")


def problem(answer: Any) -> str | None:
    """The code of a refusal; None where the step was taken."""
    return None if answer.status_code < 300 else answer.json()["code"]


class StatementLife(RuleBasedStateMachine):
    """One prison an example, registered for it; `service` is shared by all of them."""

    service: Service
    codes: Iterator[str] = iter(())

    def __init__(self) -> None:
        super().__init__()
        self.code = ""
        self.below: set[int] = set()
        self.known: list[dict[str, Any]] = []
        self.serials: list[str] = []

    @initialize()
    def an_eligible_prison(self) -> None:
        self.code = next(self.codes)
        answer = self.service.post("/v1/prisons", factories.prison(self.code), by="admin")
        assert answer.status_code == 201, answer.text
        statements.make_signatory_keys(self.service, self.code)
        statements.make_eligible(self.service, self.code)

    def path(self, one: dict[str, Any], rest: str) -> str:
        return f"/v1/statements/{one['id']}{rest}"

    def having(self, status: str) -> list[dict[str, Any]]:
        return [one for one in self.known if one["status"] == status]

    @rule(days=st.sampled_from([0, 1, 200]))
    def time_passes(self, days: int) -> None:
        self.service.clock.now += timedelta(days=days, minutes=1)

    @rule(by=st.sampled_from(["prison", "region"]))
    def raise_one(self, by: str) -> None:
        key = REGION if by == "region" else f"prison:{self.code}"
        path = f"/v1/prisons/{self.code}/statements"
        answer = self.service.post(path, statements.raising(go_live_date=FAR), by=key)
        if self.having("raised"):
            assert problem(answer) == "statement-already-open"
        elif self.below:
            assert problem(answer) == "not-eligible"
        else:
            assert answer.status_code == 201
            made = {"id": answer.json()["id"], "status": "raised", "signed": [], "serial": None, "live": False}
            self.known.append(made)

    @precondition(lambda self: self.known)
    @rule(which=WHICH, roles=st.permutations(ROLES), count=st.integers(1, 7))
    def sign(self, which: int, roles: list[str], count: int) -> None:
        one = self.known[max(which, -len(self.known))]
        for role in roles[:count]:
            answer = statements.sign(self.service, one | {"prison": self.code}, role)
            if one["status"] != "raised":
                assert problem(answer) == "statement-not-open"
            elif role in one["signed"]:
                assert problem(answer) == "already-signed"
            else:
                assert problem(answer) is None
                one["signed"].append(role)
                if len(one["signed"]) == len(ROLES):
                    self.issue(one)

    def issue(self, one: dict[str, Any]) -> None:
        """The last signature issues it; an issued one before it is superseded, and live stays live."""
        year = self.service.clock().year
        number = 1 + sum(serial.startswith(f"SOR-{self.code}-{year}-") for serial in self.serials)
        one |= {"status": "issued", "serial": f"SOR-{self.code}-{year}-{number:03d}"}
        self.serials.append(one["serial"])
        for earlier in self.having("issued"):
            if earlier is not one:
                one["live"] = earlier["live"]
                earlier["status"] = "superseded"

    @precondition(lambda self: self.known)
    @rule(which=WHICH, role=st.sampled_from(ROLES))
    def nobody_else_signs(self, which: int, role: str) -> None:
        one = self.known[max(which, -len(self.known))] | {"prison": self.code}
        other = ROLES[(ROLES.index(role) + 1) % len(ROLES)]
        assert problem(statements.sign(self.service, one, role, by="admin")) == "role-not-allowed"
        answer = statements.sign(self.service, one, role, by=f"signatory:{self.code}:{other}")
        assert problem(answer) == "not-your-signature"

    @rule(section=SECTIONS)
    def downgrade(self, section: int) -> None:
        statements.downgrade(self.service, self.code, section)
        self.below.add(section)
        for one in self.having("raised"):
            one["status"] = "lapsed"

    @rule(section=SECTIONS)
    def recover(self, section: int) -> None:
        statements.recover(self.service, self.code, section)
        self.below.discard(section)

    @precondition(lambda self: self.known)
    @rule(which=WHICH)
    def withdraw(self, which: int) -> None:
        one = self.known[max(which, -len(self.known))]
        answer = statements.withdraw(self.service, one)
        if one["status"] in OPEN:
            assert problem(answer) is None
            one["status"] = "withdrawn"
        else:
            assert problem(answer) == "statement-not-open"

    @precondition(lambda self: self.known)
    @rule(which=WHICH)
    def go_live(self, which: int) -> None:
        one = self.known[max(which, -len(self.known))]
        answer = statements.go_live(self.service, one)
        if one["status"] != "issued":
            assert problem(answer) == "statement-not-issued"
        elif one["live"]:
            assert problem(answer) == "already-live"
        elif self.below:
            assert problem(answer) == "not-eligible"
        else:
            assert problem(answer) is None
            one["live"] = True

    @invariant()
    def the_service_says_what_the_model_says(self) -> None:
        if not self.code:
            return
        answer = self.service.get(f"/v1/prisons/{self.code}/statements?limit=500", by=f"prison:{self.code}")
        found = answer.json()["items"][::-1]
        assert [self.told(one) for one in found] == [self.expected(one) for one in self.known]
        assert [len(self.having(status)) <= 1 for status in OPEN] == [True, True]

    def told(self, one: dict[str, Any]) -> dict[str, Any]:
        signed = {person["role"] for person in one["signatories"] if person["signed_at"]}
        told = {"id": one["id"], "status": one["status"], "serial": one["serial"], "signed": signed}
        if one["status"] == "issued":
            told |= {"standing": one["standing"], "below": set(one["breached_sections"]), "live": bool(one["live_on"])}
        return told

    def expected(self, one: dict[str, Any]) -> dict[str, Any]:
        expected = {name: one[name] for name in ("id", "status", "serial")} | {"signed": set(one["signed"])}
        if one["status"] == "issued":
            standing = "in_breach" if self.below else "in_force"
            expected |= {"standing": standing, "below": self.below, "live": one["live"]}
        return expected

    @invariant()
    def the_stage_is_the_furthest_that_holds(self) -> None:
        if not self.code:
            return
        verdict = statements.readiness(self.service, self.code)
        counts = next(iter(self.having("issued") + self.having("raised")), None)
        assert (verdict["statement"] or {}).get("id") == (counts["id"] if counts else None)
        if counts and counts["status"] == "issued":
            expected = "live" if counts["live"] else "statement_issued"
        elif counts:
            expected = "statement_raised"
        elif not self.below:
            expected = "go_live_eligible"
        else:
            expected = "preparing" if 5 in self.below else "commissioning_ready"
        assert verdict["stage"] == expected


@pytest.mark.parametrize(
    ("kind", "examples"), [("sqlite", 12), pytest.param("postgresql", 4, marks=pytest.mark.postgres)]
)
def test_no_path_of_a_statement_leaves_the_rules(
    kind: str, examples: int, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    with (
        databases.fresh_copy(kind, pytestconfig.stash[SERVER_HOME]) as url,
        running(service_settings(url, data_dir=tmp_path)) as found,
    ):
        statements.make_signing_key(found)

        class Life(StatementLife):
            service = found
            codes = (f"Q{a}{b}" for a, b in itertools.product(string.ascii_uppercase + string.digits, repeat=2))

            def __init__(self) -> None:
                super().__init__()
                # Early in a year, so that a long life goes into the next.
                found.clock.now = datetime(2026, 7, 1, 9, tzinfo=UTC)

        bounds = limits(
            max_examples=examples,
            stateful_step_count=20,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(Life, settings=bounds)
        trail = found.get("/v1/audit/verify", by="admin").json()
        assert (trail["intact"], trail["faults"]) == (True, [])
