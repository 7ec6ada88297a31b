"""Who a "By whom" cell names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.owners import owners_in


@pytest.mark.parametrize(
    ("text", "owners"),
    [
        ("", []),
        ("JCM", ["JCM"]),
        ("JCM / Sussex Partnership & CRI", ["JCM", "Sussex Partnership", "CRI"]),
        ("Sussex Police\nJCM", ["Sussex Police", "JCM"]),
        ("Vicky Finnemore, Operations Manager, ESCC CS", ["Vicky Finnemore, Operations Manager, ESCC CS"]),
        ("CARAT lead, Healthcare lead", ["CARAT lead", "Healthcare lead"]),
        ("CARAT lead Healthcare lead PACT lead.", ["CARAT lead", "Healthcare lead", "PACT lead"]),
        ("Prison Healthcare leads. PACT leads", ["Prison Healthcare leads", "PACT leads"]),
        ("JCM and General Manager, Sussex Partnership", ["JCM", "General Manager, Sussex Partnership"]),
        ("Strategy and Commissioning Team", ["Strategy and Commissioning Team"]),
        ("Performance Manager SCT (KB)", ["Performance Manager SCT (KB)"]),
        ("Drugs analyst Performance and Info Team", ["Drugs analyst", "Performance and Info Team"]),
        ("Emma Jones\n(SCT)\nEmma Jones\n(SCT)", ["Emma Jones (SCT)"]),
        ("Kate Weeks / Rory Hearne, Sussex Partnership", ["Kate Weeks", "Rory Hearne, Sussex Partnership"]),
        ("CDP Harm reduction lead..", ["CDP Harm reduction lead"]),
        ("Head of Healthcare; Governor", ["Head of Healthcare", "Governor"]),
    ],
)
def test_owners_are_parted_where_each_is_somebody(text: str, owners: list[str]) -> None:
    assert owners_in(text) == owners


@given(st.text(max_size=300))
def test_no_letter_of_a_cell_is_lost(text: str) -> None:
    def letters(words: str) -> set[str]:
        return {letter for letter in words if letter.isalnum()}

    owners = owners_in(text)
    assert letters("".join(owners)) >= letters(text) - letters("and")
    assert len(set(owners)) == len(owners)
    assert all(owner.strip() == owner and owner for owner in owners)
