"""What people do with plans: make one, correct it, write it whole, change its actions, tell of it, decide on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from app.errors import Conflict, FieldFault, Forbidden, Invalid
from app.queries.partnerships import find_partnership
from app.queries.plan_views import PlanActionView, PlanView, action_views, plan_view
from app.queries.plans import read_own_plan, read_plan_then, read_updates, unknown_action
from app.queries.reviews import find_review
from app.rules.access import Caller, Role
from app.rules.moments import london_date
from app.rules.plan_content import with_content
from app.rules.plan_document import (
    PROGRESS,
    PlanDocument,
    PlanPart,
    PlanStep,
    State,
    action_state,
    is_fixed,
    new_plan,
    period_of,
    plain_ref,
    step_refusal,
    stepped,
    with_action,
    with_details,
)
from app.services.plan_writing import (
    NewUpdate,
    OpenedPlan,
    PlanAct,
    PlanOwner,
    open_plan,
    owner_of_partnership,
    owner_of_prison,
    refuse_outdated_copy,
    refuse_plan,
    refuse_reason,
    store_plan,
)

Versions = frozenset[int] | None


@dataclass(frozen=True, slots=True)
class Whose:
    """The prison (its code) or the partnership (its id or name) that a new plan is of."""

    prison: str | None = None
    partnership: str | None = None


def make_plan(session: Session, whose: Whose, details: State, sections: Sequence[State], *, caller: Caller) -> PlanView:
    """Make a plan with all that it says; Forbidden where it is not the caller's to write."""
    owner = _owner(session, whose, caller)
    _refuse_backward_period(details)
    opened = OpenedPlan(str(uuid4()), owner, None, new_plan(details))
    return _write_whole(session, opened, sections, "created")


def _owner(session: Session, whose: Whose, caller: Caller) -> PlanOwner:
    if whose.partnership is not None:
        return owner_of_partnership(session, find_partnership(session, whose.partnership, caller.by).id, caller)
    owner = owner_of_prison(session, whose.prison or "", caller)
    _refuse_other_hands(owner)
    return owner


def _refuse_other_hands(owner: PlanOwner) -> None:
    """A prison's own plan is written by the prison; its region decides on it."""
    if owner.prison is not None and owner.caller.by.role is not Role.PRISON:
        detail = "A prison writes its own plan: use its key. A partnership's plan is also written by its region."
        raise Forbidden("role-not-allowed", detail)


def _opened_for_writing(session: Session, plan_id: str, caller: Caller, versions: Versions) -> OpenedPlan:
    opened = open_plan(session, plan_id, caller, versions)
    _refuse_other_hands(opened.owner)
    return opened


def _refuse_fixed(plan: PlanDocument) -> None:
    if is_fixed(plan.state):
        raise Conflict(
            "plan-not-open",
            f"The plan is {plan.state['status']}: what it says stays as it is. Reopen it with a reason first. The day "
            "that an action was done, and updates, can be recorded all the same.",
        )


def correct_plan(
    session: Session, plan_id: str, given: State, *, caller: Caller, versions: Versions = None
) -> PlanView:
    """Change a plan's title, kind or period: a field that is left out stays, None clears a day of the period."""
    opened = _opened_for_writing(session, plan_id, caller, versions)
    after = with_details(opened.plan, given)
    if after != opened.plan:
        _refuse_fixed(opened.plan)
    _refuse_backward_period(after.state)
    store_plan(session, opened, after, PlanAct("corrected"))
    return _shown(session, opened)


def _refuse_backward_period(state: State) -> None:
    begins_on, ends_on = state["begins_on"], state["ends_on"]
    if begins_on and ends_on and ends_on < begins_on:
        detail = "the plan ends before it begins: give a later day, or an earlier begins_on"
        raise Invalid("invalid-input", f"Put right the period: {detail}.", [FieldFault("/ends_on", detail)])


def replace_content(
    session: Session, plan_id: str, sections: Sequence[State], *, caller: Caller, versions: Versions = None
) -> PlanView:
    """Write all that a plan says anew. A row that is known again keeps its history; updates are added, never lost."""
    opened = _opened_for_writing(session, plan_id, caller, versions)
    return _write_whole(session, opened, sections, "content_changed")


def _write_whole(session: Session, opened: OpenedPlan, sections: Sequence[State], verb: str) -> PlanView:
    written = with_content(opened.plan, sections)
    if written.plan != opened.plan:
        _refuse_fixed(opened.plan)
    refuse_plan(written.faults)
    for number, state in written.plan.of_kind(PlanPart.ACTION).items():
        _refuse_day_to_come(state, opened, f"{written.pointers[number]}/done_on")
    known = set()
    if opened.head is not None:
        known = {(one.row, one.text, one.on) for one in read_updates(session, opened.id)}
    updates = [new_update(row, told) for row, told in written.updates]
    new = tuple(one for one in updates if (one.row, one.text, one.on) not in known)
    act = PlanAct(verb, updates=new, pointers=dict(written.pointers))
    store_plan(session, opened, written.plan, act)
    return _shown(session, opened)


def new_update(row: int | None, told: State) -> NewUpdate:
    on = told.get("on")
    return NewUpdate(told["text"], date.fromisoformat(on) if on else None, row, told.get("provenance"))


def _refuse_day_to_come(state: State, opened: OpenedPlan, pointer: str) -> None:
    if (day := state.get("done_on")) and day > london_date(opened.owner.at).isoformat():
        detail = "the day is to come: an action is done on today or an earlier day"
        raise Invalid("invalid-input", f"Put right done_on: {detail}.", [FieldFault(pointer, detail)])


