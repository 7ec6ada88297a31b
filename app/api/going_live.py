"""When a prison goes live: the planned date moved, the day confirmed, the end of the service recorded."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter
from starlette.responses import Response

from app.http.answers import written
from app.http.auth import LiveConfirmer, Raiser
from app.http.idempotency import Idempotency
from app.http.parameters import CallerNow, PrisonCode
from app.http.resolve import StatementId
from app.http.routing import KeyedRoute
from app.http.text import Day, Name, Why
from app.queries.etags import etag_of
from app.queries.prisons import PrisonView
from app.queries.statements import STATEMENT_JSON, StatementView
from app.services.going_live import confirm_go_live, end_service, move_go_live_date
from app.storage.db import WriteSession

router = APIRouter(prefix="/v1", tags=["Statements"], route_class=KeyedRoute)


class MoveGoLiveDate(BaseModel):
    """Another planned date, why, and the cause in a word of the toolkit's `delay_causes`."""

    model_config = ConfigDict(extra="forbid")

    go_live_date: Day
    reason: Why
    cause: Annotated[Name, StringConstraints(to_lower=True)] | None = None


class EndService(BaseModel):
    """The day on which the service ended, and why."""

    model_config = ConfigDict(extra="forbid")

    ended_on: Day
    reason: Why


class ConfirmGoLive(BaseModel):
    """The day on which the prison went live: today if it is left out, or a day since the issue."""

    model_config = ConfigDict(extra="forbid")

    live_on: Day | None = None


_PRISON = TypeAdapter(PrisonView)


@router.post(
    "/statements/{statement_id}/go-live-date",
    summary="Move a statement's go-live date",
    response_model=StatementView,
)
def move_date(
    statement_id: StatementId,
    body: MoveGoLiveDate,
    session: WriteSession,
    by: Raiser,
    caller: CallerNow,
    once: Idempotency,
) -> Response:
    """Plan another go-live date, today or later, with a reason. The date that is attested stays beside it.

    Nothing is issued after its planned date: the last signature is refused until the date is moved.
    """

    def answer() -> Response:
        view = move_go_live_date(session, statement_id, body.go_live_date, body.reason, body.cause, caller=caller)
        return _written(view)

    return once(session, answer)


@router.post(
    "/statements/{statement_id}/go-live", summary="Confirm a statement's go-live", response_model=StatementView
)
def go_live(
    statement_id: StatementId,
    session: WriteSession,
    by: LiveConfirmer,
    caller: CallerNow,
    once: Idempotency,
    body: ConfirmGoLive | None = None,
) -> Response:
    """Confirm that the prison went live, today or on a day since the statement was issued.

    At the end of that day every section must have met its minimum. The prison stays live, whatever becomes of the
    statement, until its region records that the service ended.
    """
    live_on = body.live_on if body is not None else None
    return once(session, lambda: _written(confirm_go_live(session, statement_id, live_on, caller=caller)))


@router.post("/prisons/{code}/service-ended", summary="Record the end of a prison's service", response_model=PrisonView)
def service_ended(
    code: PrisonCode,
    body: EndService,
    session: WriteSession,
    by: LiveConfirmer,
    caller: CallerNow,
    once: Idempotency,
) -> Response:
    """Record that the service of a live prison ended, with the reason. Its statement says so from then on."""

    def answer() -> Response:
        view = end_service(session, code, body.ended_on, body.reason, caller=caller)
        content = _PRISON.dump_json(view)
        return written(content, etag_of(content, view.version))

    return once(session, answer)


def _written(view: StatementView) -> Response:
    content = STATEMENT_JSON.dump_json(view)
    return written(content, etag_of(content))
