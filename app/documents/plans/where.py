"""Where the reading of a plan stands: the section, the objective and the list that running text belongs to."""

from dataclasses import dataclass, field

from app.documents.paper.blocks import Place
from app.documents.plans.content import Action, NotUnderstood, Objective, Outcome, PlanningSection, PlanPaper
from app.documents.plans.lines import LONGEST_HEADING, Kind, Line


@dataclass(slots=True)
class Where:
    paper: PlanPaper = field(default_factory=PlanPaper)
    section: PlanningSection | None = None
    objective: Objective | None = None
    # What the last label spoke of; running text goes there until something else begins.
    target: list[str] | None = None

    def begin_section(self, line: Line, texts: list[str], place: Place) -> None:
        self.section = PlanningSection(line.reference, line.rest, place, headings=texts)
        self.paper.sections.append(self.section)
        self.objective, self.target = None, None

    def begin_objective(self, line: Line, texts: list[str], place: Place) -> None:
        """Go on with the section's objective of that reference, or begin one."""
        self.target = None
        for known in self.present_section(place).objectives:
            if line.reference is not None and known.reference == line.reference:
                known.headings.extend(texts)
                self.objective = known
                return
        self.objective = Objective(line.reference, line.rest, place, headings=texts)
        self.present_section(place).objectives.append(self.objective)

    def present_section(self, place: Place) -> PlanningSection:
        if self.section is None:
            self.section = PlanningSection(None, "", place)
            self.paper.sections.append(self.section)
        return self.section

    def present_objective(self, place: Place) -> Objective:
        if self.objective is None:
            self.objective = Objective(None, "", place)
            self.present_section(place).objectives.append(self.objective)
        return self.objective

    def last_action(self) -> Action | None:
        if self.objective is None or not self.objective.actions:
            return None
        return self.objective.actions[-1]

    def label(self, line: Line, texts: list[str], place: Place, *, of_section: bool) -> None:
        """Priorities, expected outcomes, updates and lines such as "Delivery plan:"."""
        if line.kind is Kind.DELIVERY:
            self.paper.labels.extend(texts)
            self.target = None
        elif line.kind is Kind.OUTCOMES:
            outcome = Outcome(line.reference, texts)
            holder = self.present_section(place) if of_section or self.objective is None else self.objective
            holder.outcomes.append(outcome)
            self.target = outcome.lines
        elif line.kind is Kind.UPDATES:
            self.target = self.present_section(place).updates
            self.target.extend(texts)
        elif self.objective is not None and self.objective.actions:
            self.text(texts, place)
        else:
            self.target = self.present_section(place).priorities
            self.target.extend(texts)

    def text(self, texts: list[str], place: Place) -> None:
        """Running text: to what the last label spoke of, or to the objective, the section or the title."""
        if self.target is not None:
            self.target.extend(texts)
        elif self.objective is not None:
            self.objective.notes.extend(texts)
        elif self.section is not None:
            self.section.notes.extend(texts)
        elif all(len(text) <= LONGEST_HEADING for text in texts):
            self.paper.title.extend(texts)
        else:
            self.refuse(texts, place, "it stands before the first planning section")

    def refuse(self, texts: list[str], place: Place, reason: str) -> None:
        self.paper.not_understood.extend(NotUnderstood(text, place, reason) for text in texts)
