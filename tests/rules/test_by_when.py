"""What the cells of real plans mean, and laws that hold for every text."""

from datetime import date, timedelta

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from app.rules.by_when import ByWhen, ByWhenKind, read_by_when
from app.rules.dates_in_words import Period

PLAN = Period(date(2011, 4, 1), date(2012, 3, 31))
MONTHS = [date(2010, month, 1).strftime("%B") for month in range(1, 13)]


def day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


# Text, kind, earliest and latest without a plan's period.
CELLS = [
    ("July 2010", "month", "2010-07-01", "2010-07-31"),
    ("Dec 2010", "month", "2010-12-01", "2010-12-31"),
    ("June 2011.", "month", "2011-06-01", "2011-06-30"),
    ("April2011", "month", "2011-04-01", "2011-04-30"),
    ("Mar-11", "month", "2011-03-01", "2011-03-31"),
    ("Sept '10", "month", "2010-09-01", "2010-09-30"),
    ("04/2011", "month", "2011-04-01", "2011-04-30"),
    ("by end of March 2011", "month", "2011-03-01", "2011-03-31"),
    ("By the end of March 2011", "month", "2011-03-01", "2011-03-31"),
    ("mid-June 2011", "month", "2011-06-01", "2011-06-30"),
    ("early June 2011", "month", "2011-06-01", "2011-06-30"),
    ("31st March 2011", "day", "2011-03-31", "2011-03-31"),
    ("by 31 March 2011", "day", "2011-03-31", "2011-03-31"),
    ("March 31st 2011", "day", "2011-03-31", "2011-03-31"),
    ("31/03/11", "day", "2011-03-31", "2011-03-31"),
    ("31.3.11", "day", "2011-03-31", "2011-03-31"),
    ("2011-03-31", "day", "2011-03-31", "2011-03-31"),
    ("Thursday 31 March 2011", "day", "2011-03-31", "2011-03-31"),
    ("Q2 2011/12", "quarter", "2011-07-01", "2011-09-30"),
    ("Quarter 4 of 2011/12", "quarter", "2012-01-01", "2012-03-31"),
    ("2nd quarter 2011-12", "quarter", "2011-07-01", "2011-09-30"),
    ("2011/12", "year", "2011-04-01", "2012-03-31"),
    ("2011-12", "year", "2011-04-01", "2012-03-31"),
    ("FY 11/12", "year", "2011-04-01", "2012-03-31"),
    ("By the end of 2011/12", "year", "2011-04-01", "2012-03-31"),
    ("2010", "year", "2010-01-01", "2010-12-31"),
    ("Sept –Nov 11", "span", "2011-09-01", "2011-11-30"),
    ("Aug - Dec2012", "span", "2012-08-01", "2012-12-31"),
    ("April / May 11", "span", "2011-04-01", "2011-05-31"),
    ("Dec / Jan 2012", "span", "2011-12-01", "2012-01-31"),
    ("Nov - Feb 2012", "span", "2011-11-01", "2012-02-29"),
    ("Nov 2011 - Feb", "span", "2011-11-01", "2012-02-29"),
    ("between April and June 2011", "span", "2011-04-01", "2011-06-30"),
    ("1-5 April 2011", "span", "2011-04-01", "2011-04-05"),
    ("Q1 - Q3 2011/12", "span", "2011-04-01", "2011-12-31"),
    ("2010-04-01 - 2010-06-30", "span", "2010-04-01", "2010-06-30"),
    ("w/c 4 April 2011", "span", "2011-04-04", "2011-04-10"),
    ("until March 2011", "span", "", "2011-03-31"),
    ("From April 2010", "from", "2010-04-01", ""),
    ("April 2010 onwards", "from", "2010-04-01", ""),
    ("April 2010 and ongoing", "from", "2010-04-01", ""),
    ("Ongoing", "ongoing", "", ""),
    ("On-going.", "ongoing", "", ""),
    ("Ongoing until March 2012", "ongoing", "", "2012-03-31"),
    ("Ongoing throughout the year", "ongoing", "", ""),
    ("Quarterly reviews.", "recurring", "", ""),
    ("Monthly", "recurring", "", ""),
    ("Every six months", "recurring", "", ""),
    ("Monthly from April 2010", "recurring", "2010-04-01", ""),
    ("quarterly from April 2010 to March 2011", "recurring", "2010-04-01", "2011-03-31"),
    ("September 2011, then quarterly", "recurring", "2011-09-01", ""),
    ("Throughout the year", "recurring", "", ""),
    ("Throughout year", "recurring", "", ""),
    ("throughout 2011/12", "recurring", "2011-04-01", "2012-03-31"),
    ("April 2011 and throughout the year", "recurring", "2011-04-01", ""),
    ("April 2011. and throughout the year", "recurring", "2011-04-01", ""),
    ("May 2011 and throughout", "recurring", "2011-05-01", ""),
    ("(i) April 2010 (ii) Jan 2011", "several", "2010-04-01", "2011-01-31"),
    ("(i) April / May 11 (ii) Sept –Nov 11", "several", "2011-04-01", "2011-11-30"),
    ("Ongoing \nJune 2010", "several", "2010-06-01", "2010-06-30"),
    ("March 2011\nMarch 2011", "several", "2011-03-01", "2011-03-31"),
    ("April, July and October 2010", "several", "2010-04-01", "2010-10-31"),
    ("April/October 2011", "several", "2011-04-01", "2011-10-31"),
    ("30 June 2010 & 30 Sept 2010", "several", "2010-06-30", "2010-09-30"),
    ("Dependent on the commissioning guidelines", "conditional", "", ""),
    ("Dependent on the\ncommissioning guidelines", "conditional", "", ""),
    ("Once funding is agreed", "conditional", "", ""),
    ("TBC", "tbc", "", ""),
    ("TBA", "tbc", "", ""),
    ("Date to be confirmed", "tbc", "", ""),
    ("Done", "done", "", ""),
    ("Completed June 2010", "done", "2010-06-01", "2010-06-30"),
    ("", "none", "", ""),
    (" - ", "none", "", ""),
    ("N/A", "none", "", ""),
]

