"""What stands in the way, in one sentence from the section's facts; it shrinks as work is done."""

from collections.abc import Iterator

from app.rules.section import counted, figure, has_begun, is_met, listed
from app.rules.toolkit import Section
from app.rules.types import Missing, Rating, SectionFacts, StaffMissing


def blocker_reason(section: Section, facts: SectionFacts, required: Rating, lacking: Missing) -> str:
    """The state to reach, the state now, and all that is missing between them now.

    Each reads on from "Lewes cannot go live until:" or "Lewes is not ready for commissioning until:".
    """
    parts = _for_green(section, facts, lacking) if required is Rating.GREEN else _for_amber(section, facts, lacking)
    return f"{state_to_reach(section, facts.rating, required)}: {'; '.join(parts)}."


def state_to_reach(section: Section, rating: Rating, required: Rating) -> str:
    """What the section has to be, and what it is."""
    state = "GREEN" if required is Rating.GREEN else "at least AMBER"
    return f"{section.title} is {state}, not {rating}"


def _for_green(section: Section, facts: SectionFacts, lacking: Missing) -> Iterator[str]:
    if not lacking:
        yield "all that it needs is recorded, so rate it GREEN if that is still so"
        return
    if lacking.outcomes:
        number = len(section.required_outcomes)
        met = sum(is_met(facts, one.key) for one in section.required_outcomes)
        yield f"{met} of {counted(number, 'outcome')} {'is' if met == 1 or number == 1 else 'are'} met"
        yield f"missing: {listed(list(lacking.outcomes))}"
    if lacking.staff is not None:
        yield _staff(lacking.staff)
    if lacking.evidence:
        yield "no evidence"


def _for_amber(section: Section, facts: SectionFacts, lacking: Missing) -> Iterator[str]:
    """AMBER says that work has started (toolkit, traffic lights); sections 14 and 16 need their staff as well."""
    if lacking.staff is not None and lacking.staff.more != 0:
        yield _staff(lacking.staff)
    elif has_begun(section, facts):
        yield "work on it is recorded, so rate it AMBER"
    else:
        yield "rate it AMBER once work on it has begun"


def _staff(staff: StaffMissing) -> str:
    if staff.needed is None:
        return "nobody can tell whether it has the staff: give the staff in post and the staff required"
    if staff.in_post is None:
        return (
            f"nobody can tell how many staff are in post: {figure(staff.needed)} of {figure(staff.required)} are needed"
        )
    return f"{figure(staff.in_post)} of {figure(staff.required)} staff in post, {figure(staff.needed)} needed"
