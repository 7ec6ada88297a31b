"""Text as the service accepts it: no control characters, nothing that a database cannot store."""

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from app.rules.substance import letters_and_digits

# C0 controls but tab, line feed and carriage return; DEL and C1; surrogates; non-characters.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def plain_text(text: str) -> str:
    if _UNPRINTABLE.search(text):
        raise ValueError("leave out control characters")
    return text


def is_plain_line(text: str) -> bool:
    """Whether a text of somebody else's making can be stored, logged and shown as a name."""
    return _UNPRINTABLE.search(text) is None and not {"\t", "\r", "\n"} & set(text)


def one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("use one line without control characters")
    return text


def says_something(text: str) -> str:
    if not letters_and_digits(text):
        raise ValueError("say it in words: there is no letter or digit in it")
    return text


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(one_line)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), AfterValidator(one_line)]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=5000), AfterValidator(plain_text)]
# The reason that somebody gives for what they do, or what they have to say of it.
Why = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=5000),
    AfterValidator(plain_text),
    AfterValidator(says_something),
]
# A name that is looked up, not stored: what is unknown is told by the look-up.
Name = Annotated[str, StringConstraints(max_length=60), AfterValidator(plain_text)]
Search = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(one_line)]


def iso_date(value: object) -> object:
    """Only `2026-11-30`: a number or a timestamp would be read as some date, and silently be the wrong one."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise ValueError("give a date as YYYY-MM-DD, such as 2026-11-30")
    return value


def plain_number(value: object) -> object:
    """Only `17`: an address that also took `+17`, ` 17` or `17.0` would be several addresses of one thing."""
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]+", value):
        raise ValueError("give a whole number, such as 17")
    return value


PlainNumber = BeforeValidator(plain_number)
Day = Annotated[date, BeforeValidator(iso_date, json_schema_input_type=date)]
