"""Plans of prisons and partnerships: list, make, read, write whole, decide on, and their history."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BeforeValidator, TypeAdapter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from app.api.plan_inputs import CorrectPlan, GiveReason, MakePlan, WriteContent, given_in
from app.errors import FieldFault, Invalid
from app.http.answers import Cursor, Limit, Page, decode_cursor, moment_of_cursor, page_response, resource, written
from app.http.auth import PlanApprover, PlanSubmitter, PlanWriter, PrisonReader
from app.http.idempotency import Idempotency
from app.http.parameters import AsOf, CallerNow, IfMatch, Now, Region, versions_in
from app.http.resolve import OwnPlan, PlanId
from app.http.routing import KeyedRoute
from app.http.text import Search, iso_date, plain_number
from app.queries.etags import etag_of
from app.queries.plan_lists import ActionFilter, PlanFilter, PlanProgress, list_plans, read_progress
from app.queries.plan_views import PLAN_JSON, PlanSummaryView, PlanView, plan_view
from app.queries.plans import PlanChangeView, read_plan_history, read_plan_then
from app.rules.moments import london_date
from app.rules.plan import ActionStatus
from app.rules.plan_document import APPROVE, REOPEN, SEND_BACK, SUBMIT, PlanStatus, PlanStep
from app.services.plans import Whose, correct_plan, make_plan, replace_content, take_step
from app.storage.db import ReadSession, WriteSession

router = APIRouter(prefix="/v1/plans", tags=["Plans"], route_class=KeyedRoute)

OfPrison = Annotated[Search | None, Query(description="A prison's code: its own plans and those of its partnerships.")]
OfPartnership = Annotated[Search | None, Query(description="A partnership, by its id or its name.")]
OfRegion = Annotated[Region | None, Query(description="A region's slug or name.")]
OnSection = Annotated[
    int | None,
    BeforeValidator(plain_number),
    Query(ge=1, le=35, description="A section of the toolkit that an action names."),
]
ByOwner = Annotated[Search | None, Query(description="Who is to do it, by role or by name, in any case.")]
DueBefore = Annotated[
    date | None,
    BeforeValidator(iso_date),
    Query(description="An action that is not done has its last day before this."),
]
Version = Annotated[
    Literal["approved"] | None, Query(description="`approved`: the plan as it was when it was last approved.")
]


def _of_plans_or_actions(text: str) -> str:
    word, known = text.strip().casefold(), [*PlanStatus, *ActionStatus]
    if word not in known:
        raise ValueError(f"give one of {', '.join(known)}")
    return word


AnyStatus = Annotated[
    str,
    AfterValidator(_of_plans_or_actions),
    Query(
        description="How the plan stands, or how one of its actions does.",
        json_schema_extra={"enum": [*PlanStatus, *ActionStatus]},
    ),
]

_PAGE, _PROGRESS = TypeAdapter(Page[PlanSummaryView]), TypeAdapter(PlanProgress)
_HISTORY = TypeAdapter(Page[PlanChangeView])


@router.get("", summary="List plans", response_model=Page[PlanSummaryView])
def list_all_plans(
    request: Request,
    session: ReadSession,
    by: PrisonReader,
    at: Now,
    prison: OfPrison = None,
    partnership: OfPartnership = None,
    region: OfRegion = None,
    section: OnSection = None,
    status: AnyStatus | None = None,
    owner: ByOwner = None,
    due_before: DueBefore = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Plans, newest first. With a filter on actions, those that have an action which meets all of the filters."""
    position = decode_cursor(request, cursor, {"at": str, "id": str})
    after = (moment_of_cursor(position["at"]), position["id"]) if position else None
    stands = ActionStatus(status) if status in list(ActionStatus) else None
    actions = ActionFilter(london_date(at), section, stands, owner, due_before)
    plan_status = PlanStatus(status) if status in list(PlanStatus) else None
    wanted = PlanFilter(actions, prison, partnership, region, plan_status)
    rows = list_plans(session, wanted, by, after=after, limit=limit + 1)
    return page_response(request, _PAGE, rows, limit, lambda one: {"at": one.created_at.isoformat(), "id": one.id})


@router.get("/progress", summary="Read the progress of plans", response_model=PlanProgress)
def progress(
    request: Request,
    session: ReadSession,
    by: PrisonReader,
    at: Now,
    prison: OfPrison = None,
    partnership: OfPartnership = None,
    region: OfRegion = None,
) -> Response:
    """How the actions of many plans stand, such as those of a prison or of a region, by the toolkit's sections too."""
    wanted = PlanFilter(ActionFilter(london_date(at)), prison, partnership, region)
    return resource(request, _PROGRESS.dump_json(read_progress(session, wanted, by)))


@router.post("", summary="Make a plan", response_model=PlanView, status_code=201)
def make(body: MakePlan, session: WriteSession, by: PlanWriter, caller: CallerNow, once: Idempotency) -> Response:
    """Make a plan with as much of its content as there is. "By when" and "by whom" are kept to the letter."""
    if (body.prison is None) == (body.partnership is None):
        detail = "name the prison or the partnership that the plan is of, and not both"
        raise Invalid("invalid-input", f"Put right the plan: {detail}.", [FieldFault("/prison", detail)])
    document = body.model_dump(mode="json")
    details = {name: document[name] for name in ("kind", "title", "begins_on", "ends_on")}
    whose = Whose(body.prison, body.partnership)

    def answer() -> Response:
        view = make_plan(session, whose, details, document["sections"], caller=caller)
        return _written(view, 201)

    return once(session, answer)


