"""What many routes read from a request: the moment, the caller's copy, codes, `as_of`, and shared input types."""

import re
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Depends, Header, Path, Query
from pydantic import AfterValidator, Field, StringConstraints
from starlette.requests import Request

from app.errors import FieldFault, Invalid
from app.http.auth import identify
from app.http.parts import parts
from app.http.text import PlainNumber, plain_text
from app.queries.events import KINDS
from app.rules.access import Caller
from app.rules.moments import end_of_day, london_date
from app.rules.regions import REGIONS, region_slug


def now(request: Request) -> datetime:
    """The moment of a request, from the application's one clock."""
    return parts(request).clock()


async def _now(request: Request) -> datetime:
    return now(request)


Now = Annotated[datetime, Depends(_now)]


def _in_ascii(text: str) -> str:
    if not text.isascii():  # in capitals, letters of other alphabets may become those of a code
        raise ValueError("give a prison's code, such as LWI")
    return text


PrisonCode = Annotated[
    str,
    Path(
        description="The prison's three-letter NOMIS code, in any case.",
        min_length=1,
        max_length=16,
        examples=["LWI"],
    ),
    AfterValidator(plain_text),
    AfterValidator(_in_ascii),
]
SectionNumber = Annotated[
    int,
    Path(
        description="A section of the toolkit, 1 to 35.",
        examples=[7],
        # Any other number is not malformed: nothing is there, which is a 404.
        ge=-(2**31),
        le=2**31 - 1,
        json_schema_extra={"minimum": 1, "maximum": 35},
    ),
    PlainNumber,
]
AsOfText = Annotated[
    str | None,
    Query(
        alias="as_of",
        description="Answer as things stood then. A date means the end of that day in London.",
        max_length=40,
        examples=["2026-11-01"],
    ),
]


def moment_asked(text: str | None, at: datetime) -> datetime | None:
    """`as_of` as a moment in UTC, None where it was not given; Invalid if it is malformed or to come.

    Today as a date is taken, though its end is to come: it means what is known of today by now.
    """
    moment = moment_given("as_of", text)
    if moment is not None and text is not None and moment > (end_of_day(london_date(at)) if is_day(text) else at):
        detail = "as_of is in the future: give today, or an earlier date or moment."
        raise Invalid("moment-in-future", detail, [FieldFault("?as_of", detail)])
    return moment


def moment_given(name: str, text: str | None) -> datetime | None:
    """A query parameter as a moment in UTC, a date as the end of its day in London; Invalid if malformed."""
    if text is None:
        return None
    try:
        if is_day(text):
            moment = end_of_day(date.fromisoformat(text))
        elif _MOMENT.fullmatch(text):
            moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
        else:
            raise ValueError(text)
        if moment.year >= EARLIEST_YEAR:
            return moment
    except (ValueError, OverflowError):
        pass
    detail = "give a date such as 2026-11-01, or a timestamp with its offset such as 2026-11-01T09:30:00Z"
    raise Invalid("invalid-input", f"{name} is not a moment: {detail}.", [FieldFault(f"?{name}", detail)])


# Before any prison of the register; further back, calendars run out of days to reckon with.
EARLIEST_YEAR = 1700


# Python reads more than RFC 3339 has: weeks, dates without dashes, a space instead of the T, times without minutes.
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_MOMENT = re.compile(rf"{_DAY.pattern}[Tt]{_CLOCK}:[0-5][0-9](\.[0-9]+)?([Zz]|[+-]{_CLOCK})")


def is_day(text: str) -> bool:
    return _DAY.fullmatch(text) is not None


async def _as_of(at: Now, as_of: AsOfText = None) -> datetime | None:
    return moment_asked(as_of, at)


AsOf = Annotated[datetime | None, Depends(_as_of)]

LONGEST_TAGS = 2000
IfMatch = Annotated[
    str | None,
    Header(description="The ETag of your copy. If it is out of date, the answer is 412.", max_length=LONGEST_TAGS),
]


def has_same(request: Request, etag: str) -> bool:
    """Whether `If-None-Match` says that the caller has this representation; weak marks do not matter there."""
    tags = request.headers.get("if-none-match")
    return tags is not None and (tags.strip() == "*" or etag in tags_in(tags.replace("W/", "")))


_VERSIONED = re.compile(r'"v([0-9]{1,18})-[0-9a-f]{32}"', re.ASCII)


def versions_in(if_match: str | None) -> frozenset[int] | None:
    """The versions of the copies that `If-Match` names; None where any version will do.

    Versions are compared, and not all that an ETag covers: evidence grows stale at midnight and the prison's stage
    moves, and neither is a change that somebody else has made to the same thing. Weak tags never match (RFC 9110).
    """
    if if_match is None or if_match.strip() == "*":
        return None
    return frozenset(int(known[1]) for tag in tags_in(if_match) if (known := _VERSIONED.fullmatch(tag)))


def tags_in(header: str) -> frozenset[str]:
    """The entity tags of an `If-Match`; a weak one is kept as it is, since it never matches (RFC 9110)."""
    return frozenset(tag.strip() for tag in header.split(","))


async def caller_now(request: Request) -> Caller:
    """Who changes something in this request, and when."""
    clock = parts(request).clock
    return Caller(await identify(request), clock(), request.scope["state"]["request_id"], clock)


CallerNow = Annotated[Caller, Depends(caller_now)]


def _region_slug(text: str) -> str:
    slug = region_slug(text)
    if slug is None:
        raise ValueError(f"give one of {', '.join(REGIONS)}")
    return slug


def _kind_of_event(text: str) -> str:
    kind = text.strip().casefold()
    if kind not in KINDS:
        raise ValueError(f"give one of {', '.join(KINDS)}")
    return kind


Kind = Annotated[str, AfterValidator(_kind_of_event), Field(json_schema_extra={"enum": list(KINDS)})]
Region = Annotated[str, StringConstraints(max_length=40), AfterValidator(_region_slug)]
SectionNumbers = Annotated[list[Annotated[int, Field(strict=True, ge=1, le=35)]], Field(max_length=35)]
