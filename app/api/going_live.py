"""When a prison goes live: the planned date moved, the day confirmed."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.responses import Response

from app.http.answers import written
from app.http.auth import LiveConfirmer, Raiser
from app.http.idempotency import Idempotency
from app.http.parameters import CallerNow
from app.http.resolve import StatementId
from app.http.routing import KeyedRoute
from app.http.text import Day, Name, Why
from app.queries.etags import etag_of
from app.queries.statements import STATEMENT_JSON, StatementView
from app.services.going_live import confirm_go_live, move_go_live_date
from app.storage.db import WriteSession

router = APIRouter(prefix="/v1", tags=["Statements"], route_class=KeyedRoute)


class MoveGoLiveDate(BaseModel):
    """Another planned date, why, and the cause in a word of the toolkit's `delay_causes`."""

    model_config = ConfigDict(extra="forbid")

    go_live_date: Day
    reason: Why
    cause: Annotated[Name, StringConstraints(to_lower=True)] | None = None


class ConfirmGoLive(BaseModel):
    """The go-live day: today if it is left out."""

    model_config = ConfigDict(extra="forbid")

    live_on: Day | None = None


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
    body: ConfirmGoLive | None = None,
) -> Response:
    """Confirm that the prison goes live. On that day's ratings it must be eligible, with nothing RED."""
    live_on = body.live_on if body is not None else None
    return _written(confirm_go_live(session, statement_id, live_on, caller=caller))


def _written(view: StatementView) -> Response:
    content = STATEMENT_JSON.dump_json(view)
    return written(content, etag_of(content))
