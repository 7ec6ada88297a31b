"""The rules that hold for one section's assessment, whatever the rest of the prison looks like."""

from fractions import Fraction

from app.rules.toolkit import Section
from app.rules.types import Function, OutcomeStatus, Rating, Reason, SectionFacts


def staffing_supports_rating(section: Section, facts: SectionFacts) -> Reason | None:
    """Sections 14 and 16: AMBER from the threshold of staff in place, GREEN with all of them.

    Source: toolkit, sections 14 and 16, "75% of staff in place to achieve amber status".
    Exact arithmetic: 2,999 of 4,000 is not 75 %.
    """
    threshold = section.staffing_threshold_percent
    if threshold is None or facts.rating is Rating.RED:
        return None
    if facts.staff_in_post is None or facts.staff_required is None:
        return Reason(
            "staffing-figures-needed",
            f"Section {section.number} ({section.title}) can be {facts.rating} only with its staffing figures: "
            "send staff_in_post and staff_required together with the rating.",
            "/staff_in_post" if facts.staff_in_post is None else "/staff_required",
        )
    needed = 100 if facts.rating is Rating.GREEN else threshold
    if Fraction(facts.staff_in_post, facts.staff_required) >= Fraction(needed, 100):
        return None
    wanted = -(-facts.staff_required * needed // 100)
    return Reason(
        "staffing-below-threshold",
        f"Section {section.number} ({section.title}) can be {facts.rating} only with at least {needed} % of the "
        f"required staff in post: {facts.staff_in_post:,} of {facts.staff_required:,} are, and {wanted:,} are "
        f"needed. Recruit {wanted - facts.staff_in_post:,} more, or send a lower rating.",
        "/rating",
    )


def green_needs_evidence(section: Section, facts: SectionFacts) -> Reason | None:
    """GREEN says that all of the required outcome is achieved, so someone must be able to look.

    Source: toolkit, traffic lights, "All elements of identified required outcome has been achieved".
    """
    if facts.rating is not Rating.GREEN or facts.evidence_count > 0:
        return None
    return Reason(
        "green-needs-evidence",
        f"Section {section.number} ({section.title}) can be GREEN only with at least one piece of evidence: "
        "add a document, link or note to it, in this request or before it.",
        "/evidence",
    )


def green_needs_outcomes(section: Section, facts: SectionFacts) -> Reason | None:
    """GREEN with an outcome recorded as outstanding would contradict itself. Source: as above."""
    if facts.rating is not Rating.GREEN:
        return None
    outstanding = [
        outcome.text.rstrip(".")
        for outcome in section.required_outcomes
        if facts.outcomes.get(outcome.key) is OutcomeStatus.OUTSTANDING
    ]
    if not outstanding:
        return None
    return Reason(
        "green-with-outstanding-outcomes",
        f"Section {section.number} ({section.title}) cannot be GREEN while an outcome is outstanding: "
        f"{'; '.join(outstanding)}. Record it as met once it is, or send a lower rating.",
        "/outcomes",
    )


# In the order in which a lead would put things right.
SECTION_RULES = (staffing_supports_rating, green_needs_evidence, green_needs_outcomes)


def unsupported_rating(section: Section, facts: SectionFacts) -> list[Reason]:
    """Every reason why the present rating is not supported by the present facts; empty if it is.

    Holds after every change, whether the rating or what supports it was changed (rules 3 and 4).
    """
    return [reason for rule in SECTION_RULES if (reason := rule(section, facts)) is not None]


def exemption_allowed(section: Section, function: Function) -> Reason | None:
    """Only a section that the toolkit writes for local prisons, and only where the prison is not one.

    Source: toolkit, section 7 "(local prison)" and section 23 "(Usually Local Prisons)".
    """
    if function in section.exemptible_for:
        return None
    if section.exemptible_for:
        detail = (
            f"Section {section.number} ({section.title}) cannot be exempted at a {function} prison: it is written "
            "for local prisons. Rate it instead, or correct the prison's function if it is wrong."
        )
    else:
        detail = f"Section {section.number} ({section.title}) applies to every prison. Rate it instead."
    return Reason("section-not-exemptible", detail)
