"""What a verdict leans on that has grown too old, or was never recorded: warnings, never a change of verdict."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from app.rules.assessment import Assessment
from app.rules.moments import months_after
from app.rules.toolkit import Toolkit
from app.rules.types import OutcomeStatus, Rating


@dataclass(frozen=True, slots=True)
class VerdictWarning:
    """Something about a section that a reader of the verdict should know, though it decides nothing."""

    section: int
    title: str
    kind: Literal["stale_evidence", "outcomes_not_recorded", "open_challenge"]
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


def unrecorded_warnings(toolkit: Toolkit, assessments: Iterable[Assessment]) -> Iterator[VerdictWarning]:
    """One for each GREEN section whose outcomes are not all recorded as met: it was rated before they had to be."""
    for one in assessments:
        if one.rating is Rating.GREEN and not one.exemption:
            section = toolkit.section(one.number)
            if any(one.outcomes.get(outcome.key) is not OutcomeStatus.MET for outcome in section.required_outcomes):
                detail = (
                    f"{section.title} is GREEN, and not every required outcome is recorded as met: record them with "
                    "its next change."
                )
                yield VerdictWarning(one.number, section.title, "outcomes_not_recorded", detail)


def fresh_until(toolkit: Toolkit, assessments: Iterable[Assessment], today: date) -> date:
    """The last day on which the same items are stale as today; `date.max` where none can become so."""
    months = toolkit.evidence_stale_after_months
    lasts = (months_after(item.on, months) for one in assessments for item in one.evidence)
    return min((last for last in lasts if last >= today), default=date.max)
