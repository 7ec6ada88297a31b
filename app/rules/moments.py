"""Dates and moments as the programme reckons them: days end at midnight in London."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def moment_text(at: datetime) -> str:
    """A moment as text of fixed width, RFC 3339 to the microsecond in UTC, which sorts as the moments do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def moment_in_json(at: datetime) -> str:
    """A moment in UTC as answers and sealed documents write it: RFC 3339, with as many digits as it has."""
    return at.isoformat().replace("+00:00", "Z")


def day_in_words(day: date) -> str:
    """A day as people read it: 5 March 2026."""
    return f"{day.day} {day:%B %Y}"


def london_date(at: datetime) -> date:
    """The date on which a moment falls in London."""
    return at.astimezone(LONDON).date()


def start_of_day(day: date) -> datetime:
    """The first moment of a day in London, in UTC; in summer time that is 23:00 of the day before."""
    return datetime.combine(day, time.min, LONDON).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """The last microsecond of a day in London, in UTC; in summer time that is 22:59:59.999999Z."""
    midnight = datetime.combine(day + timedelta(days=1), time.min, LONDON)
    return midnight.astimezone(UTC) - timedelta(microseconds=1)


def months_after(day: date, months: int) -> date:
    """The same day that many months later; the last day of a shorter month stands in for a missing one."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    return date(year, month0 + 1, min(day.day, monthrange(year, month0 + 1)[1]))


# Two servers' clocks may differ by this much.
CLOCK_TOLERANCE = timedelta(minutes=1)


def is_behind(stored: datetime, now: datetime) -> bool:
    """Whether a clock that says `now` cannot be right, since something was stored that much later."""
    return stored - now > CLOCK_TOLERANCE


def strictly_after(previous: datetime, now: datetime) -> datetime:
    """`now`, or the next microsecond after `previous` where a clock has stood still or gone back.

    The history of a prison must be in one order, by version and by time alike.
    """
    return max(now, previous + timedelta(microseconds=1))


def last_day_of(period: str) -> date:
    """The last day of a date (`2011-10-31`), month (`2009-04`) or year (`2013`); ValueError for anything else."""
    year, _, rest = period.partition("-")
    if not rest:
        return date(int(year), 12, 31)
    if len(rest) == len("04"):
        return date(int(year), int(rest), monthrange(int(year), int(rest))[1])
    return date.fromisoformat(period)
