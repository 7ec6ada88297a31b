"""The verdict on a prison, now or at a past moment."""

from datetime import datetime

from fastapi import APIRouter, Security
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from app.http.answers import resource, tagged
from app.http.auth import ask, bearer
from app.http.parameters import AsOfText, moment_asked, now
from app.http.parts import parts
from app.http.resolve import AnyPrison
from app.http.routing import KeyedRoute, ready_first
from app.queries.judged_by import is_by_present_rules
from app.queries.prisons import unknown_prison
from app.queries.readiness import READINESS_JSON, STORED_VERDICT, read_readiness
from app.rules.access import Permission
from app.rules.moments import london_date
from app.rules.readiness import ReadinessView

router = APIRouter(prefix="/v1", tags=["Readiness"], route_class=KeyedRoute)


async def stored_verdict(request: Request, code: str) -> Response:
    """The busiest read of the service: one statement finds the caller and the answer."""
    _, stored = await ask(request, Permission.READ_PROGRAMME, STORED_VERDICT, code=code.upper())
    etag, body, fresh_until, made_by = stored
    if etag is None:
        raise unknown_prison(code)
    at = now(request)
    # Other rules made it, or evidence has grown stale since; it is stored again before long.
    if not is_by_present_rules(made_by) or str(fresh_until) < london_date(at).isoformat():
        return await run_in_threadpool(_worked_out, request, code, at, None)
    return tagged(request, body, etag)


async def read_prison_readiness(request: Request, code: AnyPrison, as_of: AsOfText = None) -> Response:
    """Whether the prison is ready for commissioning and eligible to go live, and why not.

    Open to every key: any caller of the programme may read any prison's verdict.
    """
    if as_of is None:
        return await stored_verdict(request, code)
    at = now(request)
    await ask(request, Permission.READ_PROGRAMME)
    moment = moment_asked(as_of, at)
    return await run_in_threadpool(_worked_out, request, code, at, moment)


router.add_api_route(
    "/prisons/{code}/readiness",
    read_prison_readiness,
    summary="Read a prison's verdict",
    response_model=ReadinessView,
    dependencies=[Security(bearer)],
    openapi_extra={"x-permission": Permission.READ_PROGRAMME.value},
    route_class_override=ready_first(stored_verdict),
)


def _worked_out(request: Request, code: str, at: datetime, as_of: datetime | None) -> Response:
    """The verdict of a past moment, or of now where the stored one does not hold."""
    with parts(request).database.reading() as session:
        view = read_readiness(session, code, at=at, as_of=as_of)
    return resource(request, READINESS_JSON.dump_json(view))
