"""What a verdict leans on that has grown too old, or was never recorded: warnings, never a change of verdict."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from app.rules.assessment import Assessment
from app.rules.moments import months_after
from app.rules.toolkit import Section, Toolkit
from app.rules.types import OutcomeStatus, Rating


@dataclass(frozen=True, slots=True)
class VerdictWarning:
    """Something about a section that a reader of the verdict should know, though it decides nothing."""

    section: int
    title: str
    kind: Literal["stale_evidence", "outcomes-not-recorded", "open_challenge"]
    detail: str


def is_stale(effective_on: date, today: date, months: int) -> bool:
    """Whether evidence about that day is older than the period that the toolkit sets."""
    return today > months_after(effective_on, months)


def stale_warnings(toolkit: Toolkit, assessments: Iterable[Assessment], today: date) -> tuple[VerdictWarning, ...]:
    """One warning for each section that leans on stale evidence, in section order."""
    months = toolkit.evidence_stale_after_months
    found = []
    for one in assessments:
        # Most sections have no evidence, and every change of a prison comes by here twice.
        if one.evidence and (stale := sum(is_stale(item.on, today, months) for item in one.evidence)):
            title = toolkit.section(one.number).title
            detail = (
                f"{title} rests on evidence more than {months} months old ({stale} of {len(one.evidence)}): "
                "add evidence that it still holds."
            )
            found.append(VerdictWarning(one.number, title, "stale_evidence", detail))
    return tuple(found)


def unrecorded_greens(toolkit: Toolkit, assessments: Iterable[Assessment]) -> Iterator[tuple[Section, list[str], bool]]:
    """Each GREEN section, unless it is exempt, that lacks what GREEN takes (rule 4): the outcomes that are not
    recorded as met, and whether it has no evidence of substance."""
    for one in assessments:
        if one.rating is Rating.GREEN and not one.exemption:
            section = toolkit.section(one.number)
            asked = section.required_outcomes
            unmet = [it.text for it in asked if one.outcomes.get(it.key) is not OutcomeStatus.MET]
            is_bare = not any(item.sound for item in one.evidence)
            if unmet or is_bare:
                yield section, unmet, is_bare


def unrecorded_warnings(toolkit: Toolkit, assessments: Iterable[Assessment]) -> Iterator[VerdictWarning]:
    """One for each GREEN section that does not record what GREEN takes: it was rated before that was asked for."""
    for section, unmet, is_bare in unrecorded_greens(toolkit, assessments):
        lacks = ["not every required outcome is recorded as met"] if unmet else []
        if is_bare:
            lacks.append("there is no evidence that someone can look at")
        detail = f"{section.title} is GREEN, and {', and '.join(lacks)}: put that right with its next change."
        yield VerdictWarning(section.number, section.title, "outcomes-not-recorded", detail)


def fresh_until(toolkit: Toolkit, assessments: Iterable[Assessment], today: date) -> date:
    """The last day on which the same items are stale as today; `date.max` where none can become so."""
    months = toolkit.evidence_stale_after_months
    lasts = (months_after(item.on, months) for one in assessments for item in one.evidence)
    return min((last for last in lasts if last >= today), default=date.max)
