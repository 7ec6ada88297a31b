"""The verdict as a whole: everything that a prison's situation says, on a day."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.rules.assessment import Answers, Assessment, EvidenceRef, Exemption, Stamp
from app.rules.prison import PrisonFacts
from app.rules.readiness import Counts, PrisonRef, Situation, judge_ratings
from app.rules.regions import REGION_REFS
from app.rules.statement import Standing, StatementFacts, StatementStatus
from app.rules.types import Function, Rating
from tests.support.shipped import all_met, shipped_book

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = date(2026, 3, 2)
PRISON = PrisonFacts(1, "MSI", "Maidstone", "south-east", Function.TRAINER, "2006-09.2", AT)
PLANNED = date(2026, 12, 1)
RAISED = StatementFacts("a", None, StatementStatus.RAISED, None, "d" * 64, PLANNED, PLANNED, None, ())
ISSUED = replace(RAISED, id="b", status=StatementStatus.ISSUED, standing=Standing.IN_FORCE)
LIVE = replace(PRISON, live_on=date(2026, 3, 1))


def answers(**more: Assessment) -> Answers:
    """Every section GREEN on evidence of the year, but for those given as `section_7=...`."""
    fresh = (EvidenceRef("e", date(2026, 1, 1)),)
    found = [
        more.get(f"section_{number}", Assessment(number, 1, Rating.GREEN, outcomes=all_met(number), evidence=fresh))
        for number in range(1, 36)
    ]
    return Answers(tuple(found), {1: Stamp(AT, "Lead")})


EXEMPT = Assessment(7, 1, Rating.RED, exemption=Exemption("There is no such unit", "Regional lead", "2026-03-01"))
STALE = Assessment(5, 1, Rating.GREEN, outcomes=all_met(5), evidence=(EvidenceRef("old", date(2025, 3, 1)),))


def test_the_view_says_whose_verdict_it_is_and_leaves_the_moments_to_the_caller():
    view = Situation(PRISON, answers(), (RAISED,)).view(shipped_book(), DAY)
    assert view.prison == PrisonRef("MSI", "Maidstone", REGION_REFS["south-east"], Function.TRAINER)
    assert (view.toolkit_version, view.as_of, view.updated_at) == ("2006-09.2", None, None)
    assert view.statement == RAISED
    assert view.warnings == ()


def test_the_verdict_is_that_on_the_ratings_and_exemptions():
    view = Situation(PRISON, answers(section_7=EXEMPT, section_4=Assessment(4, 1, Rating.AMBER))).view(
        shipped_book(), DAY
    )
    ratings = [{4: Rating.AMBER, 7: Rating.RED}.get(number, Rating.GREEN) for number in range(1, 36)]
    verdict = judge_ratings(shipped_book(), ratings, {7})
    assert view.counts == verdict.counts == Counts(red=0, amber=1, green=33, exempt=1)
    assert (view.commissioning, view.go_live.exempt) == (verdict.commissioning, verdict.go_live.exempt)
    (blocker,) = view.go_live.blockers
    (bare,) = verdict.go_live.blockers
    assert replace(blocker, reason=bare.reason, missing=None) == bare
    assert [one.section for one in view.go_live.exempt] == [7]


def test_evidence_that_is_stale_on_the_day_is_warned_of():
    situation = Situation(PRISON, answers(section_5=STALE))
    assert [one.section for one in situation.view(shipped_book(), date(2026, 3, 2)).warnings] == [5]
    assert situation.view(shipped_book(), date(2026, 3, 1)).warnings == ()


@pytest.mark.parametrize(
    ("statements", "stage"),
    [
        ((), "go_live_eligible"),
        ((RAISED,), "statement_raised"),
        ((RAISED, ISSUED), "statement_issued"),
        # What the statement says of going live is about the statement; the prison's own fact decides.
        ((replace(ISSUED, live_on=date(2026, 3, 1)),), "statement_issued"),
        ((replace(RAISED, status=StatementStatus.LAPSED),), "go_live_eligible"),
    ],
)
def test_the_stage_is_that_of_the_statement_that_counts(statements, stage):
    assert Situation(PRISON, answers(), statements).view(shipped_book(), DAY).stage == stage


@pytest.mark.parametrize("statements", [(), (RAISED,), (ISSUED,), (replace(RAISED, status=StatementStatus.WITHDRAWN),)])
def test_a_prison_that_is_live_stays_so_whatever_becomes_of_its_statement(statements):
    view = Situation(LIVE, answers(section_5=Assessment(5, 1, Rating.RED)), statements).view(shipped_book(), DAY)
    assert (view.stage, view.live_on) == ("live", date(2026, 3, 1))


@pytest.mark.parametrize(("worked_at", "stage"), [(None, "not_started"), (AT, "preparing")])
def test_a_prison_that_has_worked_on_no_section_itself_has_not_started(worked_at, stage):
    """Whatever its region has done to one (rule 9)."""
    red = Answers(tuple(Assessment(number) for number in range(1, 36)), {1: Stamp(AT, "Region")}, worked_at)
    assert Situation(PRISON, red).view(shipped_book(), DAY).stage == stage
