"""What a change makes of a prison, decided before anything is stored: a write and a preview say the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from app.rules.assessment import Assessment, Stamp
from app.rules.prison import PrisonFacts
from app.rules.readiness import ReadinessView, RuleBook, Situation
from app.rules.review import Review, after_review
from app.rules.statement import Step, after_steps, steps_followed


@dataclass(frozen=True, slots=True)
class Facts:
    """What is decided upon: a prison as it stands on a day, and the rule book that it is judged by."""

    situation: Situation
    book: RuleBook
    today: date


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different. `sections` are as they are to be, with `stamp` on those that differ, and `is_own_work`
    where the prison itself changes them; `prison` and `book` where its own details change; `steps` are those that
    somebody takes with its statements, `review` is one as it is to be."""

    sections: Mapping[int, Assessment] = field(default_factory=dict)
    stamp: Stamp | None = None
    is_own_work: bool = False
    prison: PrisonFacts | None = None
    book: RuleBook | None = None
    steps: tuple[Step, ...] = ()
    review: Review | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What comes of a change. `sections` are those that differ, `steps` those taken and those that follow from the
    ratings (rule 7). The moments in `readiness` are left for whoever stores it to fill."""

    before: Situation
    after: Situation
    sections: Mapping[int, Assessment]
    steps: tuple[Step, ...]
    followed: tuple[Step, ...]
    readiness: ReadinessView
    moves_verdict: bool


def decide(facts: Facts, change: Change) -> Decision:
    """The prison after a change, its verdict, and what the verdict does to its statements."""
    before, book = facts.situation, change.book or facts.book
    sections = {number: one for number, one in change.sections.items() if one != before.answers.of(number)}
    answers = before.answers
    if sections and change.stamp is not None:
        answers = answers.with_versions(sections, change.stamp, is_own_work=change.is_own_work)
    statements = after_steps(before.statements, change.steps)
    challenges = before.challenges if change.review is None else after_review(before.challenges, change.review)
    after = Situation(change.prison or before.prison, answers, statements, challenges)
    view = after.view(book, facts.today)
    followed = steps_followed(statements, view.go_live)
    if followed:
        after = replace(after, statements=after_steps(statements, followed))
        view = after.view(book, facts.today)
    return Decision(
        before=before,
        after=after,
        sections=sections,
        steps=change.steps,
        followed=followed,
        readiness=view,
        moves_verdict=view != before.view(facts.book, facts.today),
    )
