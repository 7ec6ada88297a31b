"""What a plan's "By when" cell means: its kind, and for anything with an end the first and the last day."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.rules import by_when_forms as forms
from app.rules.dates_in_words import Period, Unit, Words, after, before, days_of, within, words_of


class ByWhenKind(StrEnum):
    """How a plan says when an action is due."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    SPAN = "span"
    FROM = "from"
    ONGOING = "ongoing"
    RECURRING = "recurring"
    SEVERAL = "several"
    CONDITIONAL = "conditional"
    TBC = "tbc"
    DONE = "done"
    NONE = "none"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class ByWhen:
    """The author's words, and what they mean.

    `earliest` is the first day that they can mean, null where they have no beginning; `latest` the last, null where
    they have no end.
    """

    text: str
    kind: ByWhenKind
    earliest: date | None = None
    latest: date | None = None


def read_by_when(text: str, period: Period | None = None) -> ByWhen:
    """What a cell means. `period` is the plan's: it dates a month without a year and "throughout the year".

    What cannot be read is left to a person: a wrong date is worse than none. So nothing is guessed: a season,
    "6 weeks" from a day that nobody wrote down, a quarter of the calendar's year or of the financial one.
    """
    plain = forms.plain(text)
    if len(plain) > _LONGEST:
        return ByWhen(text, ByWhenKind.UNREAD)
    for lines in (plain.replace("\n", " "), plain):
        for read in _FORMS:
            meaning = read(lines, period)
            if meaning is not None:
                return ByWhen(text, meaning.kind, meaning.earliest, meaning.latest)
    return ByWhen(text, ByWhenKind.UNREAD)


# A cell that says more than this is a paragraph, which a person reads.
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class _Meaning:
    kind: ByWhenKind
    earliest: date | None = None
    latest: date | None = None


_Form = Callable[[str, Period | None], _Meaning | None]


def _nothing(text: str, period: Period | None) -> _Meaning | None:
    return _Meaning(ByWhenKind.NONE) if forms.NONE.fullmatch(text) else None


def _to_be_confirmed(text: str, period: Period | None) -> _Meaning | None:
    return _Meaning(ByWhenKind.TBC) if forms.TBC.fullmatch(text) else None


def _conditional(text: str, period: Period | None) -> _Meaning | None:
    return _Meaning(ByWhenKind.CONDITIONAL) if forms.CONDITION.fullmatch(text) else None


def _done(text: str, period: Period | None) -> _Meaning | None:
    match = forms.DONE.fullmatch(text)
    if match is None:
        return None
    return _over(ByWhenKind.DONE, match["when"], period)


def _recurring(text: str, period: Period | None) -> _Meaning | None:
    often, dated = forms.OFTEN_THEN.fullmatch(text), forms.DATED_OFTEN.fullmatch(text)
    if often:
        return _over(ByWhenKind.RECURRING, often["when"], period)
    if dated:
        begins = _point(dated["when"], period)
        return _Meaning(ByWhenKind.RECURRING, begins.earliest) if begins else None
    return _all_year(text, period)


def _all_year(text: str, period: Period | None) -> _Meaning | None:
    """ "Throughout the year", "April 2011 and throughout the year", "throughout 2011/12"."""
    match = forms.THROUGHOUT.fullmatch(text)
    if match is None:
        return None
    kind = ByWhenKind.ONGOING if match["all"].startswith("ongoing") else ByWhenKind.RECURRING
    year = _point(match["year"], period) if match["year"] else None
    if match["year"] and year is None:
        return None
    if year is None and period is not None:
        year = _Meaning(kind, period.begins_on, period.ends_on)
    first, last = (year.earliest, year.latest) if year else (None, None)
    if not match["when"]:
        return _Meaning(kind, first, last)
    begins = _point(match["when"], period)
    if begins is None or begins.earliest is None:
        return None
    return _Meaning(kind, begins.earliest, last if last and last >= begins.earliest else None)


def _ongoing(text: str, period: Period | None) -> _Meaning | None:
    match = forms.ONGOING.fullmatch(text)
    return _over(ByWhenKind.ONGOING, match["when"], period) if match else None


def _from_then_on(text: str, period: Period | None) -> _Meaning | None:
    match = forms.FROM.fullmatch(text)
    point = _point(match["when"], period) if match else None
    if point is None:
        match = forms.ONGOING_AFTER.fullmatch(text)
        point = _point(re.sub(r"^from ", "", match["when"]), period) if match else None
    return _Meaning(ByWhenKind.FROM, point.earliest) if point and point.earliest else None


def _span(text: str, period: Period | None) -> _Meaning | None:
    until, week, between = (pattern.fullmatch(text) for pattern in (forms.UNTIL, forms.WEEK, forms.BETWEEN))
    if until:
        last = _point(until["when"], period)
        return _Meaning(ByWhenKind.SPAN, None, last.latest) if last else None
    if week:
        begins = _point(week["when"], period)
        if begins is None or begins.earliest is None or begins.kind is not ByWhenKind.DAY:
            return None
        return _Meaning(ByWhenKind.SPAN, begins.earliest, begins.earliest + timedelta(days=6))
    spans = list(_spans(between["when"] if between else _without_asides(text), period, is_named=between is not None))
    return spans[0] if len(set(spans)) == 1 else None


