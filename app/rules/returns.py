"""The monthly return: which month, and when it is over and settled."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.rules.moments import end_of_day, london_date
from app.rules.types import Reason

# A write begun before midnight may wait for locks and still be committing afterwards; after this long none is.
SETTLES_AFTER = timedelta(minutes=5)


class ReturnStatus(StrEnum):
    """How final a month's return is: the month is not over, it is over, or its rows are fixed."""

    PROVISIONAL = "provisional"
    NOT_FROZEN = "not_frozen"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month as London reckons it."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    @property
    def first(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        return date(self.year, self.number, monthrange(self.year, self.number)[1])

    @property
    def end(self) -> datetime:
        """The last microsecond of the month, in UTC."""
        return end_of_day(self.last)


def month_of(at: datetime) -> Month:
    """The month in which a moment falls in London."""
    day = london_date(at)
    return Month(day.year, day.month)


def month_named(text: str) -> Month:
    """The month of a text such as `2026-10`; ValueError for anything else."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}", text) or not 1 <= int(text[5:]) <= 12 or not 2000 <= int(text[:4]) < 9999:
        raise ValueError("give a month as YYYY-MM, such as 2026-10")
    return Month(int(text[:4]), int(text[5:]))


def months_back(last: Month, first: Month) -> list[Month]:
    """The months from one back to another, newest first; none where it lies before."""
    numbers = range(last.year * 12 + last.number - 1, first.year * 12 + first.number - 2, -1)
    return [Month(number // 12, number % 12 + 1) for number in numbers]


def may_be_frozen(month: Month, at: datetime) -> Reason | None:
    """Only a month that is over, once every write from before its end has been committed."""
    if at <= month.end:
        return Reason(
            "month-not-over",
            f"{month} is not over: a return is frozen once its month has ended in London. "
            f"GET /v1/returns/{month} shows it as it stands.",
        )
    if at <= month.end + SETTLES_AFTER:
        return Reason(
            "month-not-settled",
            f"{month} has only just ended, and writes from before midnight may still be arriving. "
            f"Freeze it {SETTLES_AFTER.seconds // 60} minutes after midnight.",
        )
    return None
