"""Reviews: what a challenge needs, who may do what to it when, and what it counts for."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.rules.review import (
    Review,
    ReviewKind,
    Said,
    after_review,
    challenge_warnings,
    malformed_review,
    may_be_answered,
    may_be_closed,
    review_document,
    review_from,
)
from app.rules.staleness import VerdictWarning
from app.rules.types import Rating
from tests.support.shipped import shipped_book

TODAY = date(2026, 11, 24)
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SAID = Said("Done.", "South East", AT)
REMARK, CONFIRMED, CHALLENGED = ReviewKind.REMARK, ReviewKind.CONFIRMED, ReviewKind.CHALLENGED


def review(kind: ReviewKind = CHALLENGED, **other) -> Review:
    values = {"id": "r1", "section": 5, "version": 3, "text": "Where is it kept?", "rating": None}
    more = {"recommendation": None, "due_on": None, "by": "South East", "at": AT}
    return Review(**{**values, **more, "kind": kind, **other})


@pytest.mark.parametrize(
    ("kind", "text", "due_on", "pointer"),
    [
        (REMARK, None, None, None),
        (CONFIRMED, None, None, None),
        (CHALLENGED, "Why?", None, None),
        (CHALLENGED, "Why?", TODAY, None),
        (CHALLENGED, None, None, "/text"),
        (CHALLENGED, "", None, "/text"),
        (CHALLENGED, "Why?", date(2026, 11, 23), "/due_on"),
        (REMARK, "Well done.", TODAY, "/due_on"),
        (CONFIRMED, None, TODAY, "/due_on"),
    ],
)
def test_a_challenge_has_a_text_and_only_a_challenge_a_day_to_come(kind, text, due_on, pointer):
    reason = malformed_review(kind, text, due_on, TODAY)
    assert (reason.pointer if reason else None) == pointer


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (review(), None),
        (review(answer=SAID), None),
        (review(closed=SAID), "challenge-closed"),
        (review(answer=SAID, closed=SAID), "challenge-closed"),
        (review(REMARK), "not-a-challenge"),
        (review(CONFIRMED), "not-a-challenge"),
    ],
)
@pytest.mark.parametrize("rule", [may_be_answered, may_be_closed])
def test_only_an_open_challenge_is_answered_and_closed(rule, one, code):
    reason = rule(one)
    assert (reason.code if reason else None) == code


def test_a_challenge_is_open_until_it_is_closed_though_the_section_moves_on():
    assert review().is_open
    assert review(answer=SAID).is_open
    assert not review(closed=SAID).is_open
    assert not review(REMARK).is_open
    assert review().is_outdated(4)
    assert not review().is_outdated(3)


@pytest.mark.parametrize(
    ("one", "overdue"),
    [
        (review(due_on=date(2026, 11, 23)), True),
        (review(due_on=TODAY), False),
        (review(), False),
        (review(due_on=date(2026, 11, 23), answer=SAID), False),
        (review(due_on=date(2026, 11, 23), closed=SAID), False),
    ],
)
def test_a_challenge_is_overdue_from_the_day_after_until_it_is_answered(one, overdue):
    assert one.is_overdue(TODAY) is overdue


def test_the_open_challenges_follow_what_becomes_of_a_review():
    first, second = review(id="r1"), review(id="r2", section=2)
    assert after_review((), first) == (first,)
    assert after_review((first,), second) == (first, second)
    answered = replace(first, answer=SAID)
    assert after_review((first, second), answered) == (answered, second)
    assert after_review((answered, second), replace(answered, closed=SAID)) == (second,)
    assert after_review((first,), review(REMARK, id="r3")) == (first,)


@pytest.mark.parametrize(
    ("one", "detail"),
    [
        (review(), "The region challenged {} on 20 November 2026: the prison is to answer."),
        (
            review(due_on=date(2026, 12, 1)),
            "The region challenged {} on 20 November 2026: the prison is to answer by 1 December 2026.",
        ),
        (
            review(due_on=date(2026, 12, 1), answer=SAID),
            "The region challenged {} on 20 November 2026; the prison has answered, and the region has yet to close "
            "the challenge.",
        ),
    ],
)
def test_a_warning_says_who_has_the_next_step_and_nothing_of_what_was_said(one, detail):
    toolkit = shipped_book().toolkit
    title = toolkit.section(5).title
    (warning,) = challenge_warnings(toolkit, [one])
    assert warning == VerdictWarning(5, title, "open_challenge", detail.format(title))


@pytest.mark.parametrize(
    "one",
    [
        review(),
        review(CONFIRMED, text=None, rating=Rating.AMBER, recommendation="Take it to the board."),
        review(due_on=TODAY, answer=SAID, closed=Said(None, "South East", AT)),
    ],
)
def test_the_history_of_a_review_has_all_of_it(one):
    document = review_document(one)
    assert review_from(json.loads(json.dumps(document))) == one
    assert document["at"] == "2026-11-20T09:00:00Z"
