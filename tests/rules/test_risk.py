"""The local risk register's rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.risk import LEVELS, RiskFacts, is_high, matrix, register_warning


@pytest.mark.parametrize(
    ("likelihood", "impact", "high"), [(3, 5, True), (5, 3, True), (4, 4, True), (2, 5, False), (3, 4, False)]
)
def test_a_risk_is_high_from_a_score_of_fifteen(likelihood: int, impact: int, high: bool) -> None:
    assert is_high(RiskFacts(likelihood, impact, has_action_in_time=False)) is high


def test_an_empty_register_is_warned_of() -> None:
    assert register_warning([], has_register=False) == "The section is GREEN and its risk register here is empty."


def test_a_register_without_open_risks_bears_the_rating_out() -> None:
    assert register_warning([], has_register=True) is None


def test_high_risks_without_an_action_in_time_are_counted() -> None:
    unattended = RiskFacts(3, 5, has_action_in_time=False)
    others = [RiskFacts(5, 5, has_action_in_time=True), RiskFacts(2, 5, has_action_in_time=False)]
    assert register_warning(others, has_register=True) is None
    one = register_warning([*others, unattended], has_register=True)
    assert one == "1 risk scores 15 or more and has no action that is still in time."
    two = register_warning([*others, unattended, unattended], has_register=True)
    assert two == "2 risks score 15 or more and have no action that is still in time."


RISKS = st.builds(RiskFacts, st.sampled_from(LEVELS), st.sampled_from(LEVELS), st.booleans())


@given(st.lists(RISKS))
def test_the_matrix_counts_each_risk_once_in_its_own_cell(risks: list[RiskFacts]) -> None:
    cells = matrix(risks)
    assert sum(map(sum, cells)) == len(risks)
    for risk in risks:
        assert cells[5 - risk.likelihood][risk.impact - 1] >= 1
