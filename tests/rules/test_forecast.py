"""When a prison will be ready: by its plan, and by its pace."""

import random
from datetime import date, timedelta

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from app.rules.forecast import (
    DatedAction,
    Pace,
    PaceForecast,
    PlanForecast,
    chance_of,
    forecast_by_pace,
    forecast_by_plan,
)

TODAY = date(2010, 9, 1)


@pytest.mark.parametrize(
    ("pace", "words"),
    [
        (Pace(3, 2, 0), "2 sections have moved in 3 weeks"),
        (Pace(3, 20, 0), "20 sections have moved in 3 weeks"),
        (Pace(20, 4, 0), "4 sections have moved in 20 weeks"),
        (Pace(20, 8, 4), "4 sections have moved in 20 weeks"),
        (Pace(1, 3, 2), "1 section has moved in 1 week"),
        (Pace(9, 1, 3), "0 sections have moved in 9 weeks"),
    ],
)
def test_a_short_or_a_still_history_tells_nothing_yet(pace: Pace, words: str) -> None:
    expected = PaceForecast(None, None, uses_region=False, reason=f"Cannot tell yet: {words}.")
    assert forecast_by_pace(pace, 10, 1.0, TODAY) == expected


def test_nothing_left_is_today_whatever_the_pace() -> None:
    assert forecast_by_pace(Pace(0, 0, 0), 0, None, TODAY).four_in_five_by == TODAY


def test_a_steady_pace_gives_two_days_and_says_from_what() -> None:
    forecast = forecast_by_pace(Pace(13, 9, 0), 6, 2.0, TODAY)
    assert forecast.even_chance_by is not None
    assert forecast.four_in_five_by is not None
    assert TODAY + timedelta(weeks=7) < forecast.even_chance_by < TODAY + timedelta(weeks=10)
    assert TODAY + timedelta(weeks=12) < forecast.four_in_five_by < TODAY + timedelta(weeks=16)
    assert forecast.reason == "9 sections have moved in 13 weeks; 6 are left."


def test_under_eight_weeks_the_region_is_asked_and_named() -> None:
    alone = forecast_by_pace(Pace(5, 5, 0), 6, None, TODAY)
    slow, fast = (forecast_by_pace(Pace(5, 5, 0), 6, rate, TODAY) for rate in (0.1, 5.0))
    assert not alone.uses_region
    assert slow.uses_region
    assert "the region's pace counts as 2 weeks more" in slow.reason
    assert slow.even_chance_by is not None
    assert fast.even_chance_by is not None
    assert slow.even_chance_by > fast.even_chance_by


def test_from_eight_weeks_on_the_region_is_not_asked() -> None:
    assert forecast_by_pace(Pace(8, 5, 0), 6, 5.0, TODAY) == forecast_by_pace(Pace(8, 5, 0), 6, None, TODAY)


def test_a_day_beyond_ten_years_is_not_given() -> None:
    forecast = forecast_by_pace(Pace(500, 5, 0), 30, None, TODAY)
    assert forecast.four_in_five_by is None
    assert forecast.reason.endswith("At this pace the end is more than ten years away.")


def test_the_chances_are_those_of_a_simulation() -> None:
    shape, weeks, left, ahead = 9.5, 13.0, 6, 10.0
    draw = random.Random(20100901)
    trials = 20_000
    met = sum(draw.gammavariate(left, 1 / draw.gammavariate(shape, 1 / weeks)) <= ahead for _ in range(trials))
    assert abs(met / trials - chance_of(left, shape, weeks, ahead)) < 0.02


PACES = st.builds(Pace, st.integers(0, 200), st.integers(0, 60), st.integers(0, 20))
RATES = st.one_of(st.none(), st.floats(0, 20))


@given(pace=PACES, left=st.integers(0, 35), rate=RATES)
def test_an_even_chance_never_comes_after_four_in_five(pace: Pace, left: int, rate: float | None) -> None:
    forecast = forecast_by_pace(pace, left, rate, TODAY)
    event("dated" if forecast.four_in_five_by else "half dated" if forecast.even_chance_by else "cannot tell")
    if forecast.four_in_five_by is not None:
        assert forecast.even_chance_by is not None
        assert TODAY <= forecast.even_chance_by <= forecast.four_in_five_by


@given(pace=PACES, left=st.integers(0, 34), rate=RATES)
def test_one_section_more_never_makes_it_sooner(pace: Pace, left: int, rate: float | None) -> None:
    fewer, more = (forecast_by_pace(pace, number, rate, TODAY).even_chance_by for number in (left, left + 1))
    event("both dated" if fewer and more else "not both dated")
    if fewer and more:
        assert fewer <= more


def action(section: int, latest: str | None) -> DatedAction:
    return DatedAction(section, None if latest is None else date.fromisoformat(latest))


@pytest.mark.parametrize(
    ("blocking", "actions", "forecast"),
    [
        (set(), [action(1, "2011-01-01")], PlanForecast(TODAY, (), (), ())),
        ({1, 2}, [], PlanForecast(None, (), (1, 2), ())),
        ({1, 2}, [action(1, None), action(3, "2011-01-01")], PlanForecast(None, (), (1, 2), ())),
        (
            {1, 2, 5},
            [action(1, "2011-01-31"), action(1, "2010-12-31"), action(2, "2011-01-31"), action(5, "2010-10-01")],
            PlanForecast(date(2011, 1, 31), (1, 2), (), ()),
        ),
        ({1, 2}, [action(1, "2010-08-31")], PlanForecast(TODAY, (1,), (2,), (1,))),
        ({1}, [action(1, "2010-09-01")], PlanForecast(TODAY, (1,), (), ())),
    ],
)
def test_a_plan_supports_the_last_of_its_days(
    blocking: set[int], actions: list[DatedAction], forecast: PlanForecast
) -> None:
    assert forecast_by_plan(frozenset(blocking), tuple(actions), TODAY) == forecast