@router.get("/{plan_id}", summary="Read a plan", response_model=PlanView)
def read(
    request: Request, plan: OwnPlan, session: ReadSession, at: Now, as_of: AsOf, version: Version = None
) -> Response:
    """A plan whole: each action with its status and the reason for it, each heading with its counts."""
    then = read_plan_then(session, plan, is_approved=version is not None, as_of=as_of)
    view = plan_view(then, london_date(as_of or at))
    return resource(request, PLAN_JSON.dump_json(view), version=view.version)


@router.patch("/{plan_id}", summary="Correct a plan", response_model=PlanView)
def correct(
    plan_id: PlanId,
    body: CorrectPlan,
    session: WriteSession,
    by: PlanWriter,
    caller: CallerNow,
    once: Idempotency,
    if_match: IfMatch = None,
) -> Response:
    """Change a plan's title, kind or period. Another period reads every "By when" anew."""
    given, versions = given_in(body), versions_in(if_match)
    return once(session, lambda: _written(correct_plan(session, plan_id, given, caller=caller, versions=versions)))


@router.put("/{plan_id}/content", summary="Replace a plan's content", response_model=PlanView)
def replace(
    plan_id: PlanId,
    body: WriteContent,
    session: WriteSession,
    by: PlanWriter,
    caller: CallerNow,
    once: Idempotency,
    if_match: IfMatch = None,
) -> Response:
    """Write all that a plan says anew, as from a file. A row is known again by its reference and its text.

    Only rows that differ get a new version. Updates are added where they are new, and never taken away.
    """
    states, versions = body.states(), versions_in(if_match)
    return once(session, lambda: _written(replace_content(session, plan_id, states, caller=caller, versions=versions)))


@router.get("/{plan_id}/history", summary="Read a plan's history", response_model=Page[PlanChangeView])
def read_history(
    request: Request, plan: OwnPlan, session: ReadSession, as_of: AsOf, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """What every version changed in the plan and in its rows, newest first."""
    return history_page(request, session, plan.id, None, as_of, limit, cursor)


def history_page(
    request: Request,
    session: Session,
    plan_id: str,
    ref: str | None,
    as_of: datetime | None,
    limit: int,
    cursor: str | None,
) -> Response:
    position = decode_cursor(request, cursor, {"before": int})
    before = position["before"] if position else None
    rows = read_plan_history(session, plan_id, ref=ref, before=before, limit=limit + 1, as_of=as_of)
    return page_response(request, _HISTORY, rows, limit, lambda one: {"before": one.place})


@router.post("/{plan_id}/submit", summary="Submit a plan", response_model=PlanView)
def submit(
    plan_id: PlanId,
    session: WriteSession,
    by: PlanSubmitter,
    caller: CallerNow,
    once: Idempotency,
    if_match: IfMatch = None,
) -> Response:
    """Send a plan to the region. What it says is fixed until the region has decided, or it is reopened."""
    return _step(session, plan_id, SUBMIT, None, caller, once, if_match)


@router.post("/{plan_id}/approve", summary="Approve a plan", response_model=PlanView)
def approve(
    plan_id: PlanId,
    session: WriteSession,
    by: PlanApprover,
    caller: CallerNow,
    once: Idempotency,
    if_match: IfMatch = None,
) -> Response:
    """Approve a plan that was submitted. This version stays readable, with `version=approved`."""
    return _step(session, plan_id, APPROVE, None, caller, once, if_match)


@router.post("/{plan_id}/send-back", summary="Send a plan back", response_model=PlanView)
def send_back(
    plan_id: PlanId,
    body: GiveReason,
    session: WriteSession,
    by: PlanApprover,
    caller: CallerNow,
    once: Idempotency,
    if_match: IfMatch = None,
) -> Response:
    """Send a plan back to whoever submitted it, with the reason."""
    return _step(session, plan_id, SEND_BACK, body.reason, caller, once, if_match)


@router.post("/{plan_id}/reopen", summary="Reopen a plan", response_model=PlanView)
def reopen(
    plan_id: PlanId,
    body: GiveReason,
    session: WriteSession,
    by: PlanWriter,
    caller: CallerNow,
    once: Idempotency,
    if_match: IfMatch = None,
) -> Response:
    """Take a plan that was submitted or approved back into hand, with the reason. Its approved version stays."""
    return _step(session, plan_id, REOPEN, body.reason, caller, once, if_match)


def _step(
    session: Session,
    plan_id: str,
    step: PlanStep,
    reason: str | None,
    caller: CallerNow,
    once: Idempotency,
    if_match: str | None,
) -> Response:
    def answer() -> Response:
        return _written(take_step(session, plan_id, step, reason, caller=caller, versions=versions_in(if_match)))

    return once(session, answer)


def _written(view: PlanView, status: int = 200) -> Response:
    content = PLAN_JSON.dump_json(view)
    location = f"/v1/plans/{view.id}" if status == 201 else None
    return written(content, etag_of(content, view.version), status=status, location=location)
