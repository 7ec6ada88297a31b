"""A made-up programme: people who do not exist use the services as people do, at moments that have passed."""

import json
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.demo.lives import Move, Plan, StatementDates, demo_code, register, statement_dates, visits
from app.demo.reviews import Reviews
from app.queries.prisons import PrisonFilter, list_prisons
from app.queries.sections import has_rated_sections
from app.queries.toolkits import current_version, read_book
from app.rules.access import Caller, Principal, Role
from app.rules.moments import end_of_day, last_day_of, london_date
from app.rules.prison import PrisonDetails
from app.rules.section import EVERY_OUTCOME
from app.rules.statement import Standing, StatementStatus
from app.rules.toolkit import SignatoryRole, Toolkit
from app.rules.types import EvidenceKind, OutcomeStatus, Rating
from app.services.audit import record
from app.services.going_live import confirm_go_live
from app.services.prisons import register_prison
from app.services.section_versions import NewEvidence
from app.services.sections import SectionPatch, exempt_section, rate_sections
from app.services.statements import NamedSignatory, Sealer, raise_statement, sign_statement

ADMIN = Principal("demo", "Demonstration", Role.ADMIN)


def refusal(session: Session, at: datetime, *, anyway: bool) -> str | None:
    """Why no demonstration is made here: made-up prisons among real ones would falsify every figure."""
    first = PrisonFilter(london_date(at), text=demo_code(0))
    if list_prisons(session, first, after=None, limit=1):
        return "this database has a demonstration already, or the beginning of one. Use an empty database."
    if anyway or not has_rated_sections(session):
        return None
    return (
        "this database holds ratings already, and a demonstration would mix with them. Use an empty database, "
        "or say --anyway."
    )


def live(session: Session, plan: Plan, place: int, *, seal: Sealer) -> None:
    """The whole life of the prison at that place of the programme."""
    chance = plan.chance(place)
    registered_at, details = register(plan, chance, place)
    register_prison(session, details, caller=Caller(ADMIN, registered_at))
    region = Principal(f"demo-{details.region}", "Demonstration", Role.REGION, region=details.region)
    reviews = Reviews(session, details.code, region, plan.chance(place, "reviews"))
    toolkit = read_book(session, current_version(session)).toolkit
    people = People(session, details, toolkit, chance, seal, region, reviews)
    until = plan.until if details.closed_on is None else end_of_day(last_day_of(details.closed_on))
    for at, moves in visits(plan, chance, registered_at):
        people.take_due(min(at, until))
        if at > until:
            return
        people.visit(at, moves)
    people.take_due(min(plan.until, until))


def finish(session: Session, plan: Plan, prisons: int, *, caller: Caller) -> None:
    """Say in the audit trail what was done."""
    told = {"prisons": prisons, "seed": plan.seed, "from": plan.began.isoformat(), "until": plan.until.isoformat()}
    record(session, caller=caller, at=caller.at, action="programme.generated", subject="/v1/prisons", after=told)


