"""What can go wrong, in the words of the domain; nothing here knows of HTTP."""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One field that is at fault; `pointer` is a JSON Pointer into the body, or `?name` for a query.

    `code` is its own; empty where it is that of the whole refusal.
    """

    pointer: str
    detail: str
    code: str = ""


class DomainError(Exception):
    """A refusal with a stable code; `detail` tells the reader what to do next."""

    def __init__(self, code: str, detail: str, faults: Sequence[FieldFault] = ()) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.faults = tuple(faults)


class Unauthenticated(DomainError):
    """The caller is not known."""


class Forbidden(DomainError):
    """The caller is known, but may not do this."""


class NotFound(DomainError):
    """There is no such thing, or the caller may not know of it."""


class Refused(DomainError):
    """Well-formed, but against a rule."""


_SUBJECT = re.compile(r"Section [0-9]+ \(.+?\) can be")


def refusal(faults: Sequence[FieldFault]) -> Refused:
    """A refusal for several reasons, each with a code of its own; it goes by that of the first."""
    told, subject = [], ""
    for detail in dict.fromkeys(fault.detail for fault in faults):
        told.append(detail.replace(subject, "It can be") if subject and detail.startswith(subject) else detail)
        subject = found[0] if (found := _SUBJECT.match(detail)) else ""
    return Refused(faults[0].code, " ".join(told), faults)


class Conflict(DomainError):
    """Well-formed, but not possible in the present state."""


class Outdated(DomainError):
    """The caller's copy is out of date."""


class Invalid(DomainError):
    """Malformed: a type, a range, an unknown field."""


class TooLarge(DomainError):
    """More bytes than the service accepts."""


class NotAcceptable(DomainError):
    """There is no such form of the answer."""


class WrongMediaType(DomainError):
    """Bytes of a kind that the service does not accept here."""


class Unavailable(DomainError):
    """A part that the service needs cannot be reached; the caller can try again later."""


class TooMany(DomainError):
    """More than one caller's share; it may go on after so many seconds."""

    def __init__(self, code: str, detail: str, wait_seconds: int) -> None:
        super().__init__(code, detail)
        self.wait_seconds = wait_seconds
