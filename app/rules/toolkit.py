"""The toolkit as the rules see it: sections, minima, thresholds and signatory roles; data, not code."""

from collections.abc import Mapping
from dataclasses import dataclass
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
class Toolkit:
    """One version of the toolkit. `sections` is in number order, 1 to 35."""

    version: str
    title: str
    groups: tuple[str, ...]
    sections: tuple[Section, ...]
    signatory_roles: tuple[SignatoryRole, ...]
    evidence_stale_after_months: int

    def section(self, number: int) -> Section:
        """The section with that number; LookupError if the toolkit has none."""
        if 1 <= number <= len(self.sections):
            return self.sections[number - 1]
        raise LookupError(number)


def toolkit_document(toolkit: Toolkit) -> dict[str, Any]:
    """The toolkit as plain JSON values, in the shape that GET /v1/toolkit answers with."""
    return {
        "version": toolkit.version,
        "title": toolkit.title,
        "groups": list(toolkit.groups),
        "sections": [_section_document(section) for section in toolkit.sections],
        "signatory_roles": [
            {"key": role.key, "title": role.title, "required": role.required} for role in toolkit.signatory_roles
        ],
        "evidence_stale_after_months": toolkit.evidence_stale_after_months,
    }


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
    )


def _section_document(section: Section) -> dict[str, Any]:
    return {
        "number": section.number,
        "title": section.title,
        "group": section.group,
        "summary": section.summary,
        "required_outcomes": [{"key": outcome.key, "text": outcome.text} for outcome in section.required_outcomes],
        "go_live_minimum": section.go_live_minimum.value,
        "commissioning_required": section.commissioning_required,
        "staffing_threshold_percent": section.staffing_threshold_percent,
        "exemptible_for": [function.value for function in section.exemptible_for],
    }


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