def _spans(text: str, period: Period | None, *, is_named: bool) -> Iterator[_Meaning]:
    """Each way of reading a text as a first and a last point, in order."""
    days = forms.DAY_SPAN.fullmatch(text)
    last = words_of(days["last"]) if days else None
    if days and last is not None and last.unit is Unit.DAY:
        yield from _spanning(Words(Unit.DAY, last.month, int(days["first"]), last.year), last, period)
    for gap in forms.SPAN.finditer(text):
        ends = words_of(_without_asides(text[: gap.start()])), words_of(_without_asides(text[gap.end() :]))
        if ends[0] is None or ends[1] is None:
            continue
        is_list = gap.group().strip() in ("and", "/") and not is_named
        if not is_list or _follows(ends[0], ends[1]):
            yield from _spanning(ends[0], ends[1], period)


def _follows(first: Words, last: Words) -> bool:
    """Whether two months lie side by side, as in "April / May 11", which is one stretch and not two dates."""
    return first.unit is last.unit is Unit.MONTH and first.year is None and last.month == first.month % 12 + 1


def _spanning(first: Words, last: Words, period: Period | None) -> Iterator[_Meaning]:
    last = within(after(last, first), period)
    first = within(before(first, last), period)
    begins, ends = days_of(first), days_of(last)
    if begins and ends and begins.begins_on <= ends.begins_on and begins.ends_on <= ends.ends_on:
        yield _Meaning(ByWhenKind.SPAN, begins.begins_on, ends.ends_on)


def _several(text: str, period: Period | None) -> _Meaning | None:
    marked = [part.strip(" ,;") for part in forms.MARK.split(text)]
    if len(marked) > 2 and not marked[0]:
        return _together([_part(part, period) for part in marked[1:]])
    for separator in forms.LIST:
        texts = [part.strip() for part in separator.split(text) if part.strip()]
        if len(texts) < 2:
            continue
        together = _together(list(_backwards(texts, period)))
        if together:
            return together
    return None


def _backwards(texts: list[str], period: Period | None) -> Iterator[_Meaning | None]:
    """What each part means, from the last to the first, since the year often stands at the end alone."""
    later: Words | None = None
    for text in reversed(texts):
        words = words_of(_without_asides(text))
        if words is not None:
            later = within(before(words, later) if later else words, period)
            yield _meaning_of(later)
        else:
            yield _part(text, period)


def _part(text: str, period: Period | None) -> _Meaning | None:
    return next((meaning for form in _PART_FORMS if (meaning := form(text, period))), None)


def _together(parts: list[_Meaning | None]) -> _Meaning | None:
    """Several dates: from the first that any of them can mean to the last; None where one is not read."""
    read = [part for part in parts if part is not None]
    if len(read) < len(parts):
        return None
    firsts = [part.earliest for part in read if part.earliest]
    lasts = [part.latest for part in read if part.latest]
    earliest, latest = min(firsts, default=None), max(lasts, default=None)
    if earliest and latest and earliest > latest:
        latest = None
    return _Meaning(ByWhenKind.SEVERAL, earliest, latest)


def _dated(text: str, period: Period | None) -> _Meaning | None:
    if text in ("end of year", "end of the year", "year end", "by end of year", "by the end of the year"):
        return _Meaning(ByWhenKind.YEAR, period.begins_on, period.ends_on) if period else None
    return _point(text, period)


def _point(text: str, period: Period | None) -> _Meaning | None:
    """One day, month, quarter or year; words such as "by", "end of" and "mid-" leave its first and last day alone."""
    words = words_of(_without_asides(text))
    return _meaning_of(within(words, period)) if words else None


def _meaning_of(words: Words) -> _Meaning | None:
    days = days_of(words)
    return _Meaning(ByWhenKind(words.unit.value), days.begins_on, days.ends_on) if days else None


def _without_asides(text: str) -> str:
    while match := forms.ASIDE.match(text):
        text = text[match.end() :]
    return text


def _over(kind: ByWhenKind, when: str | None, period: Period | None) -> _Meaning | None:
    """That kind, over the time that the rest of the text names, if it names any; None where that is not read."""
    if when is None:
        return _Meaning(kind)
    forms = (_all_year, _span, _from_then_on, _dated, _ongoing)
    meaning = next((found for form in forms if (found := form(when, period))), None)
    if meaning is None:
        return None
    return _Meaning(kind, meaning.earliest, meaning.latest)


_PART_FORMS: tuple[_Form, ...] = (_recurring, _ongoing, _span, _from_then_on, _dated)
_FORMS: tuple[_Form, ...] = (
    _nothing,
    _to_be_confirmed,
    _dated,
    _span,
    _from_then_on,
    _recurring,
    _ongoing,
    _done,
    _several,
    _conditional,
)
