"""Each section at each rating with the rest GREEN, against a table written by hand from the toolkit's text."""

import pytest

from app.rules.readiness import judge_ratings
from app.rules.types import Rating
from tests.support.shipped import shipped_book

# Source: the toolkit's introduction. For commissioning "sections 1, 2, 3, 5, 6, 10, and 11 should be
# completed, ie at green status"; for go-live every section is green "with the exception of sections 7,
# 8, 9, 14, 16, 25 and 26 which must achieve at least amber", and none is red.
#
# What a rating makes of each verdict: "no" where it stands in the way, "ok" where it does not.
#                      go-live            commissioning
#             RED  AMBER  GREEN     RED  AMBER  GREEN
TABLE = """
    1         no   no     ok        no   no     ok      Local IDTS Management Team
    2         no   no     ok        no   no     ok      EDP (Establishment Delivery Plan)
    3         no   no     ok        no   no     ok      Establishment Drug Strategy
    4         no   no     ok        ok   ok     ok      Local Communications Plan
    5         no   no     ok        no   no     ok      Local Risk Register
    6         no   no     ok        no   no     ok      Needs Assessment identifying demand completed
    7         no   ok     ok        ok   ok     ok      Residential stabilisation unit/wing (local prison)
    8         no   ok     ok        ok   ok     ok      Interim Second Stage Unit in Locals and Trainers
    9         no   ok     ok        ok   ok     ok      Groupwork/interview and 1 to 1 facilities
    10        no   no     ok        no   no     ok      Commissioning Structure and performance management
    11        no   no     ok        no   no     ok      Healthcare Expenditure Plan
    12        no   no     ok        ok   ok     ok      CARAT SLA/Variation to Contract
    13        no   no     ok        ok   ok     ok      SLA ROM/Area Manager
    14        no   ok     ok        ok   ok     ok      Recruitment of clinical staff
    15        no   no     ok        ok   ok     ok      Workforce: controlled drug administration
    16        no   ok     ok        ok   ok     ok      Recruitment of CARAT staff
    17        no   no     ok        ok   ok     ok      Training (clinical staff)
    18        no   no     ok        ok   ok     ok      Training (CARATs)
    19        no   no     ok        ok   ok     ok      Training (prisoner contact staff)
    20        no   no     ok        ok   ok     ok      Succession planning
    21        no   no     ok        ok   ok     ok      Initiation of clinical treatment service for IDTS clients
    22        no   no     ok        ok   ok     ok      Pharmacy arrangements
    23        no   no     ok        ok   ok     ok      Clinical observation of stimulant users (Usually Local Prisons)
    24        no   no     ok        ok   ok     ok      Overdose Policy, CPR & Defibrillator
    25        no   ok     ok        ok   ok     ok      In-cell TVs
    26        no   ok     ok        ok   ok     ok      Provision of hot drinks etc at night
    27        no   no     ok        ok   ok     ok      IDTS Psychosocial Model
    28        no   no     ok        ok   ok     ok      Standardised IDTS groupwork packages
    29        no   no     ok        ok   ok     ok      Priority Prolific Offenders (PPOs)
    30        no   no     ok        ok   ok     ok      Integrated working between CARATs, Healthcare and clinical \
substance misuse teams
    31        no   no     ok        ok   ok     ok      OCA
    32        no   no     ok        ok   ok     ok      Sending Establishment
    33        no   no     ok        ok   ok     ok      Receiving Establishment
    34        no   no     ok        ok   ok     ok      Release
    35        no   no     ok        ok   ok     ok      Court movement/Release Planning
"""
ROWS = [line.split(maxsplit=7) for line in TABLE.splitlines() if line.strip()]
RATINGS = (Rating.RED, Rating.AMBER, Rating.GREEN)
GO_LIVE = [(int(row[0]), rating, row[1 + place]) for row in ROWS for place, rating in enumerate(RATINGS)]
COMMISSIONING = [(int(row[0]), rating, row[4 + place]) for row in ROWS for place, rating in enumerate(RATINGS)]


def verdict_with(number: int, rating: Rating):
    ratings = [Rating.GREEN] * 35
    ratings[number - 1] = rating
    return judge_ratings(shipped_book(), ratings)


def test_the_table_is_whole():
    assert [int(row[0]) for row in ROWS] == list(range(1, 36))
    assert len(GO_LIVE) == len(COMMISSIONING) == 105
    assert {word for row in ROWS for word in row[1:7]} == {"ok", "no"}


def test_the_titles_are_the_ones_in_the_table():
    assert [section.title for section in shipped_book().toolkit.sections] == [row[7] for row in ROWS]


@pytest.mark.parametrize(("number", "rating", "expected"), GO_LIVE)
def test_go_live_is_as_the_toolkit_says(number: int, rating: Rating, expected: str):
    verdict = verdict_with(number, rating).go_live
    assert [one.section for one in verdict.blockers] == ([number] if expected == "no" else [])
    assert verdict.eligible is (expected == "ok")


@pytest.mark.parametrize(("number", "rating", "expected"), COMMISSIONING)
def test_commissioning_is_as_the_toolkit_says(number: int, rating: Rating, expected: str):
    verdict = verdict_with(number, rating).commissioning
    assert [one.section for one in verdict.blockers] == ([number] if expected == "no" else [])
    assert verdict.ready is (expected == "ok")


def test_a_blocker_says_what_the_section_is_and_what_it_must_be():
    for number, rating, expected in GO_LIVE:
        for one in verdict_with(number, rating).go_live.blockers:
            assert expected == "no"
            assert (one.section, one.title, one.rating) == (number, ROWS[number - 1][7], rating)
            assert one.required == ("AMBER" if ROWS[number - 1][2] == "ok" else "GREEN")
            assert one.rule == "go_live"
            assert one.title in one.reason
            assert one.rating in one.reason
            assert one.missing is None


def test_a_commissioning_blocker_wants_green_and_names_its_rule():
    for number, rating, expected in COMMISSIONING:
        blockers = verdict_with(number, rating).commissioning.blockers
        assert [(one.required, one.rule) for one in blockers] == (
            [("GREEN", "commissioning")] if expected == "no" else []
        )


def test_the_required_sections_are_the_seven_of_the_toolkit():
    assert verdict_with(1, Rating.GREEN).commissioning.required_sections == (1, 2, 3, 5, 6, 10, 11)