# What would have to be guessed.
UNREAD = [
    "6 weeks",
    "Spring 2011",
    "ASAP",
    "Immediately",
    "June",
    "31 March",
    "Q2",
    "Q2 2011",
    "11/12",
    "10",
    "31 February 2011",
    "32/01/2011",
    "Monday 31 March 2011",
    "TBC June 2010",
    "June 2011 and the rest",
    "Feb 2012 - Nov 2011",
    "end of the year",
    "commissioning guidelines",
    "April 1066",
    "2011/13",
]


@pytest.mark.parametrize(("text", "kind", "earliest", "latest"), CELLS)
def test_a_cell_is_read_as_its_author_meant_it(text: str, kind: str, earliest: str, latest: str) -> None:
    assert read_by_when(text) == ByWhen(text, ByWhenKind(kind), day(earliest), day(latest))


@pytest.mark.parametrize("text", UNREAD)
def test_what_would_have_to_be_guessed_is_left_to_a_person(text: str) -> None:
    assert read_by_when(text) == ByWhen(text, ByWhenKind.UNREAD)


@pytest.mark.parametrize(
    ("text", "kind", "earliest", "latest"),
    [
        ("June", "month", "2011-06-01", "2011-06-30"),
        ("March", "month", "2012-03-01", "2012-03-31"),
        ("by 31 March", "day", "2012-03-31", "2012-03-31"),
        ("Q2", "quarter", "2011-07-01", "2011-09-30"),
        ("Q1-Q3", "span", "2011-04-01", "2011-12-31"),
        ("Sept-Nov", "span", "2011-09-01", "2011-11-30"),
        ("end of the year", "year", "2011-04-01", "2012-03-31"),
        ("Throughout the year", "recurring", "2011-04-01", "2012-03-31"),
        ("Ongoing throughout the year", "ongoing", "2011-04-01", "2012-03-31"),
        ("May 2011 and throughout", "recurring", "2011-05-01", "2012-03-31"),
        ("April, July and October 2010", "several", "2010-04-01", "2010-10-31"),
        ("Quarterly reviews", "recurring", "", ""),
    ],
)
def test_the_plans_period_dates_what_names_no_year(text: str, kind: str, earliest: str, latest: str) -> None:
    assert read_by_when(text, PLAN) == ByWhen(text, ByWhenKind(kind), day(earliest), day(latest))


def test_a_month_that_a_period_holds_twice_or_not_at_all_is_not_dated() -> None:
    two_years = Period(date(2010, 4, 1), date(2012, 3, 31))
    quarter = Period(date(2011, 4, 1), date(2011, 6, 30))
    assert read_by_when("June", two_years).kind is ByWhenKind.UNREAD
    assert read_by_when("July", quarter).kind is ByWhenKind.UNREAD


def test_a_quarter_without_a_year_is_dated_by_a_financial_year_alone() -> None:
    assert read_by_when("Q2", Period(date(2011, 1, 1), date(2011, 12, 31))).kind is ByWhenKind.UNREAD


DAYS = st.dates(date(1990, 4, 1), date(2098, 12, 31))
OF_THIS_CENTURY = st.dates(date(2000, 4, 1), date(2098, 12, 31))


def ordinal(number: int) -> str:
    ending = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def month_name(on: date) -> str:
    return MONTHS[on.month - 1]


DAY_FORMS = [
    lambda on: on.isoformat(),
    lambda on: f"{on.day}/{on.month}/{on.year}",
    lambda on: f"{on.day:02}.{on.month:02}.{on.year}",
    lambda on: f"{on.day} {month_name(on)} {on.year}",
    lambda on: f"by {ordinal(on.day)} {month_name(on)[:3]}. {on.year}.",
    lambda on: f"{month_name(on).upper()} {ordinal(on.day)}, {on.year}",
]


