"""When an item of evidence may be withdrawn, and what a section is without it."""

from collections.abc import Iterable
from dataclasses import replace

from app.rules.assessment import Assessment, EvidenceRef
from app.rules.section import green_needs_evidence
from app.rules.toolkit import Toolkit
from app.rules.types import Reason


def supports(one: Assessment, item_id: str) -> bool:
    return any(item.id == item_id for item in one.evidence)


def with_evidence(before: Assessment, ref: EvidenceRef) -> Assessment:
    """The assessment with the item counting for it; as it was where the item counts already."""
    if supports(before, ref.id):
        return before
    return replace(before, evidence=(*before.evidence, ref), version=before.version + 1)


def with_title(before: Assessment, item_id: str, title: str) -> Assessment:
    """The assessment with the title of an item corrected."""
    evidence = tuple(replace(item, title=title) if item.id == item_id else item for item in before.evidence)
    return before if evidence == before.evidence else replace(before, evidence=evidence, version=before.version + 1)


def without_evidence(before: Assessment, item_id: str) -> Assessment:
    """The assessment with the item no longer counting for it."""
    kept = tuple(item for item in before.evidence if item.id != item_id)
    return before if kept == before.evidence else replace(before, evidence=kept, version=before.version + 1)


def withdrawal_leaves_green_bare(toolkit: Toolkit, after: Iterable[Assessment]) -> Reason | None:
    """A withdrawn item no longer counts, so no GREEN section may rest on it alone (rule 4).

    `after` is each section that the item supports, without it.
    """
    bare = [section for one in after if any(green_needs_evidence(section := toolkit.section(one.number), one.facts()))]
    if not bare:
        return None
    named = ", ".join(f"{section.number} ({section.title})" for section in bare)
    one_or_more = f"Section {named} is" if len(bare) == 1 else f"Sections {named} are"
    return Reason(
        "last-evidence-of-green",
        f"{one_or_more} GREEN and would be left without evidence. Add other evidence first, or lower the rating "
        "to what still holds; then withdraw this item.",
    )
