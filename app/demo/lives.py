"""One made-up prison's life: ratings that mostly improve, some relapses, a statement; the same for the same seed."""

# The random numbers here make examples and protect nothing.
# ruff: noqa: S311

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.demo.rows import BY, Life, Plan
from app.demo.statements import Due, Statements
from app.queries.sections import SECTION_NUMBERS
from app.rules.assessment import Assessment, EvidenceRef, Exemption, Stamp, changes_between, state_document
from app.rules.moments import london_date
from app.rules.prison import PrisonFacts
from app.rules.readiness import RuleBook
from app.rules.regions import REGIONS
from app.rules.types import EvidenceKind, Function, Rating

COMMISSIONING_FIRST = (1, 2, 3, 5, 6, 10, 11)
FUNCTIONS = (*[Function.LOCAL] * 4, *[Function.TRAINER] * 4, Function.OPEN, Function.HIGH_SECURITY)
# One region has as many prisons in a programme of any size, so that its figures can be compared between them.
SMALL_REGION, SMALL_REGION_HAS = "north-east", 100
OTHER_REGIONS = tuple(region for region in REGIONS if region != SMALL_REGION)
SYLLABLES = ("Ash", "Brook", "Clay", "Dun", "Elm", "Fern", "Glen", "Hart", "Kings", "Lang", "Moor", "North", "Oak")
ENDINGS = ("bridge", "bury", "combe", "field", "ford", "ham", "leigh", "ley", "mere", "stead", "ton", "wick")