def add_action(
    session: Session, plan_id: str, objective: str | None, given: State, *, caller: Caller, versions: Versions = None
) -> PlanActionView:
    """Add one action to an objective (its `ref`), or under none; Conflict where its reference is taken."""
    opened = _opened_for_writing(session, plan_id, caller, versions)
    return _add(session, opened, objective, given)


def _add(session: Session, opened: OpenedPlan, objective: str | None, given: State) -> PlanActionView:
    _refuse_fixed(opened.plan)
    within = None if objective is None else opened.plan.number_of(PlanPart.OBJECTIVE, objective)
    if objective is not None and within is None:
        detail = f"the plan has no objective {objective!r}: name one by its `ref`, or leave it out"
        raise Invalid("invalid-input", f"Put right objective: {detail}.", [FieldFault("/objective", detail)])
    reference = given["reference"]
    if reference and opened.plan.number_of(PlanPart.ACTION, reference) is not None:
        detail = f"The plan has an action {reference} already: change it with PATCH, or give another reference."
        raise Conflict("action-exists", detail, [FieldFault("/reference", detail)])
    _refuse_day_to_come(given, opened, "/done_on")
    updates = given.get("updates") or ()
    state = {name: value for name, value in given.items() if name != "updates"}
    after, number = with_action(opened.plan, within, state)
    ref = after.rows[number].state["ref"]
    told = tuple(new_update(number, one) for one in updates)
    store_plan(session, opened, after, PlanAct("action_added", f"/actions/{ref}", told))
    return _shown_action(session, opened, ref)


def change_action(
    session: Session, plan_id: str, ref: str, given: State, *, caller: Caller, versions: Versions = None
) -> PlanActionView:
    """Change one action: a field that is left out stays, None clears it. `versions` are of the action."""
    opened = _opened_for_writing(session, plan_id, caller, None)
    number, before = _found(opened.plan, ref)
    refuse_outdated_copy(opened.plan.rows[number].version, versions)
    _refuse_day_to_come(given, opened, "/done_on")
    state = {**before, **action_state(given, period_of(opened.plan.state))}
    if any(state[name] != before[name] for name in state if name not in PROGRESS):
        _refuse_fixed(opened.plan)
    after = opened.plan.with_row(number, state)
    store_plan(session, opened, after, PlanAct("action_changed", f"/actions/{before['ref']}"))
    return _shown_action(session, opened, before["ref"])


def _found(plan: PlanDocument, ref: str) -> tuple[int, State]:
    number = plan.number_of(PlanPart.ACTION, ref)
    if number is None:
        raise unknown_action(ref)
    return number, plan.rows[number].state


def add_update(session: Session, plan_id: str, ref: str | None, told: State, *, caller: Caller) -> PlanView:
    """Tell how a plan, or one of its actions, is going; whatever the plan's status."""
    opened = _opened_for_writing(session, plan_id, caller, None)
    number, subject = None, ""
    if ref is not None:
        number, state = _found(opened.plan, ref)
        subject = f"/actions/{state['ref']}"
    told = {**told, "on": told["on"] or london_date(opened.owner.at).isoformat()}
    store_plan(session, opened, opened.plan, PlanAct("update_added", subject, (new_update(number, told),)))
    return _shown(session, opened)


def take_step(
    session: Session, plan_id: str, step: PlanStep, reason: str | None, *, caller: Caller, versions: Versions = None
) -> PlanView:
    """Submit a plan, approve it, send it back or reopen it; Refused where it is not at that point."""
    opened = open_plan(session, plan_id, caller, versions)
    refuse_reason(step_refusal(step, opened.plan.state["status"]))
    store_plan(session, opened, stepped(opened.plan, step, reason), PlanAct(step.name))
    return _shown(session, opened)


@dataclass(frozen=True, slots=True)
class Recommended:
    """The review whose recommendation becomes an action: the prison's code, the section's number, the review's id."""

    code: str
    number: int
    review_id: str


def act_on_recommendation(
    session: Session, plan_id: str, of: Recommended, given: Mapping[str, Any], *, caller: Caller
) -> PlanActionView:
    """Make an action of what a review recommends. It remembers the review, and names its section."""
    opened = _opened_for_writing(session, plan_id, caller, None)
    prison = next((one for one in opened.owner.prisons if one.code == of.code.upper()), None)
    if prison is None:
        detail = f"the plan is not about {of.code.upper()}: name one of that prison, or of a partnership that it is in"
        raise Invalid("invalid-input", f"Put right plan: {detail}.", [FieldFault("/plan", detail)])
    review = find_review(session, prison.id, of.number, of.review_id)
    if review.recommendation is None:
        detail = "The review recommends nothing. Add an action to the plan in your own words instead."
        raise Conflict("no-recommendation", detail)
    origin = {"id": review.id, "prison": prison.code, "section": review.section}
    state = (
        dict(EMPTY_ACTION) | dict(given) | {"text": review.recommendation, "sections": [of.number], "review": origin}
    )
    return _add(session, opened, None, state)


EMPTY_ACTION: Mapping[str, Any] = {
    "reference": None,
    "text": "",
    "by_when": None,
    "by_whom": None,
    "measures": [],
    "done_on": None,
    "no_action_reason": None,
    "waits_for": None,
    "sections": [],
    "review": None,
    "provenance": None,
}


def _shown(session: Session, opened: OpenedPlan) -> PlanView:
    head = read_own_plan(session, opened.id, opened.owner.caller.by)
    return plan_view(read_plan_then(session, head, is_approved=False, as_of=None), london_date(opened.owner.at))


def _shown_action(session: Session, opened: OpenedPlan, ref: str) -> PlanActionView:
    head = read_own_plan(session, opened.id, opened.owner.caller.by)
    then = read_plan_then(session, head, is_approved=False, as_of=None)
    wanted = plain_ref(ref)
    return action_views(then, london_date(opened.owner.at), lambda one: one.ref == wanted)[0]