@given(on=DAYS, form=st.sampled_from(DAY_FORMS))
def test_a_day_in_any_form_is_read_back(on: date, form) -> None:
    text = form(on)
    event(f"form {DAY_FORMS.index(form)}")
    assert read_by_when(text) == ByWhen(text, ByWhenKind.DAY, on, on)


MONTH_FORMS = [
    lambda on: f"{month_name(on)} {on.year}",
    lambda on: f"{month_name(on)[:3]}{on.year}",
    lambda on: f" end of {month_name(on).lower()}, {on.year}.",
    lambda on: f"Mid-{month_name(on)} {on.year}",
    lambda on: f"{month_name(on)[:3]}-{on.year % 100:02}",
]


def end_of_month(on: date) -> date:
    return (on.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


@given(on=OF_THIS_CENTURY, form=st.sampled_from(MONTH_FORMS))
def test_a_month_in_any_form_is_read_back(on: date, form) -> None:
    text = form(on)
    event(f"form {MONTH_FORMS.index(form)}")
    assert read_by_when(text) == ByWhen(text, ByWhenKind.MONTH, on.replace(day=1), end_of_month(on))


@given(first=OF_THIS_CENTURY, last=OF_THIS_CENTURY, gap=st.sampled_from([" - ", "–", " to ", " until "]))
def test_a_span_is_read_back_and_one_that_ends_before_it_begins_is_not_read(first: date, last: date, gap: str) -> None:
    text = f"{month_name(first)} {first.year}{gap}{month_name(last)[:3]} {last.year}"
    meaning = read_by_when(text)
    if first.replace(day=1) <= last.replace(day=1):
        event("in order")
        expected = ByWhen(text, ByWhenKind.SPAN, first.replace(day=1), end_of_month(last))
    else:
        event("out of order")
        expected = ByWhen(text, ByWhenKind.UNREAD)
    assert meaning == expected


@given(on=OF_THIS_CENTURY, quarter=st.integers(1, 4))
def test_a_quarter_and_its_financial_year_are_read_back(on: date, quarter: int) -> None:
    text = f"Q{quarter} {on.year}/{(on.year + 1) % 100:02}"
    meaning = read_by_when(text)
    first = date(on.year, 4 + 3 * (quarter - 1), 1) if quarter < 4 else date(on.year + 1, 1, 1)
    assert (meaning.kind, meaning.earliest) == (ByWhenKind.QUARTER, first)
    assert meaning.latest == end_of_month(first + timedelta(days=65))


WORDS = st.sampled_from(
    [
        "april",
        "may",
        "2011",
        "11",
        "31",
        "31st",
        "q2",
        "2011/12",
        "from",
        "to",
        "until",
        "and",
        "-",
        "/",
        "&",
        ",",
        ".",
        "(",
        ")",
        "(i)",
        "(ii)",
        "ongoing",
        "throughout",
        "the",
        "year",
        "monthly",
        "quarterly",
        "by",
        "end",
        "of",
        "mid-",
        "tbc",
        "done",
        "dependent",
        "on",
        "w/c",
        "6",
        "weeks",
        "\n",
        "between",
        "each",
        "every",
        "reviews",
        "01/04/2011",
        "0",
        "99",
    ]
)
CELL_TEXTS = st.one_of(st.text(max_size=400), st.lists(WORDS, max_size=9).map(" ".join))
PERIODS = st.one_of(
    st.none(), st.tuples(DAYS, st.integers(0, 800)).map(lambda p: Period(p[0], p[0] + timedelta(days=p[1])))
)


@given(text=CELL_TEXTS, period=PERIODS)
def test_any_text_is_kept_to_the_letter_and_never_ends_before_it_begins(text: str, period: Period | None) -> None:
    meaning = read_by_when(text, period)
    event(meaning.kind.value)
    assert meaning.text == text
    assert meaning.earliest is None or meaning.latest is None or meaning.earliest <= meaning.latest
    if meaning.kind in (ByWhenKind.UNREAD, ByWhenKind.NONE, ByWhenKind.TBC, ByWhenKind.CONDITIONAL):
        assert meaning.earliest is meaning.latest is None
    if meaning.kind in (ByWhenKind.DAY, ByWhenKind.MONTH, ByWhenKind.QUARTER, ByWhenKind.YEAR):
        assert meaning.earliest is not None
        assert meaning.latest is not None


@given(text=CELL_TEXTS, period=PERIODS)
def test_case_and_space_around_a_text_change_nothing(text: str, period: Period | None) -> None:
    plain, spaced = read_by_when(text, period), read_by_when(f"  {text.lower()}\t", period)
    assert (plain.kind, plain.earliest, plain.latest) == (spaced.kind, spaced.earliest, spaced.latest)
