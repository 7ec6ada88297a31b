"""Rule 1: what must be GREEN before the partnership can commission."""

from dataclasses import dataclass

from app.rules.reasons import state_to_reach
from app.rules.toolkit import Section
from app.rules.types import Blocker, Rating


@dataclass(frozen=True, slots=True)
class Commissioning:
    """Whether the partnership can commission. Blockers come in section order."""

    ready: bool
    required_sections: tuple[int, ...]
    blockers: tuple[Blocker, ...]


def commissioning_blocker(section: Section, rating: Rating) -> Blocker | None:
    """Sections 1, 2, 3, 5, 6, 10 and 11 must be completed, that is GREEN; exemptions do not reach them.

    Source: toolkit, introduction, on "well-managed progression to successful DAT partnership commissioning".
    """
    if not section.commissioning_required or rating is Rating.GREEN:
        return None
    reason = f"{state_to_reach(section, rating, Rating.GREEN)}."
    return Blocker(section.number, section.title, rating, Rating.GREEN, reason, "commissioning")