class Author:
    """Writes lives. `book` is the rule book that every made-up prison is on."""

    def __init__(self, plan: Plan, book: RuleBook) -> None:
        self.plan = plan
        self.book = book
        self.statements = Statements(book)

    def write(self, place: int, prison_id: int) -> Life:
        """The life of the prison at that place of the programme."""
        chance = random.Random(f"{self.plan.seed}:{place}")  # nosec B311 - the same seed, the same lives
        life = self._register(chance, place, prison_id)
        pace = min(1.0, chance.betavariate(1.6, 1.2) * 1.15)
        due: Due = []
        for at, moves in self._visits(chance, life, pace):
            due = self.statements.take_due(chance, life, due, at)
            self._visit(chance, life, at, moves)
            if not due and life.counting is None and self.statements.go_live(life).eligible:
                due = self.statements.plan(chance, at)
        self.statements.take_due(chance, life, due, self.plan.until)
        return life

    def _register(self, chance: random.Random, place: int, prison_id: int) -> Life:
        began, until = self.plan.began, self.plan.until
        at = began + timedelta(seconds=chance.randrange(20 * 86400))
        code = demo_code(place)
        function = chance.choice(FUNCTIONS)
        region = SMALL_REGION if place < SMALL_REGION_HAS else chance.choice(OTHER_REGIONS)
        name = f"{chance.choice(SYLLABLES)}{chance.choice(ENDINGS)} {code}"
        version = self.book.toolkit.version
        days = (until - began).days
        closed = (
            began.date() + timedelta(days=chance.randrange(days // 2, days * 2)) if chance.random() < 0.02 else None
        )
        opened = (
            at.date() + timedelta(days=chance.randrange(days)) if closed is None and chance.random() < 0.01 else None
        )
        details: dict[str, Any] = {
            "code": code,
            "name": name,
            "designation": "HMP",
            "function": function,
            "region": region,
            "county": None,
            "postcode": None,
            "gender": "male",
            "contracted": False,
            "categories": [],
            "opened_on": opened,
            "closed_on": closed.isoformat() if closed else None,
            "toolkit_version": version,
        }
        row = {**details, "id": prison_id, "closed_by": closed, "version": 1}
        row |= {"registered_at": at, "changed_at": at}
        state = details | {"function": function.value, "opened_on": opened.isoformat() if opened else None}
        life = Life(row, PrisonFacts(prison_id, code, name, region, function, version, at))
        changes = [{"field": key, "from": None, "to": value} for key, value in state.items() if value is not None]
        life.prison_changes.append(
            {"prison_id": prison_id, "version": 1, "at": at, **BY, "changes": changes, "state": state}
            | {"moves_verdict": False}
        )
        return life

    def _visits(self, chance: random.Random, life: Life, pace: float) -> Iterator[tuple[datetime, list[Any]]]:
        """When the prison sends something, and what: steps up, now and then one back or a comment."""
        steps = self._steps(chance, pace)
        began = life.facts.registered_at + timedelta(hours=1)
        whole = int((self.plan.until - began).total_seconds()) - 1
        # Some are done early; what follows then is the odd relapse and its recovery.
        busy = max(1, int(whole * chance.uniform(0.5, 1.0)))
        moments = sorted({chance.randrange(busy) for _ in range(max(1, len(steps) // 2))})
        taken = 0
        for place, moment in enumerate(moments, start=1):
            share = len(steps) * place // len(moments)
            yield began + timedelta(seconds=moment), steps[taken:share]
            taken = share
        later = sorted({chance.randrange(busy, whole) for _ in range(chance.randrange(5))}) if busy < whole - 10 else []
        number = chance.choice(SECTION_NUMBERS)
        for place, moment in enumerate(later):
            yield began + timedelta(seconds=moment), [(number, (Rating.AMBER, Rating.GREEN)[place % 2])]

    def _steps(self, chance: random.Random, pace: float) -> list[tuple[int, Rating | None]]:
        """Every step up that the prison takes, first the sections that commissioning rests on; None is a comment."""
        order = sorted(SECTION_NUMBERS, key=lambda n: chance.random() + (0 if n in COMMISSIONING_FIRST else 0.6))
        ladder = [(n, rating) for n in order for rating in (Rating.AMBER, Rating.GREEN)]
        ladder.sort(key=lambda step: order.index(step[0]) / 35 + (0.35 if step[1] is Rating.GREEN else 0))
        steps: list[tuple[int, Rating | None]] = []
        for number, rating in ladder[: round(len(ladder) * pace)]:
            steps.append((number, rating))
            if chance.random() < 0.04:
                steps += [(number, Rating.RED), (number, rating)]
            elif chance.random() < 0.05:
                steps.append((number, None))
        return steps

    def _visit(self, chance: random.Random, life: Life, at: datetime, moves: list[tuple[int, Rating | None]]) -> None:
        """One request of the prison's lead: a version of several sections, and what they make of the statement."""
        wanted: dict[int, Rating | None] = {}
        for number, rating in moves:
            if rating is not None or number not in wanted:
                wanted[number] = rating
        changed = {number: self._changed(chance, life, at, number, rating) for number, rating in wanted.items()}
        changed = {number: one for number, one in changed.items() if not self._is_same(life, one)}
        if not changed:
            return
        moved = any(one.rating is not life.present.get(n, Assessment(n)).rating for n, one in changed.items())
        moved = moved or any(
            one.exemption != life.present.get(n, Assessment(n)).exemption for n, one in changed.items()
        )
        for number, one in changed.items():
            before = life.present.get(number, Assessment(number))
            life.section_changes.append(
                {"prison_id": life.facts.id, "number": number, "version": one.version, "at": at, **BY}
                | {"request_id": None, "rating": one.rating, "changes": changes_between(before, one)}
                | {"state": state_document(one), "moves_verdict": moved}
            )
            life.present[number] = one
            life.stamps[number] = Stamp(at, BY["by_name"])
        self.statements.follow(life, at, moved)

    def _is_same(self, life: Life, one: Assessment) -> bool:
        before = life.present.get(one.number, Assessment(one.number))
        return replace(one, version=before.version) == before

    def _changed(
        self, chance: random.Random, life: Life, at: datetime, number: int, rating: Rating | None
    ) -> Assessment:
        before = life.present.get(number, Assessment(number))
        after = replace(before, version=before.version + 1)
        if rating is None:
            return replace(after, comment=f"Reviewed on {at:%d %B %Y}.")
        section = self.book.toolkit.section(number)
        if life.facts.function in section.exemptible_for and before.version == 0 and chance.random() < 0.4:
            exemption = Exemption("The prison has no such unit.", BY["by_name"], at.isoformat().replace("+00:00", "Z"))
            after = replace(after, exemption=exemption)
        if section.staffing_threshold_percent is not None:
            required = before.staff_required or chance.randrange(4, 40, 4)
            in_post = {Rating.RED: required // 2, Rating.AMBER: required * 3 // 4, Rating.GREEN: required}[rating]
            after = replace(after, staff_in_post=in_post, staff_required=required)
        if rating is Rating.GREEN:
            after = replace(after, evidence=(*after.evidence, self._evidence(chance, life, at, number)))
        return replace(after, rating=rating)

    def _evidence(self, chance: random.Random, life: Life, at: datetime, number: int) -> EvidenceRef:
        identity = str(UUID(int=chance.getrandbits(128), version=4))
        title = f"Minutes on section {number}"
        life.evidence.append(
            {"id": identity, "prison_id": life.facts.id, "kind": EvidenceKind.NOTE, "title": title, "reference": None}
            | {"effective_on": None, "received_at": at, "added_by": BY["by_name"]}
        )
        return EvidenceRef(identity, london_date(at))


def demo_code(place: int) -> str:
    """The code of the prison at a place: five characters, so that it is no real prison's."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    text = ""
    for _ in range(4):
        place, digit = divmod(place, 36)
        text = digits[digit] + text
    return f"Z{text}"
