"""Rating sections: the main write of the service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from app.errors import FieldFault, Invalid, Outdated, Refused, refusal
from app.queries.sections import SECTION_NUMBERS, unknown_section
from app.rules.access import Caller
from app.rules.assessment import Assessment, Exemption, merged, with_exemption
from app.rules.moments import moment_in_json
from app.rules.section import EVERY_OUTCOME, all_outcomes, exemption_allowed, star_outstanding, unsupported_rating
from app.rules.toolkit import Toolkit
from app.rules.types import OutcomeStatus
from app.services.opened import OpenedPrison, open_prison
from app.services.section_versions import (
    NewEvidence,
    SectionsAfter,
    evidence_row,
    ref_of,
    store_sections,
    thin_evidence,
)


@dataclass(frozen=True, slots=True)
class SectionPatch:
    """What to change in one section: `given` has the plain fields that were sent, None where null was.

    `outcomes` may name all at once by "*", and is None where all are to be cleared. `pointer` is where the patch
    stands in the caller's body, for the pointers of its faults.
    """

    number: int
    given: Mapping[str, Any] = field(default_factory=dict)
    outcomes: Mapping[str, OutcomeStatus | None] | None = field(default_factory=dict)
    evidence: tuple[NewEvidence, ...] = ()
    pointer: str = ""


def rate_sections(
    session: Session,
    code: str,
    patches: Sequence[SectionPatch],
    *,
    caller: Caller,
    versions: frozenset[int] | None = None,
    accept_lapse: bool = False,
) -> SectionsAfter:
    """Change one or several sections of a prison, all or nothing, one version of history each.

    Invalid where a section is named twice, an outcome is unknown or the section takes no staff, Outdated where the
    caller's copy is of none of the `versions` (of the section, or of all 35 where several are named), Refused where
    a rating is not supported or an item of evidence shows nothing (rules 3 and 4).
    """
    opened = open_prison(session, code, caller, [patch.number for patch in patches], accept_lapse=accept_lapse)
    _refuse_stray_numbers(patches)
    refuse_outdated(opened, [patch.number for patch in patches], versions)
    _refuse_what_does_not_belong(opened.toolkit, patches)
    rows: list[dict[str, Any]] = []
    after: dict[int, Assessment] = {}
    refused: list[FieldFault] = []
    for patch in patches:
        items = [
            evidence_row(opened, item, f"{patch.pointer}/evidence/{place}") for place, item in enumerate(patch.evidence)
        ]
        rows += items
        before, section = opened.answers.of(patch.number), opened.toolkit.section(patch.number)
        refs = tuple(ref_of(row, opened.at) for row in items)
        one = merged(before, patch.given, all_outcomes(section, patch.outcomes), refs)
        after[patch.number] = one
        reasons = unsupported_rating(section, one.facts()) if one.version != before.version else []
        refused += [
            FieldFault(f"{patch.pointer}{reason.pointer or ''}", reason.detail, reason.code)
            for reason in (*star_outstanding(patch.outcomes), *reasons, *thin_evidence(patch.evidence))
        ]
    if refused:
        raise refusal(refused)
    return store_sections(session, opened, after, evidence=rows)


def exempt_section(
    session: Session,
    code: str,
    number: int,
    rationale: str | None,
    *,
    caller: Caller,
    versions: frozenset[int] | None = None,
    accept_lapse: bool = False,
) -> SectionsAfter:
    """Record why a section does not apply to the prison (rule 5), or end that with None.

    Refused where the toolkit does not let the section be exempted at a prison of this function, and where
    there is no exemption to end. The same rationale again changes nothing.
    """
    opened = open_prison(session, code, caller, [number], accept_lapse=accept_lapse)
    if number not in SECTION_NUMBERS:
        raise unknown_section(number)
    refuse_outdated(opened, [number], versions)
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
    exemption = Exemption(rationale, caller.by.name, moment_in_json(opened.at))
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


def refuse_outdated(opened: OpenedPrison, numbers: Sequence[int], versions: frozenset[int] | None) -> None:
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


def _refuse_what_does_not_belong(toolkit: Toolkit, patches: Sequence[SectionPatch]) -> None:
    """Outcomes that the section does not have, and staff where it asks for none."""
    faults = []
    for patch in patches:
        section = toolkit.section(patch.number)
        known = {outcome.key for outcome in section.required_outcomes}
        wanted = f"section {patch.number} has the outcomes {', '.join(sorted(known))}, and * stands for all of them"
        for key, status in (patch.outcomes or {}).items():
            if key not in {*known, EVERY_OUTCOME}:
                faults.append(FieldFault(f"{patch.pointer}/outcomes/{key}", wanted))
            elif key == EVERY_OUTCOME and status is None:
                faults.append(FieldFault(f"{patch.pointer}/outcomes/*", "send outcomes: null to clear all of them"))
        if section.staffing_threshold_percent is None:
            faults += [
                FieldFault(f"{patch.pointer}/{name}", f"section {patch.number} takes no staff: only 14 and 16 do")
                for name in ("staff_in_post", "staff_required")
                if patch.given.get(name) is not None
            ]
    if faults:
        detail = "; ".join(dict.fromkeys(fault.detail for fault in faults[:3]))
        raise Invalid("invalid-input", f"The section does not take what the pointers name: {detail}.", faults)
