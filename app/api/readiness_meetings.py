"""Readiness meetings: a dated fact between eligibility and the statement."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from app.http.answers import Cursor, Limit, Page, decode_cursor, moment_of_cursor, page_response, resource, written
from app.http.auth import Raiser
from app.http.idempotency import Idempotency
from app.http.parameters import CallerNow, PrisonCode
from app.http.resolve import OwnPrison
from app.http.routing import KeyedRoute
from app.http.text import Day, Line, Name, Why
from app.queries.etags import etag_of
from app.queries.readiness_meetings import MEETING_JSON, ReadinessMeetingView, list_meetings, read_meeting
from app.services.readiness_meetings import NewMeeting, record_meeting
from app.storage.db import ReadSession, WriteSession

router = APIRouter(prefix="/v1/prisons/{code}/readiness-meetings", tags=["Statements"], route_class=KeyedRoute)


class RecordMeeting(BaseModel):
    """The day on which the meeting was held, or why it was not; who took part, and its papers by their ids."""

    model_config = ConfigDict(extra="forbid")

    held_on: Day | None = None
    not_held_reason: Why | None = None
    who: Annotated[list[Line], Field(max_length=50)] = Field(default_factory=list)
    evidence: Annotated[list[Name], Field(max_length=50)] = Field(default_factory=list)


_PAGE = TypeAdapter(Page[ReadinessMeetingView])


@router.get("", summary="List a prison's readiness meetings", response_model=Page[ReadinessMeetingView])
def list_of_prison(
    request: Request, prison: OwnPrison, session: ReadSession, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """The meetings on whether the prison is ready, those recorded last first."""
    position = decode_cursor(request, cursor, {"at": str, "id": str})
    after = (moment_of_cursor(position["at"]), position["id"]) if position else None
    rows = list_meetings(session, prison.id, after=after, limit=limit + 1)
    return page_response(request, _PAGE, rows, limit, lambda one: {"at": one.at.isoformat(), "id": one.id})


@router.post("", summary="Record a prison's readiness meeting", response_model=ReadinessMeetingView, status_code=201)
def record(
    code: PrisonCode, body: RecordMeeting, session: WriteSession, by: Raiser, caller: CallerNow, once: Idempotency
) -> Response:
    """Record that a readiness meeting was held, or why it was not. A statement shows the newest when it is raised.

    A meeting is not changed afterwards: record it again if something was wrong.
    """

    def answer() -> Response:
        new = NewMeeting(body.held_on, body.not_held_reason, body.who, body.evidence)
        view = record_meeting(session, code, new, caller=caller)
        content = MEETING_JSON.dump_json(view)
        location = f"/v1/prisons/{view.prison}/readiness-meetings/{view.id}"
        return written(content, etag_of(content), status=201, location=location)

    return once(session, answer)


@router.get("/{meeting_id}", summary="Read a prison's readiness meeting", response_model=ReadinessMeetingView)
def read(
    request: Request,
    prison: OwnPrison,
    meeting_id: Annotated[str, Path(max_length=36, description="A readiness meeting's id.")],
    session: ReadSession,
) -> Response:
    """One readiness meeting."""
    return resource(request, MEETING_JSON.dump_json(read_meeting(session, prison.id, meeting_id)))
