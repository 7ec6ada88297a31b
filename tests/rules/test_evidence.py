"""Evidence that comes to count for a section, that ceases to, and what no GREEN section may be left without."""

from datetime import date

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from app.rules.assessment import Assessment, EvidenceRef
from app.rules.evidence import supports, with_evidence, withdrawal_leaves_green_bare, without_evidence
from app.rules.types import Rating
from tests.support.shipped import shipped_toolkit

DAY = date(2026, 6, 1)
IDS = st.sampled_from(["a", "b", "c"])
# More than once in a section at most by mistake; then all of it goes.
REFS = st.lists(IDS, max_size=4).map(lambda found: tuple(EvidenceRef(one, DAY) for one in found))


def assessment(number: int, rating: Rating, *ids: str) -> Assessment:
    return Assessment(number, version=3, rating=rating, evidence=tuple(EvidenceRef(one, DAY) for one in ids))


@given(REFS, IDS)
def test_an_item_counts_once_it_is_added_and_adding_it_again_changes_nothing(refs, item):
    before = Assessment(5, version=7, evidence=refs)
    after = with_evidence(before, EvidenceRef(item, DAY))
    counted = any(ref.id == item for ref in refs)
    event("counted already" if counted else "new")
    assert supports(before, item) is counted
    assert supports(after, item)
    assert after == (before if counted else Assessment(5, version=8, evidence=(*refs, EvidenceRef(item, DAY))))


@given(REFS, IDS)
def test_an_item_counts_no_longer_once_it_is_withdrawn_and_the_others_still_do(refs, item):
    before = Assessment(5, version=7, evidence=refs)
    after = without_evidence(before, item)
    counted = any(ref.id == item for ref in refs)
    event("counted" if counted else "did not count")
    assert not supports(after, item)
    assert after.evidence == tuple(ref for ref in refs if ref.id != item)
    assert after.version == 7 + counted
    assert (after == before) is not counted


@pytest.mark.parametrize(
    ("after", "bare"),
    [
        ([], False),
        ([assessment(5, Rating.GREEN, "a")], False),
        ([assessment(5, Rating.GREEN)], True),
        ([assessment(5, Rating.AMBER)], False),
        ([assessment(5, Rating.RED), assessment(7, Rating.GREEN, "b")], False),
        ([assessment(5, Rating.GREEN, "a"), assessment(7, Rating.GREEN)], True),
    ],
)
def test_no_green_section_is_left_without_evidence(after, bare):
    assert (withdrawal_leaves_green_bare(shipped_toolkit(), after) is not None) is bare


def test_a_withdrawal_names_only_the_sections_that_it_would_leave_bare():
    after = [assessment(5, Rating.GREEN), assessment(7, Rating.GREEN, "a"), assessment(31, Rating.GREEN)]
    reason = withdrawal_leaves_green_bare(shipped_toolkit(), after)
    assert reason is not None
    assert "5 (Local Risk Register), 31 (OCA)" in reason.detail
