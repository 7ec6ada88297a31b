"""What was understood of a plan's paper, cell by cell, and what was not."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.documents.paper.blocks import Place


@dataclass(slots=True)
class Action:
    """One row: the cells as their author wrote them. `inherited` names the fields that a merged cell above gives."""

    text: str
    place: Place
    reference: str | None = None
    by_when: str = ""
    by_whom: str = ""
    measures: list[str] = field(default_factory=list)
    updates: list[str] = field(default_factory=list)
    # The cell of its own that the reference stands in, where it has one.
    reference_cell: str = ""
    inherited: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Outcome:
    """What is expected: for which year or years, as written, or null; the lines that say it, label included."""

    year: str | None
    lines: list[str]


@dataclass(slots=True)
class Objective:
    """`headings` are the lines that name it, as often as the paper does."""

    reference: str | None
    title: str
    place: Place
    headings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)


@dataclass(slots=True)
class PlanningSection:
    """`number` and `title` are null and empty for what a paper puts before its first section."""

    number: str | None
    title: str
    place: Place
    headings: list[str] = field(default_factory=list)
    priorities: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    updates: list[str] = field(default_factory=list)
    objectives: list[Objective] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    text: str
    place: Place
    reason: str


@dataclass(slots=True)
class PlanPaper:
    """The whole of it. `labels` are headers of columns and lines such as "Delivery plan:"."""

    title: list[str] = field(default_factory=list)
    sections: list[PlanningSection] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    not_understood: list[NotUnderstood] = field(default_factory=list)

    def objectives(self) -> Iterator[tuple[PlanningSection, Objective]]:
        for section in self.sections:
            for objective in section.objectives:
                yield section, objective

    def actions(self) -> Iterator[tuple[PlanningSection, Objective, Action]]:
        for section, objective in self.objectives():
            for action in objective.actions:
                yield section, objective, action

    def texts(self) -> Iterator[str]:
        """Every text that the paper held, each as often as it held it."""
        yield from self.title
        yield from self.labels
        yield from (each.text for each in self.not_understood)
        for section in self.sections:
            yield from (*section.headings, *section.priorities, *section.notes, *section.updates)
            yield from (line for outcome in section.outcomes for line in outcome.lines)
        for _, objective in self.objectives():
            yield from (*objective.headings, *objective.notes)
            yield from (line for outcome in objective.outcomes for line in outcome.lines)
        for *_, action in self.actions():
            yield from _own_texts(action)


def _own_texts(action: Action) -> Iterator[str]:
    yield action.reference_cell
    yield from action.updates
    for name in ("text", "by_when", "by_whom"):
        if name not in action.inherited:
            yield getattr(action, name)
    if "measures" not in action.inherited:
        yield from action.measures
