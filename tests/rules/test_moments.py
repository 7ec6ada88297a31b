"""Days that end at midnight in London, months that differ in length, and clocks that go back."""

import time
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from app.rules.moments import (
    end_of_day,
    is_behind,
    last_day_of,
    london_date,
    moment_text,
    months_after,
    start_of_day,
    strictly_after,
)

law = settings(deadline=None)


@pytest.mark.parametrize(
    ("day", "end"),
    [
        # Winter: London is on UTC.
        ("2026-01-15", "2026-01-15T23:59:59.999999+00:00"),
        ("2026-12-31", "2026-12-31T23:59:59.999999+00:00"),
        # Summer: London is an hour ahead.
        ("2026-07-15", "2026-07-15T22:59:59.999999+00:00"),
        ("2026-06-30", "2026-06-30T22:59:59.999999+00:00"),
        # The clocks change on these days; what counts is the midnight at their end.
        ("2026-03-28", "2026-03-28T23:59:59.999999+00:00"),
        ("2026-03-29", "2026-03-29T22:59:59.999999+00:00"),
        ("2026-10-24", "2026-10-24T22:59:59.999999+00:00"),
        ("2026-10-25", "2026-10-25T23:59:59.999999+00:00"),
        ("2028-02-29", "2028-02-29T23:59:59.999999+00:00"),
    ],
)
def test_a_day_ends_at_midnight_in_london(day, end):
    assert end_of_day(date.fromisoformat(day)) == datetime.fromisoformat(end)
    assert end_of_day(date.fromisoformat(day)).tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-01-15T23:59:59.999999Z", "2026-01-15"),
        ("2026-01-16T00:00:00Z", "2026-01-16"),
        ("2026-07-15T22:59:59.999999Z", "2026-07-15"),
        ("2026-07-15T23:00:00Z", "2026-07-16"),
        ("2026-10-25T00:59:59Z", "2026-10-25"),
        ("2026-07-16T00:30:00+01:00", "2026-07-16"),
        ("2026-01-15T20:00:00-05:00", "2026-01-16"),
    ],
)
def test_a_moment_falls_on_the_day_that_london_has(moment, day):
    assert london_date(datetime.fromisoformat(moment)) == date.fromisoformat(day)


@law
@given(st.dates(date(1990, 1, 1), date(2100, 12, 30)))
def test_a_day_starts_just_after_the_one_before_it_ended(day):
    starts = start_of_day(day)
    event(f"starts at {starts:%H:%M} in UTC")
    assert starts == end_of_day(day - timedelta(days=1)) + timedelta(microseconds=1)
    assert starts.tzinfo is UTC
    assert london_date(starts) == day


@law
@given(st.dates(date(1990, 1, 1), date(2100, 12, 30)))
def test_the_last_microsecond_of_a_day_is_in_it_and_the_next_one_is_not(day):
    event("summer time" if end_of_day(day).hour == 22 else "winter time")
    assert london_date(end_of_day(day)) == day
    assert london_date(end_of_day(day) + timedelta(microseconds=1)) == day + timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2026-01-31", 0, "2026-01-31"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2027-02-28", 12, "2028-02-28"),
        ("2026-03-31", 1, "2026-04-30"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-12-15", 12, "2027-12-15"),
        # The calendar ends in 9999: what would be later is its last day, and what is not stays as it is.
        ("9998-06-01", 12, "9999-06-01"),
        ("9999-06-01", 6, "9999-12-01"),
        ("9999-06-01", 7, "9999-12-31"),
        ("9999-06-01", 12, "9999-12-31"),
    ],
)
def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month(day, months, expected):
    assert months_after(date.fromisoformat(day), months) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("period", "last"),
    [
        ("2011-10-31", "2011-10-31"),
        ("2009-04", "2009-04-30"),
        ("2013", "2013-12-31"),
        ("2024-02", "2024-02-29"),
        ("2100-02", "2100-02-28"),
        ("2023-12", "2023-12-31"),
    ],
)
def test_the_last_day_of_a_date_a_month_or_a_year(period, last):
    assert last_day_of(period) == date.fromisoformat(last)


@pytest.mark.parametrize("period", ["", "soon", "2011-13", "2011-00", "2011-02-30", "0000"])
def test_what_is_no_period_is_a_value_error(period):
    with pytest.raises(ValueError, match=r".+"):
        last_day_of(period)


MOMENT = datetime(2026, 11, 20, 14, 3, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (timedelta(seconds=5), timedelta(seconds=5)),
        (timedelta(0), timedelta(microseconds=1)),
        (timedelta(hours=-1), timedelta(microseconds=1)),
        (timedelta(microseconds=1), timedelta(microseconds=1)),
    ],
)
def test_time_in_a_history_only_runs_forward(step, expected):
    assert strictly_after(MOMENT, MOMENT + step) == MOMENT + expected


@pytest.mark.parametrize(
    ("ahead", "behind"),
    [
        (timedelta(days=3650), True),
        (timedelta(minutes=1, microseconds=1), True),
        (timedelta(minutes=1), False),
        (timedelta(0), False),
        (timedelta(days=-1), False),
    ],
)
def test_a_clock_is_behind_once_more_than_a_minute_was_stored_ahead_of_it(ahead, behind):
    assert is_behind(MOMENT + ahead, MOMENT) is behind


def test_a_moment_is_written_in_utc_to_the_microsecond():
    assert moment_text(datetime(2026, 3, 2, 9, 0, 0, 1, tzinfo=UTC)) == "2026-03-02T09:00:00.000001Z"
    summer = timezone(timedelta(hours=1))
    assert moment_text(datetime(2026, 7, 2, 0, 30, tzinfo=summer)) == "2026-07-01T23:30:00.000000Z"


def test_a_moment_is_written_the_same_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        assert moment_text(datetime(2026, 3, 2, 9, tzinfo=UTC)) == "2026-03-02T09:00:00.000000Z"
    time.tzset()
