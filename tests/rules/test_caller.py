"""The moment that a change counts from."""

from datetime import UTC, datetime, timedelta

from app.rules.access import Caller, Principal, Role

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
BY = Principal("key:1", "Administrator", Role.ADMIN)


def test_without_a_clock_a_change_counts_from_when_it_was_asked_for():
    assert Caller(BY, AT).moment() == AT


def test_with_a_clock_it_counts_from_when_the_lock_is_held():
    later = AT + timedelta(seconds=4)
    assert Caller(BY, AT, clock=lambda: later).moment() == later
