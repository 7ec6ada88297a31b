"""A plan as a value: its planning sections, objectives and actions, and what a change makes of them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from app.rules.by_when import ByWhen, ByWhenKind, read_by_when
from app.rules.dates_in_words import Period
from app.rules.owners import owners_in
from app.rules.types import AnyCase, Reason

State = Mapping[str, Any]


class PlanKind(AnyCase):
    """A prison's own action plan, whose actions each name a section of the toolkit, or a treatment plan."""

    ACTION_PLAN = "action_plan"
    TREATMENT_PLAN = "treatment_plan"


class PlanStatus(AnyCase):
    """How far a plan is."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    SENT_BACK = "sent_back"


class PlanPart(StrEnum):
    """What an entry of a plan's history is about."""

    PLAN = "plan"
    SECTION = "section"
    OBJECTIVE = "objective"
    ACTION = "action"


@dataclass(frozen=True, slots=True)
class Row:
    """A planning section, an objective or an action: all that is said of it, in JSON."""

    kind: PlanPart
    state: State
    version: int = 1


# The numbers of a plan's rows in their order: [[section, [[objective, [action, …]], …]], …].
Outline = Sequence[Any]


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """`state` has the title, the kind, the period, the status, the outline, and the number of the last row."""

    state: State
    rows: Mapping[int, Row] = field(default_factory=dict)

    @property
    def outline(self) -> Outline:
        found: Outline = self.state["outline"]
        return found

    def of_kind(self, kind: PlanPart) -> dict[int, State]:
        return {number: row.state for number, row in self.rows.items() if row.kind is kind}

    def number_of(self, kind: PlanPart, ref: str) -> int | None:
        """The row of that kind with this reference; None if there is none."""
        return next((number for number, state in self.of_kind(kind).items() if state["ref"] == plain_ref(ref)), None)

    def with_row(self, number: int, state: State) -> "PlanDocument":
        """The plan with a row that says something else."""
        row = replace(self.rows[number], state=state)
        return replace(self, rows={**self.rows, number: row})


def new_plan(details: State) -> PlanDocument:
    """A plan without rows; `details` are its kind, its title and its period."""
    return PlanDocument({**details, "status": PlanStatus.DRAFT.value, "reason": None, "outline": [], "last_row": 0})


def period_of(state: State) -> Period | None:
    begins_on, ends_on = state["begins_on"], state["ends_on"]
    return Period(date.fromisoformat(begins_on), date.fromisoformat(ends_on)) if begins_on and ends_on else None


def with_details(before: PlanDocument, given: State) -> PlanDocument:
    """The plan after a merge patch of its details. Another period may mean other days: every "By when" is read anew."""
    after = replace(before, state={**before.state, **given})
    if (period := period_of(after.state)) != period_of(before.state):
        for number, state in before.of_kind(PlanPart.ACTION).items():
            after = after.with_row(number, {**state, "by_when": meaning(state["by_when"]["text"], period)})
    return after


def meaning(text: str | None, period: Period | None) -> dict[str, Any]:
    """A "By when" cell as JSON: its words and what they mean."""
    read = read_by_when(text or "", period)
    first, last = (None if day is None else day.isoformat() for day in (read.earliest, read.latest))
    return {"text": read.text, "kind": read.kind.value, "earliest": first, "latest": last}


def by_when_of(document: State) -> ByWhen:
    """The inverse of `meaning`."""
    first, last = (
        None if day is None else date.fromisoformat(day) for day in (document["earliest"], document["latest"])
    )
    return ByWhen(document["text"], ByWhenKind(document["kind"]), first, last)


def action_state(given: State, period: Period | None) -> dict[str, Any]:
    """An action, or the part of it that is given, as it is kept: the cells of its author and what they mean."""
    state = dict(given)
    if "by_when" in state:
        state["by_when"] = meaning(state["by_when"], period)
    if "by_whom" in state:
        whom = state["by_whom"] or ""
        is_text = isinstance(whom, str)
        text, owners = (whom, owners_in(whom)) if is_text else ("; ".join(whom), list(dict.fromkeys(whom)))
        state["by_whom"] = {"text": text, "owners": owners}
    if "sections" in state:
        state["sections"] = sorted(set(state["sections"] or ()))
    if "measures" in state:
        state["measures"] = list(state["measures"] or ())
    if state.get("waits_for"):
        state["waits_for"] = plain_ref(state["waits_for"])
    return state


def is_done(state: State) -> bool:
    """Whether nothing is left to do of an action."""
    has_ended = state["done_on"] is not None or state["no_action_reason"] is not None
    return has_ended or state["by_when"]["kind"] == ByWhenKind.DONE


def plain_ref(text: str) -> str:
    """A reference as it stands in an address: "Action 3" is `Action-3`."""
    return re.sub(r"[^A-Za-z0-9._~-]+", "-", text.strip()).strip("-.")[:60]


def free_ref(wanted: str | None, within: str, number: int, taken: Iterable[str]) -> str:
    """The reference of a new row in addresses: the author's own, with that of what it lies within where that is taken
    already, or the number of its row where there is none."""
    plain, used = plain_ref(wanted or ""), set(taken)
    choices = [
        plain,
        f"{within}-{plain}"[:70] if within else "",
        f"{plain[:60]}-{number}",
        f"{plain[:50]}-row-{number}",
    ]
    if not plain:
        choices = [f"row-{number}", f"row-{number}-{number}"]
    return next((one for one in choices if one and one not in used), f"row-{number}-of-{len(used)}")


