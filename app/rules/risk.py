"""The local risk register: how a risk is scored, and what a high one needs (toolkit section 5)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

# Likelihood and impact run from 1 to 5 each.
LEVELS = range(1, 6)
# From this score on a risk needs an action that is not overdue; this programme's own rule.
HIGH_SCORE = 15


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """One open risk, as far as a rule looks at it. `has_action_in_time` means an open action that is not overdue."""

    likelihood: int
    impact: int
    has_action_in_time: bool

    @property
    def score(self) -> int:
        """1 to 25."""
        return self.likelihood * self.impact


def is_high(risk: RiskFacts) -> bool:
    return risk.score >= HIGH_SCORE


def register_warning(open_risks: Iterable[RiskFacts], *, has_register: bool) -> str | None:
    """Why a GREEN section 5 deserves a second look; null where its register bears it out.

    It warns and does not refuse: a prison may keep its register elsewhere.
    """
    if not has_register:
        return "The section is GREEN and its risk register here is empty."
    unattended = sum(is_high(risk) and not risk.has_action_in_time for risk in open_risks)
    if not unattended:
        return None
    subject = "1 risk scores" if unattended == 1 else f"{unattended} risks score"
    lacks = "has" if unattended == 1 else "have"
    return f"{subject} {HIGH_SCORE} or more and {lacks} no action that is still in time."


def matrix(risks: Iterable[RiskFacts]) -> list[list[int]]:
    """How many risks lie in each of 5 × 5 cells: a row for each likelihood from 5 down, a column for each impact."""
    cells = Counter((risk.likelihood, risk.impact) for risk in risks)
    return [[cells[likelihood, impact] for impact in LEVELS] for likelihood in reversed(LEVELS)]
