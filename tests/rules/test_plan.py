"""How an action stands."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from app.rules.by_when import ByWhen, ByWhenKind, read_by_when
from app.rules.plan import ActionFacts, ActionStatus, Standing, action_status, rolled_up

TODAY = date(2011, 6, 15)


@pytest.mark.parametrize(
    ("words", "status", "reason"),
    [
        ("May 2011", "overdue", "Its last day was 31 May 2011."),
        ("14 June 2011", "overdue", "Its last day was 14 June 2011."),
        ("15 June 2011", "due_in_28_days", "Due by 15 June 2011."),
        ("13 July 2011", "due_in_28_days", "Due by 13 July 2011."),
        ("14 July 2011", "on_track", "Due by 14 July 2011."),
        ("Ongoing", "on_track", "Runs on: it has no last day."),
        ("From April 2011", "on_track", "Runs on: it has no last day."),
        ("From July 2011", "on_track", "Begins on 1 July 2011: it has no last day."),
        ("Quarterly reviews", "on_track", "Runs on: it has no last day."),
        ("", "no_date", "Without a date: it has no date."),
        ("TBC", "no_date", "Without a date: its date is to be confirmed."),
        ("6 weeks", "no_date", "Without a date: its date could not be read."),
        ("Once funding is agreed", "no_date", "Without a date: it waits for something that has no date."),
        ("Done", "done", "The plan's own words say that it is done."),
    ],
)
def test_a_by_when_gives_the_status_and_its_reason(words: str, status: str, reason: str) -> None:
    assert action_status(ActionFacts(read_by_when(words)), TODAY) == Standing(ActionStatus(status), reason)


OVERDUE = ActionFacts(read_by_when("May 2011"))


def test_what_is_done_is_done_however_late() -> None:
    done = replace(OVERDUE, done_on=date(2011, 6, 1), waits_for="1.1", exempt_sections=(7,))
    assert action_status(done, TODAY) == Standing(ActionStatus.DONE, "Done on 1 June 2011.")


def test_an_action_that_nobody_takes_needs_no_date() -> None:
    facts = replace(OVERDUE, no_action_reason="The wing is closed.")
    assert action_status(facts, TODAY).reason == "No action is taken: The wing is closed."


def test_an_action_waits_for_another() -> None:
    assert action_status(replace(OVERDUE, waits_for="AB12"), TODAY) == Standing(
        ActionStatus.BLOCKED, "Waits for AB12, which is not done."
    )


@pytest.mark.parametrize(
    ("sections", "reason"), [((7,), "Section 7 is exempt."), ((7, 23), "Sections 7 and 23 are exempt.")]
)
def test_an_action_on_exempt_sections_is_blocked(sections: tuple[int, ...], reason: str) -> None:
    assert action_status(replace(OVERDUE, exempt_sections=sections), TODAY).reason == reason


@given(
    latest=st.dates(date(2000, 1, 1), date(2050, 1, 1)), later=st.one_of(st.integers(0, 4000), st.integers(1965, 2005))
)
def test_an_action_grows_no_less_pressing_as_days_pass(latest: date, later: int) -> None:
    facts = ActionFacts(ByWhen("", ByWhenKind.DAY, latest, latest))
    today = latest - timedelta(days=2000)
    order = list(ActionStatus)
    before, after = (action_status(facts, day).status for day in (today, today + timedelta(days=later)))
    event(f"{before.value} to {after.value}")
    assert order.index(after) <= order.index(before)


def test_a_roll_up_names_every_status() -> None:
    assert rolled_up([ActionStatus.DONE, ActionStatus.DONE, ActionStatus.OVERDUE]) == {
        ActionStatus.OVERDUE: 1,
        ActionStatus.BLOCKED: 0,
        ActionStatus.NO_DATE: 0,
        ActionStatus.DUE_SOON: 0,
        ActionStatus.ON_TRACK: 0,
        ActionStatus.DONE: 2,
    }
