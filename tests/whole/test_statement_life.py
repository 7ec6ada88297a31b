"""Random lives of statements, each step against a plain model of the contract's rules 6 and 7."""

import itertools
import string
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from tests.support import databases, factories, statements
from tests.support.machines import live, meet, told
from tests.support.service import Service, running, service_settings
from tests.support.statements import REGION, ROLES

SECTIONS = st.sampled_from([5, 7, 30])
# Which of a prison's statements a step is about: mostly the newest one.
WHICH = st.sampled_from([-1, -1, -1, -2, 0])
FAR = "2099-01-01"
STEPS = (
    *("raise", "renew", "renew", "sign", "sign", "sign all", "sign all", "sign for another"),
    *("downgrade", "downgrade", "recover", "recover", "recover", "withdraw", "go live", "go live", "time passes"),
    "end service",
)
OPEN = ("raised", "issued")
# Every way in which a step of the machine can be refused.
REFUSALS = (
    *("statement-already-open", "not-eligible", "statement-not-open", "already-signed", "role-not-allowed"),
    *("not-your-signature", "statement-not-issued", "already-live", "not-live"),
)


class StatementLife(RuleBasedStateMachine):
    """One prison an example, registered for it; `service` is shared by all of them."""

    service: Service
    codes: Iterator[str] = iter(())
    met: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.code = ""
        self.below: set[int] = set()
        self.known: list[dict[str, Any]] = []
        self.serials: list[str] = []
        self.is_live = False

    @initialize(begun=st.sampled_from([3, 3, 2, 1, 0]), live=st.booleans())
    def an_eligible_prison(self, begun: int, live: bool) -> None:
        """Some way into a life already: nothing, raised, nearly signed, or issued and perhaps live."""
        self.code = next(self.codes)
        answer = self.service.post("/v1/prisons", factories.prison(self.code), by="admin")
        assert answer.status_code == 201, answer.text
        statements.make_signatory_keys(self.service, self.code)
        statements.make_eligible(self.service, self.code)
        if begun:
            self.raise_one(REGION)
        if begun >= 2:
            self.sign(-1, list(ROLES), 5 if begun == 2 else 7)
        if live and begun == 3:
            self.go_live(-1)

    def problem(self, answer: Any) -> str | None:
        return meet(self.met, answer)

    def having(self, status: str) -> list[dict[str, Any]]:
        return [one for one in self.known if one["status"] == status]

    # One rule, which draws what to do: left to choose among rules, a short run would repeat one of them.
    @rule(
        what=st.sampled_from(STEPS),
        which=WHICH,
        section=SECTIONS,
        roles=st.permutations(ROLES),
        count=st.integers(1, 7),
        days=st.sampled_from([0, 1, 200]),
    )
    def step(self, what: str, which: int, section: int, roles: list[str], count: int, days: int) -> None:
        which = max(which, -len(self.known))
        match what:
            case "time passes":
                self.time_passes(days)
            case "downgrade":
                self.downgrade(section)
            case "end service":
                self.end_service()
            case "recover":
                self.recover(max(self.below, default=section))
            case "raise":
                self.raise_one(REGION if days else f"prison:{self.code}")
            # With nothing open there is little to be seen, so most steps see to that first.
            case _ if not self.known or (which == -1 and not any(map(self.having, OPEN))):
                self.recover(min(self.below)) if self.below else self.raise_one(REGION)
            case "renew":
                self.raise_one(REGION)
                self.sign(-1, roles, len(ROLES))
            case "sign":
                self.sign(which, roles, count)
            case "sign all":
                self.sign(which, roles, len(ROLES))
            case "sign for another":
                self.nobody_else_signs(which, roles[0])
            case "withdraw":
                self.withdraw(which)
            case "go live":
                self.go_live(which)

    def time_passes(self, days: int) -> None:
        self.service.clock.now += timedelta(days=days, minutes=1)

    def raise_one(self, by: str) -> None:
        path = f"/v1/prisons/{self.code}/statements"
        answer = self.service.post(path, statements.raising(go_live_date=FAR), by=by)
        if self.having("raised"):
            assert self.problem(answer) == "statement-already-open"
        elif self.below:
            assert self.problem(answer) == "not-eligible"
        else:
            assert answer.status_code == 201
            made = {name: answer.json()[name] for name in ("id", "digest")}
            made |= {"status": "raised", "signed": [], "serial": None, "live": False}
            self.known.append(made)

    def sign(self, which: int, roles: list[str], count: int) -> None:
        one = self.known[which]
        for role in roles[:count]:
            answer = statements.sign(self.service, one | {"prison": self.code}, role)
            if one["status"] != "raised":
                assert self.problem(answer) == "statement-not-open"
            elif role in one["signed"]:
                assert self.problem(answer) == "already-signed"
            else:
                assert self.problem(answer) is None
                one["signed"].append(role)
                if len(one["signed"]) == len(ROLES):
                    self.issue(one)

    def issue(self, one: dict[str, Any]) -> None:
        """The last signature issues it; an issued one before it is superseded, and live stays live."""
        year = self.service.clock().year
        number = 1 + sum(serial.startswith(f"SOR-{self.code}-{year}-") for serial in self.serials)
        one |= {"status": "issued", "serial": f"SOR-{self.code}-{year}-{number:03d}"}
        one["live"] = self.is_live
        self.serials.append(one["serial"])
        for earlier in self.having("issued"):
            if earlier is not one:
                earlier["status"] = "superseded"

    def nobody_else_signs(self, which: int, role: str) -> None:
        one = self.known[which] | {"prison": self.code}
        other = ROLES[(ROLES.index(role) + 1) % len(ROLES)]
        assert self.problem(statements.sign(self.service, one, role, by="admin")) == "role-not-allowed"
        answer = statements.sign(self.service, one, role, by=f"signatory:{self.code}:{other}")
        assert self.problem(answer) == "not-your-signature"

    def downgrade(self, section: int) -> None:
        statements.downgrade(self.service, self.code, section)
        self.below.add(section)
        for one in self.having("raised"):
            one["status"] = "lapsed"

    def recover(self, section: int) -> None:
        statements.recover(self.service, self.code, section)
        self.below.discard(section)

    def withdraw(self, which: int) -> None:
        one = self.known[which]
        answer = statements.withdraw(self.service, one)
        if one["status"] in OPEN:
            assert self.problem(answer) is None
            one["status"] = "withdrawn"
        else:
            assert self.problem(answer) == "statement-not-open"

    def go_live(self, which: int) -> None:
        one = self.known[which]
        answer = statements.go_live(self.service, one)
        if one["status"] != "issued":
            assert self.problem(answer) == "statement-not-issued"
        elif one["live"]:
            assert self.problem(answer) == "already-live"
        elif self.below:
            assert self.problem(answer) == "not-eligible"
        else:
            assert self.problem(answer) is None
            one["live"] = self.is_live = True

    def end_service(self) -> None:
        answer = statements.end_service(self.service, self.code)
        assert self.problem(answer) == (None if self.is_live else "not-live")
        self.is_live = False

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
        if self.is_live:
            expected = "live"
        elif counts and counts["status"] == "issued":
            expected = "statement_issued"
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
    kind: str,
    examples: int,
    shared_home: Path,
    tmp_path: Path,
    random_seed: int,
    deep: bool,
    record_property: Any,
) -> None:
    counted: Counter[str] = Counter()
    with (
        databases.fresh_copy(kind, shared_home) as url,
        running(service_settings(url, data_dir=tmp_path)) as found,
    ):
        statements.make_signing_key(found)

        class Life(StatementLife):
            service = found
            met = counted
            codes = (f"Q{a}{b}" for a, b in itertools.product(string.ascii_uppercase + string.digits, repeat=2))

            def __init__(self) -> None:
                super().__init__()
                # Early in a year, so that a long life goes into the next.
                found.clock.now = datetime(2026, 7, 1, 9, tzinfo=UTC)

        live(
            Life,
            random_seed,
            max_examples=examples * 20 if deep else examples,
            stateful_step_count=20,
            # A life of twenty steps can be read as it is; making it shorter would take minutes.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        trail = found.get("/v1/audit/verify", by="admin").json()
        assert (trail["intact"], trail["faults"]) == (True, [])
    record_property("met", f"Statements on {kind}, seed {random_seed}: {told(counted)}")
    assert set(REFUSALS) <= set(counted)