def after_actions(outline: Outline) -> Iterator[tuple[int, int, int]]:
    """Each action with its planning section and its objective, in the plan's order."""
    for section, objectives in outline:
        for objective, actions in objectives:
            for action in actions:
                yield section, objective, action


# The implicit heading of actions that stand under no objective.
_UNSAID: State = {"title": "", "notes": [], "expected_outcomes": [], "provenance": None}
_NO_SECTION: State = {"number": None, "priorities": [], **_UNSAID}
_NO_OBJECTIVE: State = {"ref": "", "reference": None, **_UNSAID}


def with_action(before: PlanDocument, objective: int | None, given: State) -> tuple[PlanDocument, int]:
    """The plan with one more action, and its number: the last one of an objective, or under none."""
    rows, last = dict(before.rows), before.state["last_row"]
    outline: list[Any] = [
        [section, [[one, list(actions)] for one, actions in within]] for section, within in before.outline
    ]
    if objective is None:
        bare = (
            one
            for one, state in before.of_kind(PlanPart.OBJECTIVE).items()
            if not (state["reference"] or state["title"])
        )
        objective = next(bare, None)
    if objective is None:
        section, objective, last = last + 1, last + 2, last + 2
        rows[section] = Row(PlanPart.SECTION, _NO_SECTION)
        rows[objective] = Row(PlanPart.OBJECTIVE, {**_NO_OBJECTIVE, "ref": f"row-{objective}"})
        outline.append([section, [[objective, []]]])
    number = last + 1
    next(actions for _, within in outline for one, actions in within if one == objective).append(number)
    taken = (state["ref"] for state in before.of_kind(PlanPart.ACTION).values())
    ref = free_ref(given["reference"], "", number, taken)
    rows[number] = Row(PlanPart.ACTION, {"ref": ref, **action_state(given, period_of(before.state))})
    return PlanDocument({**before.state, "outline": outline, "last_row": number}, rows), number


def faults_of(plan: PlanDocument, pointers: Mapping[int, str]) -> list[Reason]:
    """What is wrong with a plan as a whole; `pointers` say where in the caller's body a row stands."""
    found: list[Reason] = []
    actions = plan.of_kind(PlanPart.ACTION)
    waits = {state["ref"]: state["waits_for"] for state in actions.values()}
    for number, state in actions.items():
        at = pointers.get(number, "")
        if plan.state["kind"] == PlanKind.ACTION_PLAN and not state["sections"]:
            detail = (
                f"Action {state['ref']} names no section of the toolkit: in an action plan each names at least one."
            )
            found.append(Reason("section-needed", detail, f"{at}/sections"))
        if state["waits_for"] is not None and state["waits_for"] not in waits:
            detail = f"Action {state['ref']} waits for {state['waits_for']}, and no action of this plan is called that."
            found.append(Reason("waits-for-nothing", detail, f"{at}/waits_for"))
        elif _waits_for_itself(state["ref"], waits):
            detail = f"Action {state['ref']} waits for itself, by way of {state['waits_for']}: neither could begin."
            found.append(Reason("waits-in-a-circle", detail, f"{at}/waits_for"))
    return found


def _waits_for_itself(ref: str, waits: Mapping[str, str | None]) -> bool:
    seen, awaited = set(), waits[ref]
    while awaited is not None and awaited not in seen:
        if awaited == ref:
            return True
        seen.add(awaited)
        awaited = waits.get(awaited)
    return False


@dataclass(frozen=True, slots=True)
class PlanStep:
    """A step in a plan's life: from which statuses it is taken, and to which it leads."""

    name: str
    before: tuple[PlanStatus, ...]
    after: PlanStatus


SUBMIT = PlanStep("submitted", (PlanStatus.DRAFT, PlanStatus.SENT_BACK), PlanStatus.SUBMITTED)
APPROVE = PlanStep("approved", (PlanStatus.SUBMITTED,), PlanStatus.APPROVED)
SEND_BACK = PlanStep("sent_back", (PlanStatus.SUBMITTED,), PlanStatus.SENT_BACK)
REOPEN = PlanStep("reopened", (PlanStatus.SUBMITTED, PlanStatus.APPROVED), PlanStatus.DRAFT)


def step_refusal(step: PlanStep, status: str) -> Reason | None:
    """Why this step cannot be taken now; None if it can."""
    if status in step.before:
        return None
    able = " or ".join(one.value.replace("_", " ") for one in step.before)
    is_now = status.replace("_", " ")
    return Reason(
        "plan-not-there", f"A plan is {step.name.replace('_', ' ')} while it is {able}; this one is {is_now}."
    )


def stepped(before: PlanDocument, step: PlanStep, reason: str | None) -> PlanDocument:
    return replace(before, state={**before.state, "status": step.after.value, "reason": reason})


def is_fixed(state: State) -> bool:
    """Whether what the plan says may not be changed, since somebody is deciding on it or has."""
    return state["status"] in (PlanStatus.SUBMITTED, PlanStatus.APPROVED)


# What becomes of an action is recorded whatever the plan's status: that is what the plan is for.
PROGRESS = frozenset({"done_on"})
