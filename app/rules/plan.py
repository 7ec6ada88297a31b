"""How an action of a plan stands, worked out from its facts and never typed in."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from app.rules.by_when import ByWhen, ByWhenKind
from app.rules.moments import day_in_words
from app.rules.types import AnyCase

# An action that falls due within this many days is named as such.
DUE_SOON = timedelta(days=28)
WITHOUT_DAY = {
    ByWhenKind.NONE: "it has no date",
    ByWhenKind.TBC: "its date is to be confirmed",
    ByWhenKind.CONDITIONAL: "it waits for something that has no date",
    ByWhenKind.UNREAD: "its date could not be read",
}


class ActionStatus(AnyCase):
    """How an action stands, most pressing first."""

    OVERDUE = "overdue"
    BLOCKED = "blocked"
    NO_DATE = "no_date"
    DUE_SOON = "due_in_28_days"
    ON_TRACK = "on_track"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class ActionFacts:
    """One action of a plan, as far as the rule looks at it.

    `waits_for` names another action that is not done; `exempt_sections` are the action's where all of them are exempt.
    """

    by_when: ByWhen
    done_on: date | None = None
    no_action_reason: str | None = None
    waits_for: str | None = None
    exempt_sections: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """The status of an action and, in one sentence, why."""

    status: ActionStatus
    reason: str


def action_status(facts: ActionFacts, today: date) -> Standing:
    """The first of these that holds: done, blocked, overdue, due soon, on track, without a date."""
    if facts.done_on is not None:
        return Standing(ActionStatus.DONE, f"Done on {day_in_words(facts.done_on)}.")
    if facts.by_when.kind is ByWhenKind.DONE:
        return Standing(ActionStatus.DONE, "The plan's own words say that it is done.")
    if facts.no_action_reason is not None:
        return Standing(ActionStatus.DONE, f"No action is taken: {facts.no_action_reason.rstrip('.')}.")
    if facts.exempt_sections:
        return Standing(ActionStatus.BLOCKED, f"{_sections(facts.exempt_sections)} exempt.")
    if facts.waits_for is not None:
        return Standing(ActionStatus.BLOCKED, f"Waits for {facts.waits_for}, which is not done.")
    return _by_date(facts.by_when, today)


def _by_date(by_when: ByWhen, today: date) -> Standing:
    latest = by_when.latest
    if by_when.kind in WITHOUT_DAY:
        return Standing(ActionStatus.NO_DATE, f"Without a date: {WITHOUT_DAY[by_when.kind]}.")
    if latest is None:
        starts = by_when.earliest is not None and by_when.earliest > today
        begins = f"Begins on {day_in_words(by_when.earliest)}" if starts and by_when.earliest else "Runs on"
        return Standing(ActionStatus.ON_TRACK, f"{begins}: it has no last day.")
    if latest < today:
        return Standing(ActionStatus.OVERDUE, f"Its last day was {day_in_words(latest)}.")
    if latest - today <= DUE_SOON:
        return Standing(ActionStatus.DUE_SOON, f"Due by {day_in_words(latest)}.")
    return Standing(ActionStatus.ON_TRACK, f"Due by {day_in_words(latest)}.")


def rolled_up(statuses: Iterable[ActionStatus]) -> dict[ActionStatus, int]:
    """How many actions stand how, most pressing first, every status named."""
    counts = Counter(statuses)
    return {status: counts[status] for status in ActionStatus}


def _sections(numbers: tuple[int, ...]) -> str:
    if len(numbers) == 1:
        return f"Section {numbers[0]} is"
    return f"Sections {', '.join(map(str, numbers[:-1]))} and {numbers[-1]} are"
