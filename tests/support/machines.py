"""Random lives with the seed of the run, which say what they have met."""

from collections import Counter
from typing import Any

from hypothesis import event, seed
from hypothesis import settings as limits
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def live(machine: type[RuleBasedStateMachine], random_seed: int, **bounds: Any) -> None:
    """As many lives as `max_examples` says; the same ones for the same seed."""
    bounded = limits(deadline=None, database=None, print_blob=False, **bounds)
    run_state_machine_as_test(seed(random_seed)(machine), settings=bounded)


def meet(met: Counter[str], answer: Any) -> str | None:
    """The code of a refusal, None where the step was taken; counted either way."""
    code: str | None = None if answer.is_success else answer.json()["code"]
    met[code or "accepted"] += 1
    event(code or "accepted")
    return code


def told(met: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in met.most_common())
