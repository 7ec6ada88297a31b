"""How a plan is shown: its rows in their order, each action with its status, each heading with its counts."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter

from app.queries.partnerships import PartnershipRef
from app.queries.plans import PlanHead, PlanThen
from app.rules.by_when import ByWhen
from app.rules.plan import ActionFacts, ActionStatus, action_status, rolled_up
from app.rules.plan_document import PlanKind, PlanPart, PlanStatus, State, after_actions, by_when_of, is_done


@dataclass(frozen=True, slots=True)
class StatusCounts:
    """How many actions stand how."""

    overdue: int
    blocked: int
    no_date: int
    due_in_28_days: int
    on_track: int
    done: int


@dataclass(frozen=True, slots=True)
class SectionCounts:
    """How the actions on one section of the toolkit stand."""

    section: int
    counts: StatusCounts


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a row was read: in which file, and where in it."""

    file: str | None = None
    sha256: str | None = None
    sheet: str | None = None
    part: str | None = None
    paragraph: int | None = None
    table: int | None = None
    row: int | None = None
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class ExpectedOutcome:
    """What is expected of an objective or a planning section, in a year where the plan has years."""

    year: str | None
    text: str


@dataclass(frozen=True, slots=True)
class PlanUpdateView:
    """What somebody told of a plan or of one of its rows; `on` is the day that it is about."""

    on: date | None
    text: str
    by: str
    at: datetime
    provenance: Provenance | None


@dataclass(frozen=True, slots=True)
class ReviewOrigin:
    """The review whose recommendation became the action."""

    id: str
    prison: str
    section: int


@dataclass(frozen=True, slots=True)
class PlanActionView:
    """An action or milestone. `ref` names it in addresses, `reference` is the author's own."""

    ref: str
    reference: str | None
    objective: str
    text: str
    by_when: ByWhen
    by_whom: list[str]
    by_whom_text: str
    measures: list[str]
    done_on: date | None
    no_action_reason: str | None
    waits_for: str | None
    sections: list[int]
    status: ActionStatus
    reason: str
    updates: list[PlanUpdateView]
    review: ReviewOrigin | None
    provenance: Provenance | None
    version: int


@dataclass(frozen=True, slots=True)
class PlanObjectiveView:
    """An objective with its actions."""

    ref: str
    reference: str | None
    title: str
    notes: list[str]
    expected_outcomes: list[ExpectedOutcome]
    counts: StatusCounts
    actions: list[PlanActionView]
    updates: list[PlanUpdateView]
    provenance: Provenance | None


@dataclass(frozen=True, slots=True)
class PlanningSectionView:
    """A planning section with its objectives. What stands before the first one has no number and no title."""

    number: str | None
    title: str
    priorities: list[str]
    notes: list[str]
    expected_outcomes: list[ExpectedOutcome]
    counts: StatusCounts
    objectives: list[PlanObjectiveView]
    updates: list[PlanUpdateView]
    provenance: Provenance | None


@dataclass(frozen=True, slots=True)
class ApprovedVersion:
    """The version that was last approved, and when."""

    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class PlanSummaryView:
    """A plan without what it says: whose it is, how far it is, and how its actions stand."""

    id: str
    prison: str | None
    partnership: PartnershipRef | None
    kind: PlanKind
    title: str
    begins_on: date | None
    ends_on: date | None
    status: PlanStatus
    reason: str | None
    approved: ApprovedVersion | None
    counts: StatusCounts
    version: int
    created_at: datetime
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True, slots=True)
class PlanView(PlanSummaryView):
    """A plan with all that it says. `toolkit_sections` counts its actions by the section of the toolkit."""

    toolkit_sections: list[SectionCounts]
    sections: list[PlanningSectionView]
    updates: list[PlanUpdateView]


PLAN_JSON, SUMMARY_JSON, ACTION_JSON = TypeAdapter(PlanView), TypeAdapter(PlanSummaryView), TypeAdapter(PlanActionView)


def status_counts(counts: Mapping[Any, int]) -> StatusCounts:
    return StatusCounts(**{str(status): counts.get(status, 0) for status in ActionStatus})


def _counted(actions: Iterable[PlanActionView]) -> StatusCounts:
    return status_counts(rolled_up(action.status for action in actions))


def summary_of(head: PlanHead, counts: StatusCounts) -> PlanSummaryView:
    state, version = head.state, head.approved_version
    approved = None if version is None or head.approved_at is None else ApprovedVersion(version, head.approved_at)
    days = (_day(state["begins_on"]), _day(state["ends_on"]))
    own = (head.id, head.prison, head.partnership, PlanKind(state["kind"]), state["title"], *days)
    stands = (PlanStatus(state["status"]), state["reason"], approved, counts)
    return PlanSummaryView(*own, *stands, head.version, head.created_at, head.changed_at, head.changed_by)


