"""The actions of a plan: list, add, change, tell of; and actions made of what a review recommends."""

from fastapi import APIRouter
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from app.api.plan_inputs import ActOnRecommendation, AddAction, ChangeAction, TellUpdate, given_in
from app.api.plans import ByOwner, DueBefore, OnSection, Version, history_page
from app.api.sections import known_section
from app.http.answers import Cursor, Limit, Page, decode_cursor, page_response, resource, written
from app.http.auth import PlanWriter
from app.http.idempotency import Idempotency
from app.http.parameters import AsOf, CallerNow, IfMatch, Now, PrisonCode, SectionNumber, versions_in
from app.http.resolve import ActionRef, OwnPlan, PlanId, ReviewId
from app.http.routing import KeyedRoute
from app.queries.etags import etag_of
from app.queries.plan_lists import ActionFilter
from app.queries.plan_views import ACTION_JSON, PLAN_JSON, PlanActionView, PlanView, action_views
from app.queries.plans import PlanChangeView, read_plan_then, unknown_action
from app.rules.moments import london_date
from app.rules.plan import ActionStatus
from app.rules.plan_document import plain_ref
from app.services.plans import (
    EMPTY_ACTION,
    Recommended,
    act_on_recommendation,
    add_action,
    add_update,
    change_action,
)
from app.storage.db import ReadSession, WriteSession

router = APIRouter(prefix="/v1", tags=["Plans"], route_class=KeyedRoute)

ACTIONS = "/plans/{plan_id}/actions"
_PAGE = TypeAdapter(Page[PlanActionView])


@router.get(ACTIONS, summary="List a plan's actions", response_model=Page[PlanActionView])
def list_actions(
    request: Request,
    plan: OwnPlan,
    session: ReadSession,
    at: Now,
    as_of: AsOf,
    version: Version = None,
    section: OnSection = None,
    status: ActionStatus | None = None,
    owner: ByOwner = None,
    due_before: DueBefore = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """The actions of a plan in its order, or those that meet all of the filters."""
    position = decode_cursor(request, cursor, {"skip": int})
    skip, today = position["skip"] if position else 0, london_date(as_of or at)
    wanted = ActionFilter(today, section, status, owner, due_before)
    then = read_plan_then(session, plan, is_approved=version is not None, as_of=as_of)
    rows = action_views(then, today, wanted.keeps)[skip : skip + limit + 1]
    return page_response(request, _PAGE, rows, limit, lambda _: {"skip": skip + limit})


@router.post(ACTIONS, summary="Add a plan's action", response_model=PlanActionView, status_code=201)
def add(
    plan_id: PlanId,
    body: AddAction,
    session: WriteSession,
    by: PlanWriter,
    caller: CallerNow,
    once: Idempotency,
    if_match: IfMatch = None,
) -> Response:
    """Add one action to a plan that is not fixed. If-Match takes the ETag of the plan."""
    given = dict(EMPTY_ACTION) | body.model_dump(mode="json", exclude={"objective"})

    def answer() -> Response:
        versions = versions_in(if_match)
        view = add_action(session, plan_id, body.objective, given, caller=caller, versions=versions)
        return _written(view, plan_id, status=201)

    return once(session, answer)


@router.get(f"{ACTIONS}/{{ref}}", summary="Read a plan's action", response_model=PlanActionView)
def read(
    request: Request,
    plan: OwnPlan,
    ref: ActionRef,
    session: ReadSession,
    at: Now,
    as_of: AsOf,
    version: Version = None,
) -> Response:
    """One action of a plan, with its status and the reason for it."""
    then = read_plan_then(session, plan, is_approved=version is not None, as_of=as_of)
    wanted = plain_ref(ref)
    views = action_views(then, london_date(as_of or at), lambda one: one.ref == wanted)
    if not views:
        raise unknown_action(ref)
    return resource(request, ACTION_JSON.dump_json(views[0]), version=views[0].version)


@router.patch(f"{ACTIONS}/{{ref}}", summary="Change a plan's action", response_model=PlanActionView)
def change(
    plan_id: PlanId,
    ref: ActionRef,
    body: ChangeAction,
    session: WriteSession,
    by: PlanWriter,
    caller: CallerNow,
    once: Idempotency,
    if_match: IfMatch = None,
) -> Response:
    """Change one action. The day that it was done can be recorded in an approved plan too."""
    given, versions = given_in(body), versions_in(if_match)

    def answer() -> Response:
        return _written(change_action(session, plan_id, ref, given, caller=caller, versions=versions), plan_id)

    return once(session, answer)


@router.get(f"{ACTIONS}/{{ref}}/history", summary="Read a plan action's history", response_model=Page[PlanChangeView])
def read_history(
    request: Request,
    plan: OwnPlan,
    ref: ActionRef,
    session: ReadSession,
    as_of: AsOf,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Every version of an action, newest first; also of one that has been removed."""
    return history_page(request, session, plan.id, plain_ref(ref), as_of, limit, cursor)


@router.post("/plans/{plan_id}/updates", summary="Update a plan", response_model=PlanView, status_code=201)
def tell(
    plan_id: PlanId,
    body: TellUpdate,
    session: WriteSession,
    by: PlanWriter,
    caller: CallerNow,
    once: Idempotency,
) -> Response:
    """Tell how a plan is going, whatever its status. The answer is the plan."""
    told = body.model_dump(mode="json")

    def answer() -> Response:
        view = add_update(session, plan_id, None, told, caller=caller)
        content = PLAN_JSON.dump_json(view)
        return written(content, etag_of(content, view.version), status=201, location=f"/v1/plans/{view.id}")

    return once(session, answer)


@router.post(
    f"{ACTIONS}/{{ref}}/updates", summary="Update a plan's action", response_model=PlanActionView, status_code=201
)
def tell_of_action(
    plan_id: PlanId,
    ref: ActionRef,
    body: TellUpdate,
    session: WriteSession,
    by: PlanWriter,
    caller: CallerNow,
    once: Idempotency,
) -> Response:
    """Tell how an action is going, whatever the plan's status. The answer is the action."""
    told = body.model_dump(mode="json")

    def answer() -> Response:
        view = add_update(session, plan_id, ref, told, caller=caller)
        wanted = plain_ref(ref)
        actions = (one for section in view.sections for objective in section.objectives for one in objective.actions)
        return _written(next(one for one in actions if one.ref == wanted), plan_id, status=201)

    return once(session, answer)


@router.post(
    "/prisons/{code}/sections/{number}/reviews/{review_id}/action",
    summary="Act on a prison section's review",
    response_model=PlanActionView,
    status_code=201,
)
def act_on(
    code: PrisonCode,
    number: SectionNumber,
    review_id: ReviewId,
    body: ActOnRecommendation,
    session: WriteSession,
    by: PlanWriter,
    caller: CallerNow,
    once: Idempotency,
) -> Response:
    """Make an action of what a review recommends: it names the review's section, and remembers the review."""
    given, of = given_in(body), Recommended(code, known_section(number), review_id)
    plan_id = given.pop("plan")

    def answer() -> Response:
        return _written(act_on_recommendation(session, plan_id, of, given, caller=caller), plan_id, status=201)

    return once(session, answer)


def _written(view: PlanActionView, plan_id: str, *, status: int = 200) -> Response:
    content = ACTION_JSON.dump_json(view)
    location = f"/v1/plans/{plan_id}/actions/{view.ref}" if status == 201 else None
    return written(content, etag_of(content, view.version), status=status, location=location)
