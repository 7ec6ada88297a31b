"""The programme in numbers: masks, days open, quiet prisons, totals, and the ends of months in a trend."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from app.rules.moments import end_of_day, london_date
from app.rules.programme import (
    MonthEnds,
    Point,
    Totals,
    TrendPoint,
    TrendStep,
    blocking_letters,
    by_section,
    counting_letters,
    is_open_during,
    is_open_on,
    is_quiet,
    mask_of,
    month_ends,
    month_name,
    month_number,
    numbers_in,
    overdue_in,
    quiet_from,
    rating_totals,
    target_in,
    targets_of,
    totals_of,
    trend_before,
)

SECTIONS = st.sets(st.integers(1, 35))
DAYS = st.dates(date(2025, 11, 1), date(2027, 3, 1))
# From when and until when a prison is open, where that is known.
OPEN_DAYS = st.tuples(st.none(), DAYS) | st.tuples(DAYS, st.none()) | st.tuples(DAYS, DAYS).map(sorted)
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def point(**more: Any) -> Point:
    plain: dict[str, Any] = dict.fromkeys(Point._fields)
    plain |= {"code": "LWI", "stage": "not_started", "is_commissioning_ready": False, "is_eligible": False}
    plain |= {"ratings": "R" * 35, "blocking": 0, "quiet_since": AT}
    return Point(**(plain | more))


@given(SECTIONS)
def test_a_mask_gives_its_section_numbers_back_in_order(numbers):
    assert numbers_in(mask_of(numbers)) == sorted(numbers)
    assert mask_of([*numbers, *numbers]) == mask_of(numbers)
    assert [place for place, letter in enumerate(blocking_letters(mask_of(numbers)), 1) if letter == "1"] == sorted(
        numbers
    )
    assert len(blocking_letters(mask_of(numbers))) == 35


def test_section_n_is_bit_n_less_one():
    assert [mask_of([1]), mask_of([2]), mask_of([35]), mask_of([]), mask_of([1, 3])] == [1, 2, 1 << 34, 0, 5]
    assert blocking_letters(0b101) == "101" + "0" * 32
    assert numbers_in(2**40 - 1) == list(range(1, 36))


MARCH, APRIL, MAY = date(2026, 3, 2), date(2026, 4, 1), date(2026, 5, 31)


@pytest.mark.parametrize(
    ("opened_on", "closed_by", "days_open"),
    [
        (None, None, [MARCH, APRIL, MAY]),
        (APRIL, None, [APRIL, MAY]),
        (None, APRIL, [MARCH, APRIL]),
        (APRIL, APRIL, [APRIL]),
        (date(2026, 4, 2), date(2026, 5, 30), []),
        (date(2026, 6, 1), None, []),
        (None, date(2026, 3, 1), []),
    ],
)
def test_a_prison_is_open_from_its_first_day_to_its_last(opened_on, closed_by, days_open):
    assert [day for day in (MARCH, APRIL, MAY) if is_open_on(opened_on, closed_by, day)] == days_open


@given(OPEN_DAYS, DAYS, st.integers(0, 40))
def test_open_during_some_days_is_open_on_at_least_one_of_them(open_days, first, length):
    opened_on, closed_by = open_days
    days = [first + timedelta(days=place) for place in range(length + 1)]
    on_any = any(is_open_on(opened_on, closed_by, day) for day in days)
    event("open" if on_any else "closed")
    assert is_open_during(opened_on, closed_by, days[0], days[-1]) is on_any


@pytest.mark.parametrize(
    ("changed", "day", "quiet"),
    [
        ("2026-03-01T00:00:00Z", "2026-03-28", False),
        ("2026-03-01T00:00:00Z", "2026-03-29", True),
        ("2026-03-01T23:59:59Z", "2026-03-29", True),
        # Summer time: this is 2 June in London.
        ("2026-06-01T23:00:00Z", "2026-06-29", False),
        ("2026-06-01T22:59:59Z", "2026-06-29", True),
    ],
)
def test_a_prison_is_quiet_from_the_28th_day_without_a_change(changed, day, quiet):
    assert is_quiet(datetime.fromisoformat(changed), date.fromisoformat(day)) is quiet


def test_the_last_day_for_a_change_is_28_days_before():
    assert quiet_from(date(2026, 3, 29)) == date(2026, 3, 1)


def test_totals_count_each_prison_at_its_stage_and_its_statement_as_it_stands():
    points = [
        point(),
        point(stage="preparing"),
        point(stage="preparing", is_commissioning_ready=True),
        point(stage="statement_raised", is_commissioning_ready=True, is_eligible=True, statement_status="raised"),
        point(stage="statement_issued", is_eligible=True, statement_status="issued", statement_standing="in_force"),
        point(stage="statement_issued", statement_status="issued", statement_standing="in_breach"),
        point(stage="live", is_eligible=True, statement_status="issued", statement_standing="in_breach"),
        point(stage="live", is_eligible=True, statement_status="issued", statement_standing="in_force"),
        point(stage="live", is_eligible=True, statement_status="issued", statement_standing="in_breach"),
    ]
    stages = {"not_started": 1, "preparing": 2, "commissioning_ready": 0, "go_live_eligible": 0}
    stages |= {"statement_raised": 1, "statement_issued": 2, "live": 3}
    assert totals_of(points) == Totals(
        prisons=9, stages=stages, commissioning_ready=2, eligible=5, live=3, raised=1, issued=5, in_breach=3
    )


def test_totals_of_nothing_are_nought_at_every_stage():
    found = totals_of([])
    assert set(found.stages.values()) == {0}
    assert len(found.stages) == 7
    assert (found.prisons, found.live, found.raised, found.issued, found.in_breach) == (0, 0, 0, 0, 0)


WORDS = st.text(alphabet="rRAG", min_size=35, max_size=35)


@given(st.lists(WORDS, max_size=5))
def test_letters_are_turned_section_by_section(words):
    assert by_section(words) == ["".join(word[place] for word in words) for place in range(35)]


@given(WORDS, SECTIONS)
def test_what_sections_count_as_adds_up_to_them_all(word, exempt):
    letters = counting_letters(word, mask_of(exempt))
    assert [place for place, letter in enumerate(letters, 1) if letter == "X"] == sorted(exempt)
    assert all(new in (old, "X") for old, new in zip(word, letters, strict=True))
    totals = rating_totals(letters)
    assert totals.red + totals.amber + totals.green + totals.exempt == 35
    assert totals.exempt == len(exempt)
    assert totals.never_updated == letters.count("r") <= totals.red


@given(st.dictionaries(st.integers(1, 35), DAYS, max_size=8), DAYS)
def test_the_target_dates_before_a_day_are_overdue_earliest_first(targets, day):
    text = targets_of((on, number) for number, on in targets.items())
    late = sorted((on, number) for number, on in targets.items() if on < day)
    event(f"{'some' if late else 'none'} overdue of {'some' if targets else 'none'}")
    assert list(map(target_in, overdue_in(text, day))) == late


@pytest.mark.parametrize(
    ("day", "name"), [(date(2026, 1, 31), "2026-01"), (date(2026, 12, 1), "2026-12"), (date(800, 3, 1), "0800-03")]
)
def test_a_month_has_a_number_and_the_number_a_name(day, name):
    assert month_name(month_number(day)) == name


def test_months_are_numbered_without_a_gap():
    assert month_number(date(2027, 1, 1)) == month_number(date(2026, 12, 31)) + 1
    assert month_number(date(1, 1, 1)) == 12


JANUARY = month_number(date(2026, 1, 1))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, (0, 4, 0, 4)),
        ({"opened_on": date(2026, 2, 28)}, (0, 4, 1, 4)),
        ({"opened_on": date(2026, 3, 1)}, (0, 4, 2, 4)),
        ({"opened_on": date(2025, 3, 1)}, (0, 4, 0, 4)),
        # Open on the last day of March, so at its end; a day less and not.
        ({"closed_by": date(2026, 3, 31)}, (0, 4, 0, 3)),
        ({"closed_by": date(2026, 3, 30)}, (0, 4, 0, 2)),
        ({"closed_by": date(2026, 2, 28)}, (0, 4, 0, 2)),
        ({"closed_by": date(2030, 1, 1)}, (0, 4, 0, 4)),
        # Never open at the end of any of them.
        ({"closed_by": date(2025, 3, 1)}, (0, 4, 0, 0)),
        ({"opened_on": date(2026, 2, 2), "closed_by": date(2026, 2, 20)}, (0, 4, 1, 1)),
    ],
)
def test_a_period_from_january_to_may_stood_at_four_ends_of_months(more, expected):
    stood = datetime(2026, 1, 31, 23, 59, tzinfo=UTC), datetime(2026, 5, 1, 12, tzinfo=UTC)
    found = month_ends(point(**more), *stood)
    assert found == MonthEnds(*(JANUARY + place for place in expected))


@given(OPEN_DAYS, DAYS, st.integers(0, 400), st.integers(0, 86_399))
def test_the_ends_of_months_are_those_at_which_the_period_stood_and_the_prison_was_open(
    open_days, first, length, second
):
    opened_on, closed_by = open_days
    from_at = datetime.combine(first, datetime.min.time(), UTC) + timedelta(seconds=second)
    to_at = from_at + timedelta(days=length, seconds=1)
    found = month_ends(point(opened_on=opened_on, closed_by=closed_by), from_at, to_at)
    months = range(month_number(london_date(from_at)) - 1, month_number(london_date(to_at)) + 2)
    ends = {number: last_day(number) for number in months}
    stood = [number for number, day in ends.items() if from_at <= end_of_day(day) < to_at]
    is_open = [number for number in stood if is_open_on(opened_on, closed_by, ends[number])]
    event(f"open at {'none' if not is_open else 'all' if is_open == stood else 'some'} of the ends")
    assert list(range(found.stood_from, found.stood_until)) == stood
    assert list(range(found.open_from, found.open_until)) == is_open


def last_day(number: int) -> date:
    return date((number + 1) // 12, (number + 1) % 12 + 1, 1) - timedelta(days=1)


def test_a_trend_adds_up_its_steps_month_by_month():
    steps = [
        TrendStep(JANUARY + 3, JANUARY + 3, -1, 0, -2, 1),
        TrendStep(JANUARY + 1, JANUARY + 1, 2, 1, 0, 0),
        TrendStep(JANUARY + 1, JANUARY + 1, 3, 0, 4, 0),
        # Nothing of a month that is not over yet.
        TrendStep(JANUARY + 4, JANUARY + 4, 50, 50, 50, 50),
    ]
    assert trend_before(steps, JANUARY + 4) == [
        TrendPoint("2026-02", 5, 1, 4, 0),
        TrendPoint("2026-03", 5, 1, 4, 0),
        TrendPoint("2026-04", 4, 1, 2, 1),
    ]


def test_a_trend_begins_with_the_first_month_at_whose_end_a_period_stood():
    """Although no prison was open then."""
    assert trend_before([TrendStep(JANUARY + 2, JANUARY, 1, 0, 0, 0)], JANUARY + 3) == [
        TrendPoint("2026-01", 0, 0, 0, 0),
        TrendPoint("2026-02", 0, 0, 0, 0),
        TrendPoint("2026-03", 1, 0, 0, 0),
    ]


def test_without_a_step_there_is_no_trend():
    assert trend_before([], JANUARY) == []
