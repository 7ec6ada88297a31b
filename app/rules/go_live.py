"""Rule 2: the least that every section must reach before a prison goes live."""

from dataclasses import dataclass

from app.rules.reasons import state_to_reach
from app.rules.toolkit import Section
from app.rules.types import Blocker, Rating


@dataclass(frozen=True, slots=True)
class ExemptSection:
    """A section that does not apply to the prison. Why not is told with the section, to those in scope."""

    section: int
    title: str


@dataclass(frozen=True, slots=True)
class GoLive:
    """Whether the prison may go live. Blockers come in section order."""

    eligible: bool
    blockers: tuple[Blocker, ...]
    exempt: tuple[ExemptSection, ...]


def go_live_blocker(section: Section, rating: Rating) -> Blocker | None:
    """GREEN, or AMBER for sections 7, 8, 9, 14, 16, 25 and 26; RED never meets a minimum.

    Source: toolkit, introduction: "with the exception of sections 7, 8, 9, 14, 16, 25 and 26 which must
    achieve at least amber", and "no sections at red status at the go live date".
    """
    minimum = section.go_live_minimum
    if rating is not Rating.RED and rating.meets(minimum):
        return None
    reason = f"{state_to_reach(section, rating, minimum)}."
    return Blocker(section.number, section.title, rating, minimum, reason, "go_live")
