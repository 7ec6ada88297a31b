"""The rules that hold for one section's assessment, whatever the rest of the prison looks like."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from app.rules.toolkit import Section
from app.rules.types import (
    Function,
    Missing,
    Number,
    OutcomeStatus,
    Rating,
    Reason,
    SectionFacts,
    StaffMissing,
)

HUNDREDTH = Decimal("0.01")


def missing(section: Section, facts: SectionFacts, required: Rating = Rating.GREEN) -> Missing:
    """All that the section lacks for GREEN; whoever supplies it may rate the section GREEN.

    `required` is the rating for which `staff.needed` is reckoned. Source: toolkit, traffic lights, GREEN: "All
    elements of identified required outcome has been achieved".
    """
    return Missing(
        outcomes=tuple(one.text for one in section.required_outcomes if not is_met(facts, one.key)),
        evidence=facts.evidence_count == 0,
        staff=_staff_missing(section, facts, required),
    )


def is_met(facts: SectionFacts, key: str) -> bool:
    """Whether an outcome is recorded as met; one that was never recorded is not."""
    return facts.outcomes.get(key) is OutcomeStatus.MET


def staff_needed(section: Section, required: Decimal, rating: Rating) -> Decimal:
    """The least staff in post, in whole-time equivalents to two decimals, that supports the rating.

    Source: toolkit, sections 14 and 16, "75% of staff in place to achieve amber status"; the 100 % for GREEN is
    this programme's. Exact arithmetic, rounded up to the next hundredth: 75 % of 0.01 is 0.01.
    """
    percent = {Rating.RED: 0, Rating.AMBER: section.staffing_threshold_percent or 0, Rating.GREEN: 100}[rating]
    return (required * percent / 100).quantize(HUNDREDTH, ROUND_CEILING)


def _staff_missing(section: Section, facts: SectionFacts, required: Rating) -> StaffMissing | None:
    if section.staffing_threshold_percent is None:
        return None
    if facts.staff_required is None:
        return StaffMissing(number_of(facts.staff_in_post), None, None, None, None)
    needed = staff_needed(section, facts.staff_required, required)
    for_green = staff_needed(section, facts.staff_required, Rating.GREEN)
    if facts.staff_in_post is not None and facts.staff_in_post >= for_green:
        return None
    more = None if facts.staff_in_post is None else max(needed - facts.staff_in_post, Decimal(0))
    return StaffMissing(*map(number_of, (facts.staff_in_post, facts.staff_required, needed, more, for_green)))


def staffing_supports_rating(section: Section, facts: SectionFacts) -> Iterator[Reason]:
    """Sections 14 and 16: AMBER from the threshold of staff in place, GREEN with all of them (rule 3)."""
    if section.staffing_threshold_percent is None or facts.rating is Rating.RED:
        return
    named = f"Section {section.number} ({section.title}) can be {facts.rating} only with"
    if facts.staff_in_post is None or facts.staff_required is None:
        detail = f"{named} its staffing figures: send staff_in_post and staff_required together with the rating."
        pointer = "/staff_in_post" if facts.staff_in_post is None else "/staff_required"
        yield Reason("staffing-figures-needed", detail, pointer)
        return
    needed = staff_needed(section, facts.staff_required, facts.rating)
    if facts.staff_in_post < needed:
        percent = 100 if facts.rating is Rating.GREEN else section.staffing_threshold_percent
        yield Reason(
            "staffing-below-threshold",
            f"{named} at least {percent} % of the required staff in post: {figure(facts.staff_in_post)} of "
            f"{figure(facts.staff_required)} are, and {figure(needed)} are needed. "
            f"Appoint {figure(needed - facts.staff_in_post)} more, or send a lower rating.",
            "/rating",
        )


def green_needs_outcomes(section: Section, facts: SectionFacts) -> Iterator[Reason]:
    """GREEN says that every required outcome is met; one that nobody recorded is not met (rule 4).

    Source: toolkit, traffic lights, "All elements of identified required outcome has been achieved".
    """
    if facts.rating is not Rating.GREEN:
        return
    unmet = [one for one in section.required_outcomes if not is_met(facts, one.key)]
    if unmet:
        keys = ", ".join(one.key for one in unmet)
        yield Reason(
            "green-needs-outcomes",
            f"Section {section.number} ({section.title}) can be GREEN only when every required outcome is recorded "
            f"as met. Not met yet: {listed([one.text for one in unmet])}. Record them in outcomes ({keys}) once "
            "they are met, or send a lower rating.",
            "/outcomes",
        )


def green_needs_evidence(section: Section, facts: SectionFacts) -> Iterator[Reason]:
    """GREEN rests on something that someone can look at (rule 4). Source: as above."""
    if facts.rating is Rating.GREEN and facts.evidence_count == 0:
        yield Reason(
            "green-needs-evidence",
            f"Section {section.number} ({section.title}) can be GREEN only with evidence that someone can look at: "
            "add a document with its file or where it is kept, a link with its address, or a note whose text says "
            "what was seen.",
            "/evidence",
        )


# In the order in which a lead would put things right.
SECTION_RULES = (staffing_supports_rating, green_needs_outcomes, green_needs_evidence)


# Stands for all required outcomes of a section at once.
EVERY_OUTCOME = "*"


def all_outcomes(
    section: Section, asked: Mapping[str, OutcomeStatus | None] | None
) -> Mapping[str, OutcomeStatus | None] | None:
    """The outcomes that are asked for, each by its own key; one that is named overrides what is said of all."""
    if not asked or EVERY_OUTCOME not in asked:
        return asked
    named = {key: status for key, status in asked.items() if key != EVERY_OUTCOME}
    return dict.fromkeys((one.key for one in section.required_outcomes), asked[EVERY_OUTCOME]) | named


def star_outstanding(asked: Mapping[str, OutcomeStatus | None] | None) -> Iterator[Reason]:
    """That all outcomes are met is one claim; which are outstanding is what others need to know."""
    if asked and asked.get(EVERY_OUTCOME) is OutcomeStatus.OUTSTANDING:
        detail = '"*" takes "met" alone: name the outcomes that are outstanding by their own keys.'
        yield Reason("star-outstanding", detail, f"/outcomes/{EVERY_OUTCOME}")


def unsupported_rating(section: Section, facts: SectionFacts) -> list[Reason]:
    """Every reason why the present rating is not supported by the present facts; empty if it is.

    Holds after every change, whether the rating or what supports it was changed (rules 3 and 4).
    """
    return [reason for rule in SECTION_RULES for reason in rule(section, facts)]


@dataclass(frozen=True, slots=True)
class SuggestedRating:
    """The rating that the facts alone suggest, and why; it never sets anything."""

    rating: Rating
    reason: str


def suggested_rating(section: Section, facts: SectionFacts) -> SuggestedRating:
    """GREEN where nothing is missing; AMBER where something is achieved and staff suffice; RED otherwise.

    Source: the toolkit's three traffic lights; for staff sections 14 and 16 (rule 3).
    """
    lacking = missing(section, facts, Rating.AMBER)
    if not lacking:
        rating = Rating.GREEN
    elif has_begun(section, facts) and not _is_short_of_staff(lacking.staff):
        rating = Rating.AMBER
    else:
        rating = Rating.RED
    return SuggestedRating(rating, f"{', '.join(_achieved(section, facts))}: {rating}")


def has_begun(section: Section, facts: SectionFacts) -> bool:
    """Whether something towards the section is recorded: an outcome met, evidence, or staff where it asks for them."""
    has_outcome = any(is_met(facts, one.key) for one in section.required_outcomes)
    has_staff = section.staffing_threshold_percent is not None and bool(facts.staff_in_post)
    return has_outcome or has_staff or facts.evidence_count > 0


def _is_short_of_staff(staff: StaffMissing | None) -> bool:
    return staff is not None and staff.more != 0


def _achieved(section: Section, facts: SectionFacts) -> Iterator[str]:
    met = sum(is_met(facts, one.key) for one in section.required_outcomes)
    yield f"{met} of {counted(len(section.required_outcomes), 'outcome')} met"
    if section.staffing_threshold_percent is not None:
        in_post, required = facts.staff_in_post, facts.staff_required
        known = in_post is not None and required is not None
        yield f"{figure(in_post)} of {figure(required)} staff" if known else "no staffing figures"
    yield "evidence recorded" if facts.evidence_count else "no evidence"


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


def number_of(value: Decimal | Number | None) -> Number | None:
    """Whole-time equivalents, with two decimals at most, as a JSON number."""
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)


def whole_time(number: Number | None) -> Decimal | None:
    """The inverse of `number_of`."""
    return None if number is None else Decimal(str(number))


def figure(value: Decimal | Number | None) -> str:
    """Whole-time equivalents as people write them: 7.5, 10, 1,200."""
    return "unknown" if value is None else f"{number_of(value):,}"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(texts: list[str]) -> str:
    """Sentences as the items of one clause."""
    return "; ".join(text.rstrip(".") for text in texts)
