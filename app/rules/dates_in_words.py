"""Days, months, quarters and years as people write them in a plan's cells, each read as its first and last day."""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

_MONTH_NAMES = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_MONTHS |= {name[:3]: number for name, number in _MONTHS.items()} | {"sept": 9}
_MONTH = "(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + ")"
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY = r"(?:(?P<weekday>mon|tue|wed|thu|fri|sat|sun)(?:[a-z]*day)?,? )?"
_DAY = r"(?P<day>\d{1,2})"
_YEAR = r"(?P<year>(?:19|20)\d\d|\d\d)"
_LONG_YEAR = r"(?P<year>(?:19|20)\d\d)"
_TWO_YEARS = r"(?P<year>(?:19|20)\d\d|\d\d) ?[/-] ?(?P<next>(?:19|20)\d\d|\d\d)"
_LONG_TWO_YEARS = r"(?P<year>(?:19|20)\d\d) ?[/-] ?(?P<next>(?:19|20)\d\d|\d\d)"


class Unit(StrEnum):
    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Period:
    """The first and the last day of a plan, or of anything else that has both."""

    begins_on: date
    ends_on: date

    @property
    def is_financial_year(self) -> bool:
        """Whether it begins on 1 April, so that its quarters are those of the financial year."""
        return (self.begins_on.month, self.begins_on.day) == (4, 1)


@dataclass(frozen=True, slots=True)
class Words:
    """What a text names of a date; `year` is None where it does not say, `number` counts days, months or quarters."""

    unit: Unit
    month: int = 0
    number: int = 0
    year: int | None = None
    is_financial: bool = False
    weekday: int | None = None


def words_of(text: str) -> Words | None:
    """What a text in lower case with plain hyphens and single spaces names; None where that is no single date."""
    for pattern, read in _PATTERNS:
        match = pattern.fullmatch(text)
        if match:
            return read(match.groupdict())
    return None


def days_of(words: Words) -> Period | None:
    """First and last day; None where no year is known or the calendar has no such day."""
    if words.year is None or not 1990 <= words.year <= 2099:
        return None
    if words.unit is Unit.DAY:
        return _one_day(words, words.year)
    if words.unit is Unit.MONTH:
        return _months(words.year, words.month, 1)
    if words.unit is Unit.QUARTER:
        return _months(words.year, 4 + 3 * (words.number - 1), 3) if words.is_financial else None
    return _months(words.year, 4 if words.is_financial else 1, 12)


def within(words: Words, period: Period | None) -> Words:
    """The same with the year that the plan's period gives it, where it names none and there is exactly one."""
    if words.year is not None or period is None:
        return words
    is_financial = words.unit is Unit.QUARTER
    if is_financial and not period.is_financial_year:
        return words
    years = range(period.begins_on.year - 1, period.ends_on.year + 1)
    fitting = [
        dated
        for dated in (replace(words, year=year, is_financial=is_financial) for year in years)
        if _lies_in(dated, period)
    ]
    return fitting[0] if len(fitting) == 1 else words


def before(words: Words, later: Words) -> Words:
    """The same with the year of what follows it in the text, or the year before: Nov in "Nov - Feb 2012" is 2011."""
    return _beside(words, later, lambda mine, theirs: mine.begins_on <= theirs.begins_on, (0, -1))


def after(words: Words, earlier: Words) -> Words:
    """The same with the year of what precedes it in the text, or the next: Feb in "Nov 2011 - Feb" is 2012."""
    return _beside(words, earlier, lambda mine, theirs: mine.begins_on >= theirs.begins_on, (0, 1))


def _beside(words: Words, other: Words, in_order: Callable[[Period, Period], bool], shifts: tuple[int, int]) -> Words:
    theirs = days_of(other)
    if words.year is not None or theirs is None or other.year is None:
        return words
    is_financial = words.unit is Unit.QUARTER and other.is_financial
    for shift in shifts:
        dated = replace(words, year=other.year + shift, is_financial=is_financial)
        mine = days_of(dated)
        if mine is not None and in_order(mine, theirs):
            return dated
    return words


def _lies_in(words: Words, period: Period) -> bool:
    days = days_of(words)
    return days is not None and period.begins_on <= days.begins_on and days.ends_on <= period.ends_on


