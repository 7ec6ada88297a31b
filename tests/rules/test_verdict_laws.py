"""Laws that the verdict keeps for any ratings and any exemptions."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from app.rules.assessment import Assessment, EvidenceRef, Exemption
from app.rules.readiness import judge, judge_ratings, stage_of
from app.rules.section import unsupported_rating, whole_time
from app.rules.types import Blocker, OutcomeStatus, Rating, Stage
from tests.support.shipped import all_met, shipped_book, shipped_toolkit

law = settings(deadline=None, max_examples=200)
RATINGS = list(Rating)
STAFFED = (14, 16)
DAY = date(2026, 3, 2)
EXEMPTION = Exemption("There is no such unit", "Regional lead", "2026-03-01T09:00:00Z")
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


keys_of = {section.number: [one.key for one in section.required_outcomes] for section in shipped_toolkit().sections}
figures = st.none() | st.sampled_from([Decimal(0), Decimal("7.5"), Decimal(9), Decimal(10), Decimal("10.5")])


@st.composite
def an_assessment(draw, number: int) -> Assessment:
    """A section in any state; where it can be GREEN it often is."""
    met = draw(st.just(keys_of[number]) | st.lists(st.sampled_from(keys_of[number]), unique=True))
    outcomes = dict.fromkeys(met, OutcomeStatus.MET)
    evidence = tuple(EvidenceRef("e", DAY, sound=sound) for sound in draw(st.lists(st.booleans(), max_size=2)))
    required = draw(st.none() | st.sampled_from([Decimal(10), Decimal("9.99")])) if number in STAFFED else None
    one = Assessment(
        number,
        1,
        outcomes=outcomes,
        evidence=evidence,
        staff_in_post=draw(figures) if number in STAFFED else None,
        staff_required=required,
    )
    section = shipped_toolkit().section(number)
    accepted = [rating for rating in RATINGS if not unsupported_rating(section, replace(one, rating=rating).facts())]
    return replace(one, rating=draw(st.sampled_from(accepted) | st.just(accepted[-1])))


@st.composite
def prisons(draw) -> list[Assessment]:
    """35 sections of which a few are in any state, and the others as GREEN needs them."""
    anyhow = draw(st.sets(sections, max_size=35) | st.sets(sections, max_size=4))
    found = [draw(an_assessment(number)) if number in anyhow else whole(number) for number in range(1, 36)]
    exempt = draw(some_exempt)
    return [replace(one, exemption=EXEMPTION) if one.number in exempt else one for one in found]


def whole(number: int) -> Assessment:
    staff = Decimal(10) if number in STAFFED else None
    evidence = (EvidenceRef("e", DAY),)
    return Assessment(number, 1, Rating.GREEN, None, None, None, staff, staff, all_met(number), evidence)


def recording(key: str) -> Callable[[Assessment], Assessment]:
    return lambda before: replace(before, outcomes={**before.outcomes, key: OutcomeStatus.MET})


def acted_on(one: Assessment, blocker: Blocker) -> list[Callable[[Assessment], Assessment]]:
    """Each single thing that a blocker asks for, apart from the rating itself."""
    assert blocker.missing is not None
    steps: list[Callable[[Assessment], Assessment]] = []
    staff = blocker.missing.staff
    if staff is not None and (blocker.required is Rating.GREEN or staff.more != 0):
        required = one.staff_required or Decimal(8)
        wanted = staff.needed_for_green if blocker.required is Rating.GREEN else staff.needed
        in_post = Decimal(8) if wanted is None else whole_time(wanted)
        steps.append(lambda before: replace(before, staff_required=required, staff_in_post=in_post))
    if blocker.required is Rating.GREEN:
        by_text = {each.text: each.key for each in shipped_toolkit().section(one.number).required_outcomes}
        steps += [recording(by_text[text]) for text in blocker.missing.outcomes]
        if blocker.missing.evidence:
            steps.append(lambda before: replace(before, evidence=(*before.evidence, EvidenceRef("new", DAY))))
    return steps


def after_steps_of(one: Assessment, blocker: Blocker, *, without: int | None = None) -> Assessment:
    """The section rated as required, once all is done that its blocker asks for, or all but one thing."""
    for place, step in enumerate(acted_on(one, blocker)):
        one = one if place == without else step(one)
    return replace(one, rating=blocker.required)


@law
@given(prisons())
def test_what_a_verdict_names_makes_the_prison_eligible_and_nothing_less_does(assessments):
    before = judge(shipped_book(), assessments)
    after = list(assessments)
    for blocker in before.go_live.blockers:
        one = assessments[blocker.section - 1]
        section = shipped_toolkit().section(blocker.section)
        done = after[blocker.section - 1] = after_steps_of(one, blocker)
        assert unsupported_rating(section, done.facts()) == []
        asked = acted_on(one, blocker)
        event(f"a blocker asks for {min(len(asked), 3)} things{' or more' if len(asked) > 2 else ''} and the rating")
        for place in range(len(asked)):
            assert unsupported_rating(section, after_steps_of(one, blocker, without=place).facts())
    blocking = [blocker.section for blocker in before.go_live.blockers]
    event(f"{min(len(blocking), 5)} blockers{' or more' if len(blocking) > 4 else ''}")
    assert judge(shipped_book(), after).go_live.eligible
    for left_out in blocking:
        nearly = [assessments[one.number - 1] if one.number == left_out else one for one in after]
        assert [one.section for one in judge(shipped_book(), nearly).go_live.blockers] == [left_out]


@law
@given(prisons())
def test_the_blockers_of_a_prison_are_those_of_its_ratings_and_their_reasons_name_nothing_that_is_done(assessments):
    found = judge(shipped_book(), assessments)
    exempt = {one.number for one in assessments if one.exemption}
    bare = judge_ratings(shipped_book(), [one.rating for one in assessments], exempt)
    assert (found.counts, found.go_live.exempt) == (bare.counts, bare.go_live.exempt)
    for told, untold in ((found.go_live, bare.go_live), (found.commissioning, bare.commissioning)):
        assert [replace(one, reason="", missing=None) for one in told.blockers] == [
            replace(one, reason="") for one in untold.blockers
        ]
    for blocker in found.go_live.blockers + found.commissioning.blockers:
        one, section = assessments[blocker.section - 1], shipped_toolkit().section(blocker.section)
        done = [each for each in section.required_outcomes if one.outcomes.get(each.key) is OutcomeStatus.MET]
        event(f"{'some' if done else 'nothing'} done, {blocker.required} is required")
        assert not [each for each in done if each.text.rstrip(".") in blocker.reason]
        assert blocker.missing is not None
        assert set(blocker.missing.outcomes).isdisjoint(each.text for each in done)
        assert not (blocker.missing.evidence and any(item.sound for item in one.evidence))