def plan_view(then: PlanThen, today: date) -> PlanView:
    """The whole of a plan, its actions judged on a day."""
    views, updates = _action_views(then, today), _updates(then)
    rows, sections = then.plan.rows, []
    for section, within in then.plan.outline:
        objectives = [
            _objective(rows[objective].state, [views[action] for action in actions], updates[objective])
            for objective, actions in within
        ]
        sections.append(_section(rows[section].state, objectives, updates[section]))
    summary = summary_of(then.head, _counted(views.values()))
    own: dict[str, Any] = {name: getattr(summary, name) for name in PlanSummaryView.__slots__}
    by_section = by_toolkit_section(views.values())
    return PlanView(**own, toolkit_sections=by_section, sections=sections, updates=updates[None])


def action_views(then: PlanThen, today: date, keep: Callable[[PlanActionView], bool]) -> list[PlanActionView]:
    """The actions of a plan that are to be kept, in the plan's order."""
    views = _action_views(then, today)
    in_order = (views[action] for *_, action in after_actions(then.plan.outline))
    return [view for view in in_order if keep(view)]


def by_toolkit_section(actions: Iterable[PlanActionView]) -> list[SectionCounts]:
    found: dict[int, list[ActionStatus]] = defaultdict(list)
    for action in actions:
        for number in action.sections:
            found[number].append(action.status)
    return [SectionCounts(number, status_counts(rolled_up(found[number]))) for number in sorted(found)]


def _action_views(then: PlanThen, today: date) -> dict[int, PlanActionView]:
    actions, updates = then.plan.of_kind(PlanPart.ACTION), _updates(then)
    undone = {state["ref"] for state in actions.values() if not is_done(state)}
    lies_in = {action: objective for _, objective, action in after_actions(then.plan.outline)}
    found = {}
    for number, state in actions.items():
        by_when = by_when_of(state["by_when"])
        standing = action_status(_facts(state, by_when, undone, then.exempt), today)
        found[number] = PlanActionView(
            ref=state["ref"],
            reference=state["reference"],
            objective=then.plan.rows[lies_in[number]].state["ref"],
            text=state["text"],
            by_when=by_when,
            by_whom=state["by_whom"]["owners"],
            by_whom_text=state["by_whom"]["text"],
            measures=state["measures"],
            done_on=_day(state["done_on"]),
            no_action_reason=state["no_action_reason"],
            waits_for=state["waits_for"],
            sections=state["sections"],
            status=standing.status,
            reason=standing.reason,
            updates=updates[number],
            review=ReviewOrigin(**state["review"]) if state["review"] else None,
            provenance=_source(state),
            version=then.plan.rows[number].version,
        )
    return found


def _facts(state: State, by_when: ByWhen, undone: set[str], exempt: frozenset[int]) -> ActionFacts:
    sections, waits_for = state["sections"], state["waits_for"]
    return ActionFacts(
        by_when=by_when,
        done_on=_day(state["done_on"]),
        no_action_reason=state["no_action_reason"],
        waits_for=waits_for if waits_for in undone else None,
        exempt_sections=tuple(sections) if sections and exempt.issuperset(sections) else (),
    )


def _updates(then: PlanThen) -> dict[int | None, list[PlanUpdateView]]:
    found: dict[int | None, list[PlanUpdateView]] = defaultdict(list)
    for one in then.updates:
        source = Provenance(**one.provenance) if one.provenance else None
        found[one.row].append(PlanUpdateView(one.on, one.text, one.by, one.at, source))
    return found


def _objective(state: State, actions: list[PlanActionView], updates: list[PlanUpdateView]) -> PlanObjectiveView:
    says = (state["ref"], state["reference"], state["title"], state["notes"], _outcomes(state))
    return PlanObjectiveView(*says, _counted(actions), actions, updates, _source(state))


def _section(state: State, objectives: list[PlanObjectiveView], updates: list[PlanUpdateView]) -> PlanningSectionView:
    says = (state["number"], state["title"], state["priorities"], state["notes"], _outcomes(state))
    counts = _counted(action for objective in objectives for action in objective.actions)
    return PlanningSectionView(*says, counts, objectives, updates, _source(state))


def _outcomes(state: State) -> list[ExpectedOutcome]:
    return [ExpectedOutcome(**one) for one in state["expected_outcomes"]]


def _source(state: State) -> Provenance | None:
    return Provenance(**state["provenance"]) if state["provenance"] else None


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
