"""Months as London reckons them, and when one may be frozen."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.rules.returns import SETTLES_AFTER, Month, may_be_frozen, month_named, month_of

MONTHS = st.builds(Month, st.integers(2000, 9998), st.integers(1, 12))


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        ("2026-01-01T00:00:00Z", Month(2026, 1)),
        ("2026-06-30T22:59:59.999999Z", Month(2026, 6)),
        # Summer time: July has begun in London.
        ("2026-06-30T23:00:00Z", Month(2026, 7)),
        ("2026-12-31T23:59:59Z", Month(2026, 12)),
        ("2026-12-31T23:30:00-01:00", Month(2027, 1)),
    ],
)
def test_a_moment_falls_in_the_month_that_london_has(moment, month):
    assert month_of(datetime.fromisoformat(moment)) == month


@pytest.mark.parametrize(
    ("month", "first", "last", "end"),
    [
        (Month(2026, 2), date(2026, 2, 1), date(2026, 2, 28), "2026-02-28T23:59:59.999999Z"),
        (Month(2028, 2), date(2028, 2, 1), date(2028, 2, 29), "2028-02-29T23:59:59.999999Z"),
        (Month(2026, 6), date(2026, 6, 1), date(2026, 6, 30), "2026-06-30T22:59:59.999999Z"),
    ],
)
def test_a_month_has_a_first_and_a_last_day_and_ends_at_midnight_in_london(month, first, last, end):
    assert (month.first, month.last, month.end) == (first, last, datetime.fromisoformat(end))


@given(MONTHS)
@example(Month(2000, 1))
@example(Month(9998, 12))
def test_a_month_is_found_by_its_own_name(month):
    assert month_named(str(month)) == month


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026", "2026-1", "2026-001", "2026-00", "2026-13", "2026-99", "1999-12", "9999-01", "0000-01"),
        *(
            "2026-10-01",
            " 2026-10",
            "2026-10 ",
            "2026-10\n",
            "2026/10",
            "26-10",
            "x2026-10",
            "\uff12\uff10\uff12\uff16-10",
            "2026-1a",
        ),
    ],
)
def test_what_is_no_month_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match=r"^give a month as YYYY-MM, such as 2026-10$"):
        month_named(text)


@pytest.mark.parametrize(
    ("after_the_end", "code"),
    [
        (timedelta(days=-1), "month-not-over"),
        (timedelta(0), "month-not-over"),
        (timedelta(microseconds=1), "month-not-settled"),
        (SETTLES_AFTER, "month-not-settled"),
        (SETTLES_AFTER + timedelta(microseconds=1), None),
        (timedelta(days=400), None),
    ],
)
def test_a_month_is_frozen_once_it_is_over_and_settled(after_the_end, code):
    month = Month(2026, 10)
    reason = may_be_frozen(month, month.end + after_the_end)
    assert (None if reason is None else reason.code) == code


def test_months_are_in_the_order_of_the_calendar():
    assert sorted([Month(2027, 1), Month(2026, 12), Month(2026, 2)]) == [
        Month(2026, 2),
        Month(2026, 12),
        Month(2027, 1),
    ]


def test_a_month_settles_in_five_minutes():
    assert timedelta(minutes=5) == SETTLES_AFTER
    assert may_be_frozen(Month(2026, 10), datetime(2026, 11, 1, 0, 5, tzinfo=UTC)) is None
