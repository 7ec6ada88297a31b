"""Laws that the verdict keeps for any ratings and any exemptions."""

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from app.rules.readiness import judge_ratings, stage_of
from app.rules.types import Rating, Stage
from tests.support.shipped import shipped_book

law = settings(deadline=None, max_examples=200)
RATINGS = list(Rating)
any_ratings = st.lists(st.sampled_from(RATINGS), min_size=35, max_size=35)
# Mostly GREEN, so that the few that are not decide.
nearly_there = st.builds(
    lambda changes: [changes.get(number, Rating.GREEN) for number in range(1, 36)],
    st.dictionaries(st.integers(1, 35), st.sampled_from(RATINGS), max_size=4),
)
some_ratings = any_ratings | nearly_there
some_exempt = st.frozensets(st.sampled_from([7, 23]))
sections = st.integers(1, 35)


def blockers(ratings, exempt=()):
    """What stands in the way: of commissioning and of go-live, as (rule, section)."""
    verdict = judge_ratings(shipped_book(), ratings, exempt)
    return {(one.rule, one.section) for one in verdict.commissioning.blockers + verdict.go_live.blockers}


@law
@given(some_ratings, some_exempt, sections)
def test_improving_a_rating_never_adds_a_blocker(ratings, exempt, number):
    better = list(ratings)
    better[number - 1] = RATINGS[min(2, RATINGS.index(better[number - 1]) + 1)]
    before, after = blockers(ratings, exempt), blockers(better, exempt)
    event(f"{len(before) - len(after)} blockers fewer")
    assert after <= before


@law
@given(some_ratings, some_exempt)
def test_eligible_means_no_blocker_and_no_red_that_is_not_exempt(ratings, exempt):
    verdict = judge_ratings(shipped_book(), ratings, exempt)
    event("eligible" if verdict.go_live.eligible else "not eligible")
    event(f"{len(exempt)} exempt")
    reds = [number for number, rating in enumerate(ratings, start=1) if rating == "RED" and number not in exempt]
    assert verdict.go_live.eligible is (not verdict.go_live.blockers)
    assert verdict.go_live.eligible is (not verdict.go_live.blockers and not reds)
    assert set(reds) <= {one.section for one in verdict.go_live.blockers}


@law
@given(some_ratings, some_exempt)
def test_ready_means_no_commissioning_blocker(ratings, exempt):
    verdict = judge_ratings(shipped_book(), ratings, exempt)
    event("ready" if verdict.commissioning.ready else "not ready")
    assert verdict.commissioning.ready is (not verdict.commissioning.blockers)
    assert verdict.commissioning.blockers == judge_ratings(shipped_book(), ratings).commissioning.blockers


@law
@given(some_ratings, st.sampled_from([7, 23]))
def test_exempting_a_section_removes_exactly_its_blocker(ratings, number):
    before = blockers(ratings)
    event("a blocker is removed" if ("go_live", number) in before else "it was no blocker")
    assert blockers(ratings, {number}) == before - {("go_live", number)}


@law
@given(some_ratings)
def test_the_order_of_the_exemptions_does_not_matter(ratings):
    forwards = judge_ratings(shipped_book(), ratings, [7, 23])
    assert judge_ratings(shipped_book(), ratings, [23, 7]) == forwards
    assert [one.section for one in forwards.go_live.exempt] == [7, 23]


@law
@given(some_ratings, some_exempt)
def test_the_counts_add_up_and_blockers_come_in_section_order(ratings, exempt):
    verdict = judge_ratings(shipped_book(), ratings, exempt)
    counts = verdict.counts
    left = [rating for number, rating in enumerate(ratings, start=1) if number not in exempt]
    assert (counts.red, counts.amber, counts.green) == tuple(map(left.count, RATINGS))
    assert counts.exempt == len(exempt)
    assert counts.red + counts.amber + counts.green + counts.exempt == 35
    for found in (verdict.commissioning.blockers, verdict.go_live.blockers):
        numbers = [one.section for one in found]
        assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("count", [0, 34, 36])
def test_a_verdict_needs_one_rating_for_each_section(count):
    with pytest.raises(ValueError, match="needs 35 ratings"):
        judge_ratings(shipped_book(), [Rating.GREEN] * count)


ALL_RED = [Rating.RED] * 35
READY = [Rating.GREEN if number in {1, 2, 3, 5, 6, 10, 11} else Rating.RED for number in range(1, 36)]
ALL_GREEN = [Rating.GREEN] * 35


@pytest.mark.parametrize(
    ("ratings", "touched", "statement", "live", "stage"),
    [
        (ALL_RED, False, None, False, "not_started"),
        (ALL_RED, True, None, False, "preparing"),
        (READY, True, None, False, "commissioning_ready"),
        (READY, False, None, False, "commissioning_ready"),
        (ALL_GREEN, True, None, False, "go_live_eligible"),
        (ALL_GREEN, True, "lapsed", False, "go_live_eligible"),
        (ALL_GREEN, True, "withdrawn", False, "go_live_eligible"),
        (READY, True, "superseded", False, "commissioning_ready"),
        (ALL_GREEN, True, "raised", False, "statement_raised"),
        (ALL_GREEN, True, "issued", False, "statement_issued"),
        # Issued stays issued in breach, and live stays live.
        (READY, True, "issued", False, "statement_issued"),
        (ALL_GREEN, True, "issued", True, "live"),
        (ALL_RED, True, "issued", True, "live"),
    ],
)
def test_the_stage_is_the_furthest_one_that_holds(ratings, touched, statement, live, stage):
    verdict = judge_ratings(shipped_book(), ratings)
    found = stage_of(verdict, is_touched=touched, statement_status=statement, is_live=live)
    assert found is Stage(stage)


def test_the_stages_are_declared_from_first_to_furthest():
    assert [str(one) for one in Stage] == [
        "not_started",
        "preparing",
        "commissioning_ready",
        "go_live_eligible",
        "statement_raised",
        "statement_issued",
        "live",
    ]
