"""A programme that lives: random but honest changes through the services, at moments that the test chooses."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app.errors import DomainError
from app.rules.access import Principal, Role
from app.rules.caller import Caller
from app.rules.prison import PrisonDetails
from app.rules.types import EvidenceKind, Function, Rating
from app.services.prisons import correct_prison, register_prison
from app.services.programme.ledger import Ledger
from app.services.programme.rebuild import (
    Findings,
    check_batch,
    check_totals,
    prison_ids,
    rebuild_batch,
    rebuild_totals,
)
from app.services.sections import NewEvidence, SectionPatch, exempt_section, rate_sections
from app.services.statements import (
    NamedSignatory,
    confirm_go_live,
    raise_statement,
    sign_statement,
    withdraw_statement,
)
from app.storage.db import Database
from tests.support import factories
from tests.support.statements import ROLES

ADMIN = Principal("key:1", "Administrator", Role.ADMIN)


@dataclass
class Programme:
    """A database, and the moment at which the next change is made."""

    database: Database
    now: datetime

    def pass_time(self, by: timedelta) -> None:
        self.now += by

    def change(self, function: Any, *args: Any, by: Principal = ADMIN, **more: Any) -> Any:
        with self.database.session_scope() as session:
            return function(session, *args, caller=Caller(by, self.now), **more)

    def register(self, code: str, **more: Any) -> None:
        details = {"name": f"Prison {code}", "designation": "HMP", "function": Function.TRAINER, "region": "london"}
        self.change(register_prison, PrisonDetails(code, **(details | more)))

    def correct(self, code: str, **given: Any) -> None:
        with suppress(DomainError):
            self.change(correct_prison, code, given)

    def rate(self, code: str, ratings: dict[int, str], **more: Any) -> None:
        by = Principal("key:2", "Lead", Role.PRISON, prison=code)
        self.change(rate_sections, code, [patch(number, rating) for number, rating in ratings.items()], by=by, **more)

    def make_eligible(self, code: str) -> None:
        body = factories.go_live_eligible()["sections"]
        self.rate(code, {section["number"]: section["rating"] for section in body})

    def exempt(self, code: str, number: int, rationale: str | None) -> None:
        with suppress(DomainError):
            self.change(exempt_section, code, number, rationale)

    def raise_statement(self, code: str, in_days: int = 30) -> str | None:
        people = [NamedSignatory(role, f"Person of {role}", None) for role in ROLES]
        try:
            view = self.change(raise_statement, code, self.now.date() + timedelta(days=in_days), people)
        except DomainError:
            return None
        identity: str = view.id
        return identity

    def issue(self, code: str, statement: str, roles: Sequence[str] = ROLES) -> None:
        with suppress(DomainError):
            for role in roles:
                by = Principal("key:3", role, Role.SIGNATORY, prison=code, signatory_role=role)
                self.change(sign_statement, statement, role, role, None, by=by, seal=lambda view, payload: "sealed")

    def withdraw(self, statement: str) -> None:
        with suppress(DomainError):
            self.change(withdraw_statement, statement, "Not yet")

    def go_live(self, statement: str, on: date | None = None) -> None:
        with suppress(DomainError):
            self.change(confirm_go_live, statement, on)


def patch(number: int, rating: str) -> SectionPatch:
    """A rating with the evidence and the staff that it needs."""
    body = factories.rated(number, rating)
    evidence = [NewEvidence(EvidenceKind.NOTE, one["title"], None, None) for one in body.pop("evidence", [])]
    return SectionPatch(number, body | {"rating": Rating(rating)}, evidence=tuple(evidence))


def differences(database: Database) -> list[str]:
    """What `idts rebuild --check` finds."""
    ledger, findings = Ledger(), Findings()
    with database.reading() as session:
        check_batch(session, prison_ids(session), ledger, findings)
        check_totals(session, ledger, findings)
    return findings.kept


def rebuild(database: Database) -> None:
    """What `idts rebuild` does."""
    ledger = Ledger()
    with database.session_scope() as session:
        rebuild_batch(session, prison_ids(session), ledger)
        rebuild_totals(session, ledger)
