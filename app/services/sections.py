"""Rating sections: the main write of the service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from app.errors import FieldFault, Forbidden, Invalid, Outdated, Refused
from app.queries.sections import SECTION_NUMBERS, unknown_section
from app.rules.access import Caller, Permission, Principal, holds
from app.rules.assessment import Assessment, EvidenceRef, Exemption, merged, with_exemption
from app.rules.moments import london_date
from app.rules.section import exemption_allowed, unsupported_rating
from app.rules.toolkit import Toolkit
from app.rules.types import OutcomeStatus
from app.services.opened import OpenedPrison, open_prison
from app.services.section_versions import NewEvidence, SectionsAfter, evidence_row, store_sections


@dataclass(frozen=True, slots=True)
class SectionPatch:
    """What to change in one section: `given` has the plain fields that were sent, None where null was.

    `pointer` is where the patch stands in the caller's body, for the pointers of its faults.
    """

    number: int
    given: Mapping[str, Any] = field(default_factory=dict)
    outcomes: Mapping[str, OutcomeStatus | None] = field(default_factory=dict)
    evidence: tuple[NewEvidence, ...] = ()
    pointer: str = ""

    def is_comment_only(self) -> bool:
        return set(self.given) <= {"comment"} and not self.outcomes and not self.evidence


def rate_sections(
    session: Session,
    code: str,
    patches: Sequence[SectionPatch],
    *,
    caller: Caller,
    versions: frozenset[int] | None = None,
) -> SectionsAfter:
    """Change one or several sections of a prison, all or nothing, one version of history each.

    Invalid where a section is named twice or an outcome is unknown, Outdated where the caller's copy is of none of
    the `versions` (of the section, or of all 35 where several are named), Refused where a rating is not supported
    (rules 3 and 4).
    """
    opened = open_prison(session, code, caller, [patch.number for patch in patches])
    _refuse_stray_numbers(patches)
    _refuse_outdated(opened, [patch.number for patch in patches], versions)
    _refuse_beyond_comment(caller.by, patches)
    _refuse_unknown_outcomes(opened.toolkit, patches)
    rows: list[dict[str, Any]] = []
    after: dict[int, Assessment] = {}
    for patch in patches:
        items = [
            evidence_row(opened, item, f"{patch.pointer}/evidence/{place}") for place, item in enumerate(patch.evidence)
        ]
        refs = tuple(EvidenceRef(row["id"], row["effective_on"] or london_date(opened.at)) for row in items)
        rows += items
        after[patch.number] = merged(opened.answers.of(patch.number), patch.given, patch.outcomes, refs)
    _refuse_unsupported(opened, after, {patch.number: patch.pointer for patch in patches})
    return store_sections(session, opened, after, evidence=rows)


def exempt_section(
    session: Session,
    code: str,
    number: int,
    rationale: str | None,
    *,
    caller: Caller,
    versions: frozenset[int] | None = None,
) -> SectionsAfter:
    """Record why a section does not apply to the prison (rule 5), or end that with None.

    Refused where the toolkit does not let the section be exempted at a prison of this function, and where
    there is no exemption to end. The same rationale again changes nothing.
    """
    opened = open_prison(session, code, caller, [number])
    if number not in SECTION_NUMBERS:
        raise unknown_section(number)
    _refuse_outdated(opened, [number], versions)
    before = opened.answers.of(number)
    if rationale is None:
        if before.exemption is None:
            raise Refused(
                "no-exemption",
                f"Section {number} of {opened.facts.code} is not exempt, so there is none to end.",
            )
        return store_sections(session, opened, {number: with_exemption(before, None)}, action="exemption.ended")
    reason = exemption_allowed(opened.toolkit.section(number), opened.facts.function)
    if reason is not None:
        raise Refused(reason.code, reason.detail)
    if before.exemption is not None and before.exemption.rationale == rationale:
        return store_sections(session, opened, {number: before})
    exemption = Exemption(rationale, caller.by.name, opened.at.isoformat().replace("+00:00", "Z"))
    return store_sections(session, opened, {number: with_exemption(before, exemption)}, action="exemption.recorded")


def _refuse_stray_numbers(patches: Sequence[SectionPatch]) -> None:
    seen: set[int] = set()
    for patch in patches:
        if patch.number not in SECTION_NUMBERS:
            raise unknown_section(patch.number)
        if patch.number in seen:
            fault = FieldFault(f"{patch.pointer}/number", f"section {patch.number} appears twice")
            raise Invalid("invalid-input", f"Name section {patch.number} once, with all that changes.", [fault])
        seen.add(patch.number)


def _refuse_outdated(opened: OpenedPrison, numbers: Sequence[int], versions: frozenset[int] | None) -> None:
    if versions is None:
        return
    # A copy of one section is compared with that section, a copy of several with the whole list.
    answers = opened.answers
    if (answers.of(numbers[0]).version if len(numbers) == 1 else answers.version) not in versions:
        raise Outdated(
            "outdated-copy",
            "Someone has changed this since you read it. Read it again, look at what changed, and send your "
            "change with the new ETag.",
        )


def _refuse_beyond_comment(by: Principal, patches: Sequence[SectionPatch]) -> None:
    if holds(by, Permission.RATE_SECTIONS) or all(patch.is_comment_only() for patch in patches):
        return
    raise Forbidden(
        "role-not-allowed",
        f"{by.role.a_key} may change the comment of a section and nothing else in it. "
        "The rest is for a key of the prison.",
    )


def _refuse_unknown_outcomes(toolkit: Toolkit, patches: Sequence[SectionPatch]) -> None:
    faults = []
    for patch in patches:
        known = {outcome.key for outcome in toolkit.section(patch.number).required_outcomes}
        wanted = ", ".join(sorted(known))
        faults += [
            FieldFault(f"{patch.pointer}/outcomes/{key}", f"section {patch.number} has the outcomes {wanted}")
            for key in patch.outcomes
            if key not in known
        ]
    if faults:
        raise Invalid("invalid-input", "Name outcomes by the keys that GET /v1/toolkit lists.", faults)


def _refuse_unsupported(opened: OpenedPrison, after: Mapping[int, Assessment], pointers: Mapping[int, str]) -> None:
    reasons = [
        (number, reason)
        for number, one in after.items()
        if one.version != opened.answers.of(number).version
        for reason in unsupported_rating(opened.toolkit.section(number), one.facts())
    ]
    if reasons:
        faults = [FieldFault(f"{pointers[number]}{reason.pointer or ''}", reason.detail) for number, reason in reasons]
        raise Refused(reasons[0][1].code, " ".join(reason.detail for _, reason in reasons), faults)
