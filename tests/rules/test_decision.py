"""What a change makes of a prison, before anything is stored."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.rules.assessment import Answers, Assessment, EvidenceRef, Stamp
from app.rules.decision import Change, Decision, Facts, decide
from app.rules.prison import PrisonFacts
from app.rules.readiness import Situation, rule_book
from app.rules.regions import REGION_REFS
from app.rules.statement import Standing, StatementFacts, StatementStatus, Step
from app.rules.types import Function, Rating
from tests.support.shipped import all_met, shipped_book, shipped_toolkit

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = date(2026, 3, 2)
PRISON = PrisonFacts(1, "MSI", "Maidstone", "south-east", Function.TRAINER, "2006-09.2", AT)
STAMP = Stamp(AT, "Lead")
EVIDENCE = (EvidenceRef("e", date(2026, 1, 1)),)
GREEN = tuple(
    Assessment(number, 1, Rating.GREEN, outcomes=all_met(number), evidence=EVIDENCE) for number in range(1, 36)
)
PLANNED = date(2026, 12, 1)
RAISED = StatementFacts("a", None, StatementStatus.RAISED, None, "d" * 64, PLANNED, PLANNED, None, ())
ISSUED = replace(RAISED, id="b", status=StatementStatus.ISSUED, standing=Standing.IN_FORCE)
RED_FIVE = Assessment(5, 2, Rating.RED, evidence=EVIDENCE)


def facts(*statements: StatementFacts) -> Facts:
    """An eligible prison, every section of which was stamped long ago."""
    stamps = dict.fromkeys(range(1, 36), Stamp(datetime(2026, 1, 5, tzinfo=UTC), "Lead"))
    return Facts(Situation(PRISON, Answers(GREEN, stamps), statements), shipped_book(), DAY)


def test_a_change_of_nothing_decides_nothing():
    before = facts(ISSUED)
    view = before.situation.view(before.book, DAY)
    same = Change(sections={5: GREEN[4]}, stamp=STAMP)
    for change in (Change(), same):
        assert decide(before, change) == Decision(before.situation, before.situation, {}, (), (), view, False)


@pytest.mark.parametrize("is_own_work", [True, False])
def test_a_section_that_differs_is_stored_with_its_stamp_and_the_others_are_not(is_own_work):
    before = facts()
    found = decide(before, Change(sections={5: RED_FIVE, 7: GREEN[6]}, stamp=STAMP, is_own_work=is_own_work))
    assert found.sections == {5: RED_FIVE}
    assert found.before == before.situation
    assert found.after.answers == before.situation.answers.with_versions({5: RED_FIVE}, STAMP, is_own_work=is_own_work)
    assert (found.steps, found.followed, found.moves_verdict) == ((), (), True)
    assert found.readiness == found.after.view(before.book, DAY)
    assert [one.section for one in found.readiness.go_live.blockers] == [5]


def test_without_a_stamp_no_section_becomes_another():
    found = decide(facts(), Change(sections={5: RED_FIVE}))
    assert found.after.answers == facts().situation.answers


@pytest.mark.parametrize(
    ("statement", "kind", "left"),
    [
        (RAISED, "lapsed", ()),
        (ISSUED, "breached", (replace(ISSUED, standing=Standing.IN_BREACH, breached_sections=(5,)),)),
    ],
)
def test_the_statements_follow_the_ratings_and_the_verdict_tells_of_them_as_they_are_then(statement, kind, left):
    found = decide(facts(statement), Change(sections={5: RED_FIVE}, stamp=STAMP))
    assert [step.kind for step in found.followed] == [kind]
    assert found.after.statements == left
    assert found.readiness.statement == (left[0] if left else None)
    assert found.readiness == found.after.view(shipped_book(), DAY)


def test_a_step_that_somebody_takes_is_in_the_verdict():
    step = Step("raised", None, RAISED)
    found = decide(facts(), Change(steps=(step,)))
    assert (found.steps, found.followed) == ((step,), ())
    assert found.after.statements == (RAISED,)
    assert (found.readiness.stage, found.moves_verdict) == ("statement_raised", True)


def test_a_change_of_section_that_the_verdict_does_not_tell_of_moves_nothing():
    commented = replace(GREEN[4], version=2, comment="Seen")
    found = decide(facts(), Change(sections={5: commented}, stamp=STAMP))
    assert found.sections == {5: commented}
    assert not found.moves_verdict


def test_a_prison_whose_details_change_is_judged_as_it_is_then():
    moved = replace(PRISON, region="london", name="Maidstone Hill")
    found = decide(facts(), Change(prison=moved))
    assert found.after.prison == moved
    assert (found.readiness.prison.name, found.readiness.prison.region) == (*("Maidstone Hill", REGION_REFS["london"]),)
    assert found.moves_verdict


def test_a_prison_on_another_toolkit_is_judged_by_that():
    shipped = shipped_toolkit()
    sections = tuple(replace(one, go_live_minimum=Rating.GREEN) if one.number == 7 else one for one in shipped.sections)
    stricter = rule_book(replace(shipped, version="stricter", sections=sections))
    amber = replace(GREEN[6], rating=Rating.AMBER)
    before = facts(ISSUED)
    answers = Answers((*GREEN[:6], amber, *GREEN[7:]), before.situation.answers.stamps)
    before = replace(before, situation=replace(before.situation, answers=answers))
    assert not decide(before, Change()).moves_verdict
    found = decide(before, Change(book=stricter, prison=replace(PRISON, toolkit_version="stricter")))
    assert [step.kind for step in found.followed] == ["breached"]
    assert [one.section for one in found.readiness.go_live.blockers] == [7]
    assert found.readiness == found.after.view(stricter, DAY)
    assert found.moves_verdict
    # The verdict before it was by the earlier book: where both agree, nothing has moved.
    assert not decide(facts(), Change(book=stricter)).moves_verdict