@dataclass(slots=True)
class People:
    """Those who work on one prison's readiness: its lead, its region, and the signatories."""

    session: Session
    prison: PrisonDetails
    toolkit: Toolkit
    chance: random.Random
    seal: Sealer
    region: Principal
    reviews: Reviews
    required: dict[int, int] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    is_eligible: bool = False
    statement: Mapping[str, Any] | None = None
    due: StatementDates | None = None

    def visit(self, at: datetime, moves: list[Move]) -> None:
        """One request of the prison's lead, and what the region exempts before it."""
        wanted: dict[int, Rating | None] = {}
        for number, rating in moves:
            if rating is not None or number not in wanted:
                wanted[number] = rating
        if not wanted:
            return
        for number in wanted.keys() - self.touched:
            self._exempt(number, at)
        self.reviews.go_on(self._lead(at))
        patches = [self._patch(number, rating, at) for number, rating in wanted.items()]
        after = rate_sections(self.session, self.prison.code, patches, caller=self._lead(at), accept_lapse=True)
        verdict = json.loads(after.readiness)
        self.is_eligible, self.statement = verdict["go_live"]["eligible"], verdict["statement"]
        self.touched |= wanted.keys()
        self.reviews.look(wanted.keys(), at)
        if self.due is None and self.statement is None and self.is_eligible:
            self.due = statement_dates(self.chance, at)

    def take_due(self, until: datetime) -> None:
        """Take the steps of the statement that fall due before a moment; the ratings may have overtaken them."""
        if self.due is None or self.due.raised >= until:
            return
        if self._is("eligible"):
            self._raise(self.due.raised)
        if self._is(StatementStatus.RAISED) and self.due.signed is not None:
            if self.due.signed >= until:
                return
            self._sign(self.due.signed)
        if self._is(StatementStatus.ISSUED) and self.due.live is not None:
            if self.due.live >= until:
                return
            self._go_live(self.due.live)
        self.due = None

    def _exempt(self, number: int, at: datetime) -> None:
        can_be = self.prison.function in self.toolkit.section(number).exemptible_for
        if can_be and self.chance.random() < 0.4:
            why = "The prison has no such unit."
            exempt_section(self.session, self.prison.code, number, why, caller=Caller(self.region, at))

    def _patch(self, number: int, rating: Rating | None, at: datetime) -> SectionPatch:
        if rating is None:
            return SectionPatch(number, {"comment": f"Looked at again on {at:%d %B %Y}."})
        given: dict[str, Any] = {"rating": rating}
        if self.toolkit.section(number).staffing_threshold_percent is not None:
            required = self.required.setdefault(number, self.chance.randrange(4, 40, 4))
            share = {Rating.RED: Decimal("0.5"), Rating.AMBER: Decimal("0.75"), Rating.GREEN: Decimal(1)}[rating]
            given |= {"staff_in_post": required * share, "staff_required": Decimal(required)}
        if rating is Rating.AMBER:
            given |= {"lead": "The section's lead", "target_date": london_date(at) + timedelta(days=90)}
            given["comment"] = "The rest is under way."
        if rating is not Rating.GREEN:
            return SectionPatch(number, given)
        seen = f"The steering group saw on {at:%d %B %Y} that all of section {number} is in place."
        minutes = NewEvidence(EvidenceKind.NOTE, f"Minutes on section {number}", None, None, seen)
        return SectionPatch(number, given, {EVERY_OUTCOME: OutcomeStatus.MET}, (minutes,))

    def _is(self, state: str) -> bool:
        """Whether the prison is eligible without a statement, or has one that is raised, or issued and in force."""
        if self.statement is None:
            return state == "eligible" and self.is_eligible
        status, standing = self.statement["status"], self.statement["standing"]
        return bool(status == state and standing != Standing.IN_BREACH)

    def _raise(self, at: datetime) -> None:
        while self.reviews.challenge is not None:
            self.reviews.go_on(self._lead(at))
        named = [NamedSignatory(role.key, self._name(role), None) for role in self._roles()]
        planned = london_date(at) + timedelta(days=self.chance.randrange(20, 100))
        raised = raise_statement(self.session, self.prison.code, planned, named, caller=self._lead(at))
        self.statement = asdict(raised)

    def _sign(self, at: datetime) -> None:
        assert self.statement is not None
        one, digest = self.statement["id"], self.statement["digest"]
        for place, role in enumerate(self._roles()):
            by = Principal(f"demo-{role.key}", role.title, Role.SIGNATORY, self.prison.code, signatory_role=role.key)
            caller = Caller(by, at + timedelta(seconds=place))
            signed = sign_statement(
                self.session, one, role.key, self._name(role), digest, caller=caller, seal=self.seal
            )
            self.statement = asdict(signed)

    def _go_live(self, at: datetime) -> None:
        assert self.statement is not None
        caller = Caller(self.region, at)
        self.statement = asdict(confirm_go_live(self.session, self.statement["id"], None, caller=caller))

    def _roles(self) -> list[SignatoryRole]:
        return [role for role in self.toolkit.signatory_roles if role.required]

    def _name(self, role: SignatoryRole) -> str:
        return f"{role.title} of {self.prison.name}"

    def _lead(self, at: datetime) -> Caller:
        code = self.prison.code
        return Caller(Principal(f"demo-{code}", "Demonstration", Role.PRISON, prison=code), at)
