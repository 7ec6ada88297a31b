"""What happens in a made-up prison's life, and when: ratings that mostly improve, some relapses, a statement."""

# The random numbers here make examples and protect nothing.
# ruff: noqa: S311

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.rules.prison import PrisonDetails
from app.rules.regions import REGIONS
from app.rules.types import Function, Rating

COMMISSIONING_FIRST = (1, 2, 3, 5, 6, 10, 11)
SECTION_NUMBERS = range(1, 36)
FUNCTIONS = (*[Function.LOCAL] * 4, *[Function.TRAINER] * 4, Function.OPEN, Function.HIGH_SECURITY)
# One region has as many prisons in a programme of any size, so that its figures can be compared between them.
SMALL_REGION, SMALL_REGION_HAS = "north-east", 100
OTHER_REGIONS = tuple(region for region in REGIONS if region != SMALL_REGION)
SYLLABLES = ("Ash", "Brook", "Clay", "Dun", "Elm", "Fern", "Glen", "Hart", "Kings", "Lang", "Moor", "North", "Oak")
ENDINGS = ("bridge", "bury", "combe", "field", "ford", "ham", "leigh", "ley", "mere", "stead", "ton", "wick")

# A section and the rating that it moves to; None is a comment and no rating.
Move = tuple[int, Rating | None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for: from when until when the histories run, and the seed of them all."""

    seed: int
    began: datetime
    until: datetime

    def chance(self, place: int, of: str = "") -> random.Random:
        """The random numbers of the prison at that place, or of one thing about it: the same seed, the same lives."""
        return random.Random(f"{self.seed}:{place}{of}")  # nosec B311


@dataclass(frozen=True, slots=True)
class StatementDates:
    """When a statement is to be raised, signed by everybody, and go-live confirmed; None where it stops before."""

    raised: datetime
    signed: datetime | None
    live: datetime | None


def register(plan: Plan, chance: random.Random, place: int) -> tuple[datetime, PrisonDetails]:
    """When the prison at that place is registered, and what it is."""
    span = plan.until - plan.began
    at = plan.began + timedelta(seconds=chance.randrange(min(20 * 86400, int(span.total_seconds()) // 4)))
    days, code = max(span.days, 2), demo_code(place)
    closes = plan.began.date() + timedelta(days=chance.randrange(days // 2, days * 2))
    opens = at.date() + timedelta(days=chance.randrange(days))
    fate = chance.random()
    return at, PrisonDetails(
        code=code,
        name=f"{chance.choice(SYLLABLES)}{chance.choice(ENDINGS)} {code}",
        designation="HMP",
        function=chance.choice(FUNCTIONS),
        region=SMALL_REGION if place < SMALL_REGION_HAS else chance.choice(OTHER_REGIONS),
        gender="male",
        contracted=False,
        closed_on=closes.isoformat() if fate < 0.02 else None,
        opened_on=opens if 0.02 <= fate < 0.03 else None,
    )


def visits(plan: Plan, chance: random.Random, registered_at: datetime) -> Iterator[tuple[datetime, list[Move]]]:
    """When the prison's lead sends something, and what: steps up, now and then one back or a comment."""
    steps = _steps(chance, pace=min(1.0, chance.betavariate(1.6, 1.2) * 1.15))
    began = registered_at + timedelta(hours=1)
    whole = int((plan.until - began).total_seconds()) - 1
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


def _steps(chance: random.Random, pace: float) -> list[Move]:
    """Every step up that the prison takes, first the sections that commissioning rests on."""
    order = sorted(SECTION_NUMBERS, key=lambda n: chance.random() + (0 if n in COMMISSIONING_FIRST else 0.6))
    ladder = [(n, rating) for n in order for rating in (Rating.AMBER, Rating.GREEN)]
    ladder.sort(key=lambda step: order.index(step[0]) / 35 + (0.35 if step[1] is Rating.GREEN else 0))
    steps: list[Move] = []
    for number, rating in ladder[: round(len(ladder) * pace)]:
        steps.append((number, rating))
        if chance.random() < 0.04:
            steps += [(number, Rating.RED), (number, rating)]
        elif chance.random() < 0.05:
            steps.append((number, None))
    return steps


def statement_dates(chance: random.Random, eligible_at: datetime) -> StatementDates:
    """The dates of the statement that follows from being eligible; some stop on the way."""
    raised = eligible_at + timedelta(days=chance.randrange(1, 20), seconds=chance.randrange(3600))
    signed = raised + timedelta(days=chance.randrange(3, 25))
    live = signed + timedelta(days=chance.randrange(10, 80))
    reached = chance.choice((1, 2, 2, 3, 3, 3))
    return StatementDates(raised, signed if reached > 1 else None, live if reached > 2 else None)


def demo_code(place: int) -> str:
    """The code of the prison at a place: five characters, so that it is no real prison's."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    text = ""
    for _ in range(4):
        place, digit = divmod(place, 36)
        text = digits[digit] + text
    return f"Z{text}"