def _one_day(words: Words, year: int) -> Period | None:
    if not 1 <= words.month <= 12 or not 1 <= words.number <= monthrange(year, words.month)[1]:
        return None
    day = date(year, words.month, words.number)
    if words.weekday is not None and day.weekday() != words.weekday:
        return None
    return Period(day, day)


def _months(year: int, month: int, count: int) -> Period:
    """`count` whole months from a month on, which may be over 12."""
    first_year, first = divmod(year * 12 + month - 1, 12)
    last_year, last = divmod(year * 12 + month - 1 + count - 1, 12)
    return Period(date(first_year, first + 1, 1), date(last_year, last + 1, monthrange(last_year, last + 1)[1]))


_Groups = dict[str, str | None]


def _day(groups: _Groups) -> Words | None:
    month = groups["month"] or ""
    number = _MONTHS[month] if month in _MONTHS else int(month)
    weekday = groups.get("weekday")
    return Words(
        Unit.DAY,
        number,
        int(groups["day"] or 0),
        _year(groups.get("year")),
        weekday=None if weekday is None else _WEEKDAYS.index(weekday),
    )


def _month(groups: _Groups) -> Words | None:
    month = groups["month"] or ""
    number = _MONTHS[month] if month in _MONTHS else int(month)
    return Words(Unit.MONTH, number, year=_year(groups.get("year"))) if 1 <= number <= 12 else None


def _quarter(groups: _Groups) -> Words | None:
    number = int(groups["number"] or 0)
    if groups.get("next") is None:
        return Words(Unit.QUARTER, number=number, year=_year(groups.get("year")))
    year = _financial_year(groups)
    return None if year is None else replace(year, unit=Unit.QUARTER, number=number)


def _financial_year(groups: _Groups) -> Words | None:
    first, second = _year(groups["year"]), _year(groups["next"])
    return Words(Unit.YEAR, year=first, is_financial=True) if first and second == first + 1 else None


def _calendar_year(groups: _Groups) -> Words | None:
    return Words(Unit.YEAR, year=_year(groups["year"]))


def _year(text: str | None) -> int | None:
    """Two digits are of this century: the programme began in 2006."""
    if text is None:
        return None
    return int(text) + (2000 if len(text) == len("11") else 0)


_NTH = r"(?:st|nd|rd|th)?"
_QUARTER = r"(?:(?:q|qtr|quarter) ?(?P<number>[1-4]))"
_NTH_QUARTER = r"(?:(?P<number>[1-4])(?:st|nd|rd|th) (?:quarter|qtr))"
_OF = r"(?: of|,)?(?: the)? ?(?:fy ?|financial year )?"

_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[_Groups], Words | None]], ...] = (
    (re.compile(rf"{_LONG_YEAR}-(?P<month>\d\d)-(?P<day>\d\d)"), _day),
    (re.compile(rf"{_WEEKDAY}{_DAY}([/.-])(?P<month>\d{{1,2}})\3{_YEAR}"), _day),
    (re.compile(rf"{_WEEKDAY}{_DAY} ?{_NTH}(?: of)?[ -]?{_MONTH}(?:,? ?-?'?{_YEAR})?"), _day),
    (re.compile(rf"{_WEEKDAY}{_MONTH} {_DAY}(?:st|nd|rd|th)(?:,? {_YEAR})?"), _day),
    (re.compile(rf"{_WEEKDAY}{_MONTH} {_DAY},? {_LONG_YEAR}"), _day),
    (re.compile(rf"{_MONTH}(?:,? ?[-/]?(?: of)? ?'?{_YEAR})?"), _month),
    (re.compile(rf"(?P<month>\d{{1,2}})/{_LONG_YEAR}"), _month),
    (re.compile(rf"(?:{_QUARTER}){_OF}{_TWO_YEARS}"), _quarter),
    (re.compile(rf"(?:{_NTH_QUARTER}){_OF}{_TWO_YEARS}"), _quarter),
    (re.compile(rf"{_QUARTER}(?:{_OF}{_LONG_YEAR})?"), _quarter),
    (re.compile(rf"{_NTH_QUARTER}(?:{_OF}{_LONG_YEAR})?"), _quarter),
    (re.compile(rf"(?:fy ?|financial year |year )?{_LONG_TWO_YEARS}"), _financial_year),
    (re.compile(rf"(?:fy ?|financial year ){_TWO_YEARS}"), _financial_year),
    (re.compile(rf"{_LONG_YEAR}"), _calendar_year),
)
