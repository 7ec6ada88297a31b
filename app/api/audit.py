"""The audit trail: who did what, and whether anything in it was altered."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from app.http.answers import Cursor, Limit, Page, decode_cursor, page_response, written
from app.http.auth import AuditReader, AuditVerifier
from app.http.parameters import Now, is_day, moment_given
from app.http.routing import KeyedRoute
from app.http.text import Search
from app.queries.audit import AuditEntryView, AuditFilter, AuditVerification, list_entries
from app.rules.moments import start_of_day
from app.services.verification import check_trail
from app.storage.db import ReadSession

router = APIRouter(prefix="/v1/audit", tags=["Audit"], route_class=KeyedRoute)

_PAGE = TypeAdapter(Page[AuditEntryView])
_VERIFICATION = TypeAdapter(AuditVerification)
Moment = Annotated[str | None, Query(max_length=40, description="A date or an RFC 3339 timestamp.")]


@router.get("", summary="List audit entries", response_model=Page[AuditEntryView])
def list_audit(
    request: Request,
    session: ReadSession,
    by: AuditReader,
    prison: Annotated[Search | None, Query(description="A prison's code, or `service`.")] = None,
    actor: Annotated[Search | None, Query(description="The id or the name of a key.")] = None,
    action: Annotated[Search | None, Query(description="Such as `section.rated`.")] = None,
    since: Moment = None,
    until: Moment = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Who did what, newest first. A prison's key sees entries of its prison, a region's key those of its region."""
    position = decode_cursor(request, cursor, {"before": int})
    wanted = AuditFilter(prison, actor, action, _since(since), moment_given("until", until))
    rows = list_entries(session, wanted, by, before=position["before"] if position else None, limit=limit + 1)
    return page_response(request, _PAGE, rows, limit, lambda entry: {"before": entry.id})


@router.get("/verify", summary="Verify the audit trail", response_model=AuditVerification)
def verify_audit(session: ReadSession, by: AuditVerifier, at: Now) -> Response:
    """Check the whole trail, and name the first entry of each chain that was altered, removed or reordered."""
    return written(_VERIFICATION.dump_json(check_trail(session)))


def _since(text: str | None) -> datetime | None:
    """The moment to begin at; a date means the start of that day."""
    moment = moment_given("since", text)
    return start_of_day(date.fromisoformat(text)) if moment is not None and text and is_day(text) else moment
