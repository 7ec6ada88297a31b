"""The rules of one section: staffing, evidence, outcomes, exemptions; tables of cases that policy staff can read."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from app.rules.reasons import blocker_reason
from app.rules.section import (
    exemption_allowed,
    figure,
    has_begun,
    missing,
    staff_needed,
    suggested_rating,
    unsupported_rating,
    whole_time,
)
from app.rules.toolkit import RequiredOutcome, Section
from app.rules.types import Function, OutcomeStatus, Rating, SectionFacts
from tests.support.shipped import all_met, shipped_toolkit

R, A, G = Rating.RED, Rating.AMBER, Rating.GREEN
MET, OUTSTANDING = OutcomeStatus.MET, OutcomeStatus.OUTSTANDING
STAFFED = (14, 16)
law = settings(deadline=None)


def section_of(number: int) -> Section:
    return shipped_toolkit().section(number)


def refusals(number: int, rating: Rating, **facts) -> list[str]:
    """The codes of every reason why the rating is not supported, all outcomes being met unless the facts say so."""
    facts = {"outcomes": all_met(number)} | facts
    return [one.code for one in unsupported_rating(section_of(number), SectionFacts(number, rating, **facts))]


def staff(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@pytest.mark.parametrize(
    ("rating", "in_post", "required", "code"),
    [
        # Source: toolkit, sections 14 and 16, "75% of staff in place to achieve amber status".
        (A, "3", "4", None),
        (A, "4", "4", None),
        (A, "5", "4", None),
        (A, "2", "4", "staffing-below-threshold"),
        (A, "0", "4", "staffing-below-threshold"),
        (A, "74", "100", "staffing-below-threshold"),
        (A, "75", "100", None),
        # Exact: 2,999 of 4,000 is 74.975 %, which rounds to 75 and is not 75.
        (A, "2999", "4000", "staffing-below-threshold"),
        (A, "3000", "4000", None),
        (A, "7499", "9999", "staffing-below-threshold"),
        (A, "7500", "9999", None),
        (A, "0", "1", "staffing-below-threshold"),
        (A, "1", "1", None),
        # Whole-time equivalents: 75 % of 10 is 7.5, and 75 % of 0.01 rounds up to it.
        (A, "7.5", "10", None),
        (A, "7.49", "10", "staffing-below-threshold"),
        (A, "7.53", "10.04", None),
        (A, "7.52", "10.04", "staffing-below-threshold"),
        (A, "0", "0.01", "staffing-below-threshold"),
        (A, "0.01", "0.01", None),
        # 75 % of 9,999.99 is 7,499.9925: the next hundredth is needed.
        (A, "7499.99", "9999.99", "staffing-below-threshold"),
        (A, "7500", "9999.99", None),
        # GREEN takes all of them.
        (G, "4", "4", None),
        (G, "5", "4", None),
        (G, "3", "4", "staffing-below-threshold"),
        (G, "9999.99", "10000", "staffing-below-threshold"),
        # RED says nothing about staff, so nothing has to support it.
        (R, "0", "4", None),
        (R, None, None, None),
        (R, "3", None, None),
        # Figures that were never given.
        (A, None, None, "staffing-figures-needed"),
        (A, "3", None, "staffing-figures-needed"),
        (A, None, "4", "staffing-figures-needed"),
        (G, None, None, "staffing-figures-needed"),
        (G, "4", None, "staffing-figures-needed"),
    ],
)
@pytest.mark.parametrize("number", STAFFED)
def test_staffing_supports_a_rating_from_three_quarters(number, rating, in_post, required, code):
    found = refusals(number, rating, staff_in_post=staff(in_post), staff_required=staff(required), evidence_count=1)
    assert found == ([] if code is None else [code])


@pytest.mark.parametrize("number", [one for one in range(1, 36) if one not in STAFFED])
def test_no_other_section_asks_for_staff(number):
    assert refusals(number, A) == []
    assert refusals(number, A, staff_in_post=Decimal(0), staff_required=Decimal(4)) == []
    assert refusals(number, G, evidence_count=1) == []
    assert missing(section_of(number), SectionFacts(number)).staff is None


@pytest.mark.parametrize(
    ("rating", "in_post", "required", "wanted", "more"),
    [
        (A, "2999", "4000", "3,000", "1"),
        (A, "0", "4", "3", "3"),
        (A, "3", "5", "3.75", "0.75"),
        (G, "2.5", "4", "4", "1.5"),
    ],
)
def test_a_refusal_for_staff_says_how_many_are_needed(rating, in_post, required, wanted, more):
    facts = SectionFacts(14, rating, Decimal(in_post), Decimal(required), all_met(14), evidence_count=1)
    (reason,) = unsupported_rating(section_of(14), facts)
    assert f"{figure(Decimal(in_post))} of {figure(Decimal(required))} are, and {wanted} are needed" in reason.detail
    assert f"Appoint {more} more" in reason.detail
    assert reason.pointer == "/rating"


@pytest.mark.parametrize(
    ("given_figures", "pointer"),
    [
        ({}, "/staff_in_post"),
        ({"staff_in_post": Decimal(3)}, "/staff_required"),
        ({"staff_required": Decimal(4)}, "/staff_in_post"),
    ],
)
def test_missing_figures_are_pointed_at(given_figures, pointer):
    (reason,) = unsupported_rating(section_of(14), SectionFacts(14, A, **given_figures))
    assert reason.pointer == pointer


@pytest.mark.parametrize(
    ("rating", "evidence", "expected"),
    [(R, 0, []), (A, 0, []), (G, 0, ["green-needs-evidence"]), (G, 1, []), (G, 50, [])],
)
@pytest.mark.parametrize("number", [1, 5, 8, 23, 35])
def test_green_needs_one_piece_of_evidence(number, rating, evidence, expected):
    assert refusals(number, rating, evidence_count=evidence) == expected


RISK_REGISTER = [outcome.key for outcome in shipped_toolkit().section(5).required_outcomes]


@pytest.mark.parametrize(
    ("rating", "outcomes", "expected"),
    [
        # What nobody recorded is not met.
        (G, {}, ["green-needs-outcomes"]),
        (G, {RISK_REGISTER[0]: MET}, ["green-needs-outcomes"]),
        (G, dict.fromkeys(RISK_REGISTER, MET), []),
        (G, {RISK_REGISTER[0]: OUTSTANDING}, ["green-needs-outcomes"]),
        (G, {RISK_REGISTER[0]: MET, RISK_REGISTER[1]: OUTSTANDING}, ["green-needs-outcomes"]),
        (A, {}, []),
        (A, dict.fromkeys(RISK_REGISTER, OUTSTANDING), []),
        (R, dict.fromkeys(RISK_REGISTER, OUTSTANDING), []),
    ],
)
def test_green_needs_every_outcome_met(rating, outcomes, expected):
    assert refusals(5, rating, outcomes=outcomes, evidence_count=1) == expected


def test_a_refusal_for_outcomes_names_each_that_is_not_met_and_no_other():
    first, second = section_of(5).required_outcomes
    facts = SectionFacts(5, G, outcomes={first.key: MET}, evidence_count=1)
    (reason,) = unsupported_rating(section_of(5), facts)
    assert second.text.rstrip(".") in reason.detail
    assert second.key in reason.detail
    assert first.text.rstrip(".") not in reason.detail
    assert first.key not in reason.detail
    assert reason.pointer == "/outcomes"


def test_every_reason_is_given_at_once_in_the_order_in_which_they_are_put_right():
    found = refusals(14, G, staff_in_post=Decimal(3), staff_required=Decimal(4), outcomes={})
    assert found == ["staffing-below-threshold", "green-needs-outcomes", "green-needs-evidence"]


wte = st.none() | st.decimals(0, 10_000, places=2)
sections = st.integers(1, 35)


@st.composite
def facts_of_a_section(draw):
    """Any state of a section that the service could hold, whether the rating is supported or not."""
    number = draw(sections)
    keys = [one.key for one in section_of(number).required_outcomes]
    outcomes = draw(st.dictionaries(st.sampled_from(keys), st.sampled_from(OutcomeStatus)))
    required = draw(wte)
    return SectionFacts(
        number,
        draw(st.sampled_from(Rating)),
        draw(wte) if number in STAFFED else None,
        (required or None) if number in STAFFED else None,
        outcomes,
        draw(st.integers(0, 3)),
    )


def supplied(facts: SectionFacts) -> SectionFacts:
    """The section after somebody has done all that `missing` names, rated GREEN."""
    section = section_of(facts.number)
    lacking = missing(section, facts)
    met = {one.key: MET for one in section.required_outcomes if one.text in lacking.outcomes}
    required = facts.staff_required
    in_post = facts.staff_in_post
    if lacking.staff is not None:
        required = required or Decimal("12.5")
        in_post = whole_time(lacking.staff.needed_for_green) or required
    return SectionFacts(
        facts.number, G, in_post, required, {**facts.outcomes, **met}, facts.evidence_count + lacking.evidence
    )


@law
@given(facts_of_a_section())
def test_doing_all_that_is_missing_makes_the_section_acceptable_as_green(facts):
    event(f"missing: {sorted(_names(facts))}")
    assert unsupported_rating(section_of(facts.number), supplied(facts)) == []
    assert not missing(section_of(facts.number), supplied(facts))


def _names(facts: SectionFacts) -> set[str]:
    lacking = missing(section_of(facts.number), facts)
    parts = {"outcomes": lacking.outcomes, "evidence": lacking.evidence, "staff": lacking.staff}
    return {name for name, part in parts.items() if part}


@law
@given(facts_of_a_section())
def test_green_is_supported_exactly_where_nothing_is_missing(facts):
    section = section_of(facts.number)
    green = SectionFacts(
        facts.number, G, facts.staff_in_post, facts.staff_required, facts.outcomes, facts.evidence_count
    )
    assert bool(unsupported_rating(section, green)) is bool(missing(section, facts))


@law
@given(facts_of_a_section(), st.sampled_from([A, G]))
def test_a_reason_never_names_what_is_already_done(facts, required):
    section = section_of(facts.number)
    lacking = missing(section, facts, required)
    reason = blocker_reason(section, facts, required, lacking)
    assert reason.startswith(f"{section.title} is ")
    for outcome in section.required_outcomes:
        is_done = facts.outcomes.get(outcome.key) is MET
        event(f"outcome met: {is_done}")
        if is_done:
            assert outcome.text.rstrip(".") not in reason
        elif required is G:
            assert outcome.text.rstrip(".") in reason
    assert ("no evidence" in reason) == (required is G and facts.evidence_count == 0)


@law
@given(facts_of_a_section())
def test_the_suggested_rating_is_one_that_the_rules_accept(facts):
    section = section_of(facts.number)
    suggestion = suggested_rating(section, facts)
    event(f"suggested: {suggestion.rating}")
    rated = SectionFacts(
        *(facts.number, suggestion.rating, facts.staff_in_post, facts.staff_required),
        *(facts.outcomes, facts.evidence_count),
    )
    assert unsupported_rating(section, rated) == []
    assert suggestion.reason.endswith(f": {suggestion.rating}")
    assert (suggestion.rating is R) or has_begun(section, facts)


@pytest.mark.parametrize(
    ("number", "facts", "rating", "reason"),
    [
        (5, {}, R, "0 of 2 outcomes met, no evidence: RED"),
        (5, {"outcomes": {RISK_REGISTER[0]: MET}}, A, "1 of 2 outcomes met, no evidence: AMBER"),
        (5, {"evidence_count": 1}, A, "0 of 2 outcomes met, evidence recorded: AMBER"),
        (5, {"outcomes": all_met(5)}, A, "2 of 2 outcomes met, no evidence: AMBER"),
        (5, {"outcomes": all_met(5), "evidence_count": 2}, G, "2 of 2 outcomes met, evidence recorded: GREEN"),
        (
            14,
            {"outcomes": all_met(14), "evidence_count": 1},
            R,
            "1 of 1 outcome met, no staffing figures, evidence recorded: RED",
        ),
        (
            14,
            {"outcomes": all_met(14), "staff_in_post": Decimal("7.5"), "staff_required": Decimal(10)},
            A,
            "1 of 1 outcome met, 7.5 of 10 staff, no evidence: AMBER",
        ),
        (
            14,
            {"staff_in_post": Decimal(7), "staff_required": Decimal(10), "evidence_count": 1},
            R,
            "0 of 1 outcome met, 7 of 10 staff, evidence recorded: RED",
        ),
        (
            16,
            {"staff_in_post": Decimal(8), "staff_required": Decimal(10)},
            A,
            "0 of 1 outcome met, 8 of 10 staff, no evidence: AMBER",
        ),
    ],
)
def test_the_facts_alone_suggest_a_rating(number, facts, rating, reason):
    suggestion = suggested_rating(section_of(number), SectionFacts(number, **facts))
    assert (suggestion.rating, suggestion.reason) == (rating, reason)


@pytest.mark.parametrize(
    ("number", "required", "facts", "sentence"),
    [
        (
            2,
            G,
            {},
            "EDP (Establishment Delivery Plan) is GREEN, not RED: 0 of 1 outcome is met; missing: The Establishment "
            "Delivery Plan covers IDTS; no evidence.",
        ),
        (
            2,
            G,
            {"rating": A, "outcomes": all_met(2), "evidence_count": 1},
            "EDP (Establishment Delivery Plan) is GREEN, not AMBER: all that it needs is recorded, so rate it GREEN if "
            "that is still so.",
        ),
        (
            14,
            A,
            {"staff_in_post": Decimal(7), "staff_required": Decimal(10)},
            "Recruitment of clinical staff is at least AMBER, not RED: 7 of 10 staff in post, 7.5 needed.",
        ),
        (
            14,
            A,
            {"staff_required": Decimal(10)},
            "Recruitment of clinical staff is at least AMBER, not RED: nobody can tell how many staff are in post: 7.5 "
            "of 10 are needed.",
        ),
        (
            16,
            A,
            {},
            "Recruitment of CARAT staff is at least AMBER, not RED: nobody can tell whether it has the staff: give the "
            "staff in post and the staff required.",
        ),
        (25, A, {}, "In-cell TVs is at least AMBER, not RED: rate it AMBER once work on it has begun."),
        (
            25,
            A,
            {"evidence_count": 1},
            "In-cell TVs is at least AMBER, not RED: work on it is recorded, so rate it AMBER.",
        ),
    ],
)
def test_a_reason_says_what_is_missing_now(number, required, facts, sentence):
    section, facts = section_of(number), SectionFacts(number, **facts)
    assert blocker_reason(section, facts, required, missing(section, facts, required)) == sentence


@pytest.mark.parametrize(
    ("required", "rating", "needed"),
    [("10", R, "0"), ("10", A, "7.5"), ("10", G, "10"), ("0.01", A, "0.01"), ("0.02", A, "0.02"), ("0.04", A, "0.03")],
)
def test_the_staff_needed_are_rounded_up_to_the_next_hundredth(required, rating, needed):
    assert staff_needed(section_of(14), Decimal(required), rating) == Decimal(needed)


def test_staff_that_are_missing_are_told_in_numbers():
    lacking = missing(section_of(14), SectionFacts(14, R, Decimal("7.25"), Decimal(10)), A).staff
    assert lacking is not None
    assert (lacking.needed, lacking.more, lacking.needed_for_green) == (7.5, 0.25, 10)
    enough = missing(section_of(14), SectionFacts(14, R, Decimal(8), Decimal(10)), A).staff
    assert enough is not None
    assert enough.more == 0


@pytest.mark.parametrize(
    ("number", "function", "allowed"),
    [
        # Source: toolkit, section 7 "(local prison)" and section 23 "(Usually Local Prisons)".
        (7, "local", False),
        (7, "trainer", True),
        (7, "open", True),
        (7, "high security", True),
        (7, "young offender", True),
        (23, "local", False),
        (23, "trainer", True),
        (23, "open", True),
        (23, "high security", True),
        (23, "young offender", True),
    ],
)
def test_sections_7_and_23_can_be_exempted_where_the_prison_is_not_local(number, function, allowed):
    reason = exemption_allowed(shipped_toolkit().section(number), Function(function))
    assert (reason is None) is allowed
    assert allowed or (reason is not None and reason.code == "section-not-exemptible")


@pytest.mark.parametrize("function", list(Function))
@pytest.mark.parametrize("number", [one for one in range(1, 36) if one not in (7, 23)])
def test_no_other_section_can_be_exempted_anywhere(number, function):
    reason = exemption_allowed(shipped_toolkit().section(number), function)
    assert reason is not None
    assert reason.code == "section-not-exemptible"
    assert re.search("applies to every prison", reason.detail)


def test_only_the_full_stop_of_an_outcome_is_left_out_where_a_sentence_goes_on():
    outcome = RequiredOutcome("planned", "There is a plan for wing X.")
    section = replace(shipped_toolkit().section(5), required_outcomes=(outcome,))
    facts = SectionFacts(5, outcomes={"planned": OUTSTANDING})
    (reason,) = unsupported_rating(section, replace(facts, rating=G, evidence_count=1))
    assert "Not met yet: There is a plan for wing X. Record them" in reason.detail
    assert "missing: There is a plan for wing X; no evidence." in blocker_reason(
        section, facts, G, missing(section, facts)
    )
