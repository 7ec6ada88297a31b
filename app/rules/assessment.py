"""A section assessment as a value: what a change makes of it, and how it is told in the history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from app.rules.section import number_of, whole_time
from app.rules.toolkit import Section
from app.rules.types import OutcomeStatus, Rating, SectionFacts


@dataclass(frozen=True, slots=True)
class EvidenceRef:
    """One item of the section; `on` is the date by which its age is reckoned, `sound` whether it is of substance.

    `title` is None while it is the one that the item was recorded with.
    """

    id: str
    on: date
    sound: bool = True
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Exemption:
    """Why the section does not apply to the prison, and whose decision that was."""

    rationale: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """One prison's answer to one section at one version; version 0 is a section never touched."""

    number: int
    version: int = 0
    rating: Rating = Rating.RED
    comment: str | None = None
    lead: str | None = None
    target_date: date | None = None
    staff_in_post: Decimal | None = None
    staff_required: Decimal | None = None
    outcomes: Mapping[str, OutcomeStatus] = field(default_factory=dict)
    evidence: tuple[EvidenceRef, ...] = ()
    exemption: Exemption | None = None

    def facts(self) -> SectionFacts:
        """What the section's own rules look at."""
        return SectionFacts(
            number=self.number,
            rating=self.rating,
            staff_in_post=self.staff_in_post,
            staff_required=self.staff_required,
            outcomes=dict(self.outcomes),
            evidence_count=sum(item.sound for item in self.evidence),
            is_exempt=self.exemption is not None,
        )


# What a lead may change by a merge patch, apart from outcomes and evidence.
PLAIN_FIELDS = ("rating", "comment", "lead", "target_date", "staff_in_post", "staff_required")


def merged(
    before: Assessment,
    given: Mapping[str, Any],
    outcomes: Mapping[str, OutcomeStatus | None] | None,
    added: tuple[EvidenceRef, ...],
) -> Assessment:
    """The assessment after a merge patch (RFC 7396): fields left out stay, None clears, evidence is added.

    The version is the next one, or the same where nothing changed.
    """
    changed = dict.fromkeys(before.outcomes) if outcomes is None else outcomes
    kept = {key: status for key, status in before.outcomes.items() if key not in changed}
    told = {key: status for key, status in changed.items() if status is not None}
    after = replace(
        before, **dict(given), outcomes=dict(sorted((kept | told).items())), evidence=before.evidence + added
    )
    return after if after == before else replace(after, version=before.version + 1)


def with_exemption(before: Assessment, exemption: Exemption | None) -> Assessment:
    """The assessment with the exemption recorded, or ended where None."""
    return replace(before, exemption=exemption, version=before.version + 1)


def without_gone_outcomes(before: Assessment, section: Section) -> Assessment:
    """The assessment without the outcomes that a version of the toolkit does not ask for any more."""
    asked = {one.key for one in section.required_outcomes}
    kept = {key: status for key, status in before.outcomes.items() if key in asked}
    return before if kept == before.outcomes else replace(before, outcomes=kept, version=before.version + 1)


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What changed from one state document to another, as the history tells it: `{"field", "from", "to"}` for each."""
    return [
        {"field": name, "from": old[name], "to": new[name]}
        for name in new
        if name != "version" and old[name] != new[name]
    ]


def state_document(one: Assessment) -> dict[str, Any]:
    """The whole assessment as JSON, from which any past moment is rebuilt."""
    return {
        "version": one.version,
        "rating": one.rating.value,
        "comment": one.comment,
        "lead": one.lead,
        "target_date": one.target_date.isoformat() if one.target_date else None,
        "staff_in_post": number_of(one.staff_in_post),
        "staff_required": number_of(one.staff_required),
        "outcomes": {key: status.value for key, status in one.outcomes.items()},
        "evidence": [evidence_document(item) for item in one.evidence],
        "exemption": exemption_document(one.exemption),
    }


def evidence_document(one: EvidenceRef) -> dict[str, Any]:
    document = {"id": one.id, "on": one.on.isoformat(), "sound": one.sound}
    return document if one.title is None else document | {"title": one.title}


def exemption_document(one: Exemption | None) -> dict[str, str] | None:
    return None if one is None else {"rationale": one.rationale, "by": one.by, "at": one.at}


def from_state(number: int, state: Mapping[str, Any]) -> Assessment:
    """The inverse of `state_document`."""
    return assessment_from([number, *(state[name] for name in _STATE)])


def assessment_from(columns: Sequence[Any]) -> Assessment:
    """An assessment from its fields, in their order, as JSON has them. A verdict needs 35: most have little in them."""
    number, version, rating, comment, lead, target_date, in_post, required, outcomes, evidence, exemption = columns
    return Assessment(
        number,
        version,
        _RATINGS[rating],
        comment,
        lead,
        date.fromisoformat(target_date) if target_date else None,
        whole_time(in_post),
        whole_time(required),
        {key: OutcomeStatus(status) for key, status in outcomes.items()} if outcomes else {},
        tuple([_evidence_ref(item) for item in evidence]) if evidence else (),
        Exemption(**exemption) if exemption else None,
    )


def _evidence_ref(item: Mapping[str, Any]) -> EvidenceRef:
    return EvidenceRef(item["id"], date.fromisoformat(item["on"]), item["sound"], item.get("title"))


_RATINGS = {rating.value: rating for rating in Rating}
_STATE = tuple(item.name for item in fields(Assessment))[1:]


class Stamp(NamedTuple):
    """When a section was last changed, and by whom."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Answers:
    """All 35 assessments of a prison, in number order, and when each was last changed.

    `worked_at` is when the prison itself last changed one, None where it never did: what a region does to a section is
    not the prison's own work (rule 9).
    """

    assessments: tuple[Assessment, ...]
    stamps: Mapping[int, Stamp]
    worked_at: datetime | None = None

    def of(self, number: int) -> Assessment:
        return self.assessments[number - 1]

    @property
    def version(self) -> int:
        """Of all sections together: it grows with each change of any."""
        return sum(one.version for one in self.assessments)

    @property
    def letters(self) -> str:
        """The ratings, one letter a section."""
        return "".join(one.rating[0] for one in self.assessments)

    def with_versions(self, changed: Mapping[int, Assessment], stamp: Stamp, *, is_own_work: bool) -> "Answers":
        """The answers once these sections have been changed, by the prison itself or by somebody else."""
        return Answers(
            tuple(changed.get(one.number, one) for one in self.assessments),
            {**self.stamps, **dict.fromkeys(changed, stamp)},
            stamp.at if is_own_work else self.worked_at,
        )
