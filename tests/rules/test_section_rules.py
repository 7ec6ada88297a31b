"""The rules of one section: staffing, evidence, outcomes, exemptions; tables of cases that policy staff can read."""

import re
from dataclasses import replace

import pytest

from app.rules.go_live import go_live_blocker
from app.rules.section import exemption_allowed, green_needs_outcomes, unsupported_rating
from app.rules.toolkit import RequiredOutcome
from app.rules.types import Function, OutcomeStatus, Rating, SectionFacts
from tests.support.shipped import shipped_toolkit

R, A, G = Rating.RED, Rating.AMBER, Rating.GREEN
MET, OUTSTANDING = OutcomeStatus.MET, OutcomeStatus.OUTSTANDING


def refusals(number: int, rating: Rating, **facts) -> list[str]:
    """The codes of every reason why the rating is not supported."""
    found = unsupported_rating(shipped_toolkit().section(number), SectionFacts(number, rating, **facts))
    return [one.code for one in found]


@pytest.mark.parametrize(
    ("rating", "in_post", "required", "code"),
    [
        # Source: toolkit, sections 14 and 16, "75% of staff in place to achieve amber status".
        (A, 3, 4, None),
        (A, 4, 4, None),
        (A, 5, 4, None),
        (A, 2, 4, "staffing-below-threshold"),
        (A, 0, 4, "staffing-below-threshold"),
        (A, 74, 100, "staffing-below-threshold"),
        (A, 75, 100, None),
        # Exact: 2,999 of 4,000 is 74.975 %, which rounds to 75 and is not 75.
        (A, 2_999, 4_000, "staffing-below-threshold"),
        (A, 3_000, 4_000, None),
        (A, 7_499, 9_999, "staffing-below-threshold"),
        (A, 7_500, 9_999, None),
        (A, 0, 1, "staffing-below-threshold"),
        (A, 1, 1, None),
        # GREEN takes all of them.
        (G, 4, 4, None),
        (G, 5, 4, None),
        (G, 3, 4, "staffing-below-threshold"),
        (G, 9_999, 10_000, "staffing-below-threshold"),
        # RED says nothing about staff, so nothing has to support it.
        (R, 0, 4, None),
        (R, None, None, None),
        (R, 3, None, None),
        # Figures that were never given.
        (A, None, None, "staffing-figures-needed"),
        (A, 3, None, "staffing-figures-needed"),
        (A, None, 4, "staffing-figures-needed"),
        (G, None, None, "staffing-figures-needed"),
        (G, 4, None, "staffing-figures-needed"),
    ],
)
@pytest.mark.parametrize("number", [14, 16])
def test_staffing_supports_a_rating_from_three_quarters(number, rating, in_post, required, code):
    found = refusals(number, rating, staff_in_post=in_post, staff_required=required, evidence_count=1)
    assert found == ([] if code is None else [code])


@pytest.mark.parametrize("number", [one for one in range(1, 36) if one not in (14, 16)])
def test_no_other_section_asks_for_staff(number):
    assert refusals(number, A) == []
    assert refusals(number, A, staff_in_post=0, staff_required=4) == []
    assert refusals(number, G, evidence_count=1) == []


@pytest.mark.parametrize(
    ("rating", "in_post", "required", "wanted", "more"),
    [
        (A, 2_999, 4_000, "3,000", "1"),
        (A, 0, 4, "3", "3"),
        # 75 % of 5 is 3.75: nobody recruits three quarters of a nurse.
        (A, 3, 5, "4", "1"),
        (G, 2, 4, "4", "2"),
    ],
)
def test_a_refusal_for_staff_says_how_many_are_needed(rating, in_post, required, wanted, more):
    facts = SectionFacts(14, rating, in_post, required, evidence_count=1)
    (reason,) = unsupported_rating(shipped_toolkit().section(14), facts)
    assert f"{in_post:,} of {required:,} are, and {wanted} are needed. Recruit {more} more" in reason.detail
    assert reason.pointer == "/rating"


@pytest.mark.parametrize(
    ("given", "pointer"),
    [({}, "/staff_in_post"), ({"staff_in_post": 3}, "/staff_required"), ({"staff_required": 4}, "/staff_in_post")],
)
def test_missing_figures_are_pointed_at(given, pointer):
    (reason,) = unsupported_rating(shipped_toolkit().section(14), SectionFacts(14, A, **given))
    assert reason.pointer == pointer


@pytest.mark.parametrize(
    ("rating", "evidence", "expected"),
    [
        (R, 0, []),
        (A, 0, []),
        (G, 0, ["green-needs-evidence"]),
        (G, 1, []),
        (G, 50, []),
    ],
)
@pytest.mark.parametrize("number", [1, 5, 8, 23, 35])
def test_green_needs_one_piece_of_evidence(number, rating, evidence, expected):
    assert refusals(number, rating, evidence_count=evidence) == expected


RISK_REGISTER = [outcome.key for outcome in shipped_toolkit().section(5).required_outcomes]


@pytest.mark.parametrize(
    ("rating", "outcomes", "expected"),
    [
        (G, {}, []),
        (G, {RISK_REGISTER[0]: MET}, []),
        (G, dict.fromkeys(RISK_REGISTER, MET), []),
        (G, {RISK_REGISTER[0]: OUTSTANDING}, ["green-with-outstanding-outcomes"]),
        (G, {RISK_REGISTER[0]: MET, RISK_REGISTER[1]: OUTSTANDING}, ["green-with-outstanding-outcomes"]),
        (A, dict.fromkeys(RISK_REGISTER, OUTSTANDING), []),
        (R, dict.fromkeys(RISK_REGISTER, OUTSTANDING), []),
    ],
)
def test_green_has_no_outcome_outstanding(rating, outcomes, expected):
    assert refusals(5, rating, outcomes=outcomes, evidence_count=1) == expected


def test_a_refusal_for_outcomes_names_each_that_is_outstanding():
    section = shipped_toolkit().section(5)
    facts = SectionFacts(5, G, outcomes=dict.fromkeys(RISK_REGISTER, OUTSTANDING), evidence_count=1)
    (reason,) = unsupported_rating(section, facts)
    assert all(outcome.text.rstrip(".") in reason.detail for outcome in section.required_outcomes)
    assert reason.pointer == "/outcomes"


def test_every_reason_is_given_at_once_in_the_order_in_which_they_are_put_right():
    key = shipped_toolkit().section(14).required_outcomes[0].key
    found = refusals(14, G, staff_in_post=3, staff_required=4, outcomes={key: OUTSTANDING})
    assert found == ["staffing-below-threshold", "green-needs-evidence", "green-with-outstanding-outcomes"]


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
    reason = green_needs_outcomes(section, SectionFacts(5, G, outcomes={"planned": OUTSTANDING}))
    assert reason is not None
    assert "is outstanding: There is a plan for wing X. Record it" in reason.detail
    blocker = go_live_blocker(section, R)
    assert blocker is not None
    assert blocker.reason.endswith("it must be GREEN: There is a plan for wing X.")
