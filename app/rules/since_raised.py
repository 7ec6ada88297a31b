"""What has moved since a statement was raised: it attests the moment of raising, so its readers are told (rule 7)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.rules.statement import StatementWarning
from app.rules.types import Rating


@dataclass(frozen=True, slots=True)
class Now:
    """How the prison stands now: by section its rating and whether it is exempt, the sections with an open
    challenge, and the version of the toolkit."""

    sections: Mapping[int, tuple[Rating, bool]]
    challenged: Collection[int]
    toolkit_version: str


def since_raised(payload: Mapping[str, Any], now: Now) -> list[StatementWarning]:
    """A warning for each thing of which the payload says more than holds now, in section order."""
    found = list(_toolkit(payload, now))
    for section in payload["sections"]:
        found += _section(section["number"], section, now)
    return found


def _toolkit(payload: Mapping[str, Any], now: Now) -> Iterable[StatementWarning]:
    attested = payload["toolkit_version"]
    if attested != now.toolkit_version:
        detail = f"Raised under toolkit {attested}; the prison answers to {now.toolkit_version} now."
        yield StatementWarning("toolkit_moved", detail, (), None)


def _section(number: int, attested: Mapping[str, Any], now: Now) -> Iterable[StatementWarning]:
    before = Rating(attested["rating"])
    rating, is_exempt = now.sections.get(number, (Rating.RED, False))
    if attested["exemption"] is not None and not is_exempt:
        detail = f"Section {number}, exempt when the statement was raised, is exempt no longer: it is {rating} now."
        yield StatementWarning("exemption_ended", detail, (), number)
    elif not is_exempt and not rating.meets(before):
        detail = f"Section {number}, {before} when the statement was raised, is {rating} now."
        yield StatementWarning("fallen_since_raised", detail, (), number)
    if number in now.challenged:
        detail = f"Section {number} has been challenged by the region since the statement was raised."
        yield StatementWarning("challenge_open", detail, (), number)
