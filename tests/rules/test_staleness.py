"""When evidence grows stale: on the day after the period ends, and never by itself a change of verdict."""

from datetime import date, timedelta

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from app.rules.assessment import Assessment, EvidenceRef
from app.rules.staleness import fresh_until, is_stale, stale_warnings
from tests.support.shipped import shipped_toolkit

law = settings(deadline=None)
TOOLKIT = shipped_toolkit()


@pytest.mark.parametrize(
    ("effective_on", "today", "stale"),
    [
        ("2026-01-15", "2026-01-15", False),
        ("2026-01-15", "2027-01-14", False),
        ("2026-01-15", "2027-01-15", False),
        ("2026-01-15", "2027-01-16", True),
        # A year after 29 February is 28 February.
        ("2028-02-29", "2029-02-28", False),
        ("2028-02-29", "2029-03-01", True),
        # About a day to come.
        ("2027-06-01", "2026-01-15", False),
        ("1999-12-31", "2026-01-15", True),
    ],
)
def test_evidence_is_stale_from_the_day_after_twelve_months(effective_on, today, stale):
    assert is_stale(date.fromisoformat(effective_on), date.fromisoformat(today), 12) is stale


def with_evidence(number: int, *days: str) -> Assessment:
    items = tuple(EvidenceRef(f"{number}-{place}", date.fromisoformat(day)) for place, day in enumerate(days))
    return Assessment(number, version=1, evidence=items)


def test_the_toolkit_sets_twelve_months():
    assert TOOLKIT.evidence_stale_after_months == 12


def test_a_section_that_leans_on_stale_evidence_is_warned_of_once_and_counted():
    answers = [
        with_evidence(1, "2026-06-01"),
        with_evidence(5, "2025-01-01", "2025-01-02", "2026-06-01"),
        with_evidence(9, "2024-01-01"),
        Assessment(10),
    ]
    found = stale_warnings(TOOLKIT, answers, date(2026, 6, 30))
    assert [(one.section, one.title, one.kind) for one in found] == [
        (5, "Local Risk Register", "stale_evidence"),
        (9, "Groupwork/interview and 1 to 1 facilities", "stale_evidence"),
    ]
    assert "(2 of 3)" in found[0].detail
    assert "12 months" in found[0].detail


def test_no_evidence_stays_fresh_for_ever():
    assert fresh_until(TOOLKIT, [Assessment(1)], date(2026, 6, 30)) == date.max
    assert fresh_until(TOOLKIT, [with_evidence(1, "2020-01-01")], date(2026, 6, 30)) == date.max


def test_freshness_ends_with_the_item_that_ages_first():
    answers = [with_evidence(1, "2026-03-01", "2025-09-10"), with_evidence(2, "2020-01-01")]
    assert fresh_until(TOOLKIT, answers, date(2026, 6, 30)) == date(2026, 9, 10)
    # On the very last day it is fresh still, until tonight.
    assert fresh_until(TOOLKIT, answers, date(2026, 9, 10)) == date(2026, 9, 10)
    assert fresh_until(TOOLKIT, answers, date(2026, 9, 11)) == date(2027, 3, 1)


days = st.dates(date(2024, 1, 1), date(2027, 12, 31))


@law
@given(st.lists(days, max_size=5), days, st.integers(0, 800))
def test_until_the_promised_day_the_same_items_are_stale_and_after_it_they_are_not(items, today, ahead):
    refs = tuple(EvidenceRef(str(place), day) for place, day in enumerate(items))
    answers = [Assessment(3, version=1, evidence=refs)]
    last = fresh_until(TOOLKIT, answers, today)
    assert last >= today
    now = stale_warnings(TOOLKIT, answers, today)
    later = today + timedelta(days=ahead)
    event("stale now" if now else "fresh now")
    event("for ever" if last == date.max else "asked before it ends" if later <= last else "asked after it ended")
    if later <= last:
        assert stale_warnings(TOOLKIT, answers, later) == now
    if last < date.max:
        assert stale_warnings(TOOLKIT, answers, last + timedelta(days=1)) != now
