"""The toolkit as the rules see it: sections, minima, thresholds and signatory roles; data, not code."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app.rules.types import Function, Rating


@dataclass(frozen=True, slots=True)
class RequiredOutcome:
    """One element of a section's required outcome; `key` is stable within its section."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """One critical area of the toolkit.

    `staffing_threshold_percent` is the share of required staff from which AMBER is allowed, or None.
    `exemptible_for` lists the functions of prison for which a regional lead may record an exemption.
    """

    number: int
    title: str
    group: str
    summary: str
    required_outcomes: tuple[RequiredOutcome, ...]
    go_live_minimum: Rating
    commissioning_required: bool
    staffing_threshold_percent: int | None
    exemptible_for: tuple[Function, ...]


@dataclass(frozen=True, slots=True)
class SignatoryRole:
    """Someone whose signature the Statement of Readiness carries."""

    key: str
    title: str
    required: bool


@dataclass(frozen=True, slots=True)
class ProgrammeOwn:
    """Something that this programme decided and the toolkit did not; `field` names it."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class RatingMeaning:
    """What the toolkit means by a rating."""

    rating: Rating
    text: str


@dataclass(frozen=True, slots=True)
class GroupNote:
    """What the toolkit says of a whole group of sections."""

    group: str
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A place where the toolkit's words are not clear, and how this programme reads them."""

    section: int
    source: str
    reading: str


@dataclass(frozen=True, slots=True)
class DelayCause:
    """A cause that a moved go-live date may be put down to."""

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class Toolkit:
    """One version of the toolkit. `sections` is in number order, 1 to 35.

    `version_basis` says what the version's date rests on. It and all after it are empty where a version's file
    does not have them.
    """

    version: str
    title: str
    groups: tuple[str, ...]
    sections: tuple[Section, ...]
    signatory_roles: tuple[SignatoryRole, ...]
    evidence_stale_after_months: int
    version_basis: str | None = None
    programme_own: tuple[ProgrammeOwn, ...] = ()
    ratings: tuple[RatingMeaning, ...] = ()
    group_notes: tuple[GroupNote, ...] = ()
    readings: tuple[Reading, ...] = ()
    delay_causes: tuple[DelayCause, ...] = ()

    def section(self, number: int) -> Section:
        """The section with that number; LookupError if the toolkit has none."""
        if 1 <= number <= len(self.sections):
            return self.sections[number - 1]
        raise LookupError(number)


def toolkit_document(toolkit: Toolkit) -> dict[str, Any]:
    """The toolkit as plain JSON values, in the shape that GET /v1/toolkit answers with."""
    document: dict[str, Any] = json.loads(json.dumps(asdict(toolkit)))
    return document


def toolkit_from_document(document: Mapping[str, Any]) -> Toolkit:
    """The toolkit that `toolkit_document` wrote, equal to it.

    A document of another shape raises KeyError, TypeError or ValueError; a file from outside goes
    through `read_toolkit`, which names what is wrong with it.
    """
    return Toolkit(
        version=document["version"],
        title=document["title"],
        groups=tuple(document["groups"]),
        sections=tuple(_section_from_document(section) for section in document["sections"]),
        signatory_roles=tuple(SignatoryRole(**role) for role in document["signatory_roles"]),
        evidence_stale_after_months=document["evidence_stale_after_months"],
        version_basis=document.get("version_basis"),
        programme_own=tuple(ProgrammeOwn(**one) for one in document.get("programme_own", ())),
        ratings=tuple(RatingMeaning(Rating(one["rating"]), one["text"]) for one in document.get("ratings", ())),
        group_notes=tuple(GroupNote(**one) for one in document.get("group_notes", ())),
        readings=tuple(Reading(**one) for one in document.get("readings", ())),
        delay_causes=tuple(DelayCause(**one) for one in document.get("delay_causes", ())),
    )


def _section_from_document(document: Mapping[str, Any]) -> Section:
    return Section(
        number=document["number"],
        title=document["title"],
        group=document["group"],
        summary=document["summary"],
        required_outcomes=tuple(RequiredOutcome(**outcome) for outcome in document["required_outcomes"]),
        go_live_minimum=Rating(document["go_live_minimum"]),
        commissioning_required=document["commissioning_required"],
        staffing_threshold_percent=document["staffing_threshold_percent"],
        exemptible_for=tuple(Function(function) for function in document["exemptible_for"]),
    )
