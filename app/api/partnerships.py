"""Partnerships: list, make, read, change."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from app.http.answers import Cursor, Limit, Page, decode_cursor, page_response, resource, written
from app.http.auth import PartnershipKeeper, PrisonReader
from app.http.idempotency import Idempotency
from app.http.parameters import CallerNow, IfMatch, versions_in
from app.http.resolve import PartnershipName
from app.http.routing import KeyedRoute
from app.http.text import Line, Name
from app.queries.etags import etag_of
from app.queries.partnerships import PARTNERSHIP_JSON, PartnershipView, find_partnership, list_partnerships
from app.services.partnerships import change_partnership, make_partnership
from app.storage.db import ReadSession, WriteSession

router = APIRouter(prefix="/v1/partnerships", tags=["Plans"], route_class=KeyedRoute)

Codes = Annotated[list[Name], Field(min_length=1, max_length=50)]


class MakePartnership(BaseModel):
    """A partnership to make: its name, and the codes of its prisons."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "East Sussex", "prisons": ["LWI"]}]}
    )

    name: Line
    prisons: Codes


class ChangePartnership(BaseModel):
    """A merge patch of a partnership: what is left out stays, and `prisons` are all that it is to have."""

    model_config = ConfigDict(extra="forbid")

    name: Line = ""
    prisons: Codes = Field(default_factory=list)


_PAGE = TypeAdapter(Page[PartnershipView])


@router.get("", summary="List partnerships", response_model=Page[PartnershipView])
def list_all(
    request: Request, session: ReadSession, by: PrisonReader, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """The partnerships that you may see, by name: those of your prison or of your region."""
    position = decode_cursor(request, cursor, {"after": str})
    rows = list_partnerships(session, by, after=position["after"] if position else None, limit=limit + 1)
    return page_response(request, _PAGE, rows, limit, lambda one: {"after": one.name})


@router.post("", summary="Make a partnership", response_model=PartnershipView, status_code=201)
def make(
    body: MakePartnership, session: WriteSession, by: PartnershipKeeper, caller: CallerNow, once: Idempotency
) -> Response:
    """Make a partnership of prisons. They plan together, and each of them writes the plan."""

    def answer() -> Response:
        view = make_partnership(session, body.name, body.prisons, caller=caller)
        return _written(view, 201)

    return once(session, answer)


@router.get("/{partnership_id}", summary="Read a partnership", response_model=PartnershipView)
def read(request: Request, partnership_id: PartnershipName, session: ReadSession, by: PrisonReader) -> Response:
    """One partnership, by its id or its name."""
    view = find_partnership(session, partnership_id, by)
    return resource(request, PARTNERSHIP_JSON.dump_json(view), version=view.version)


@router.patch("/{partnership_id}", summary="Change a partnership", response_model=PartnershipView)
def change(
    partnership_id: PartnershipName,
    body: ChangePartnership,
    session: WriteSession,
    by: PartnershipKeeper,
    caller: CallerNow,
    once: Idempotency,
    if_match: IfMatch = None,
) -> Response:
    """Change a partnership's name or its prisons. Its plans stay its own."""
    given = {name: getattr(body, name) for name in sorted(body.model_fields_set)}

    def answer() -> Response:
        return _written(
            change_partnership(session, partnership_id, given, caller=caller, versions=versions_in(if_match))
        )

    return once(session, answer)


def _written(view: PartnershipView, status: int = 200) -> Response:
    content = PARTNERSHIP_JSON.dump_json(view)
    location = f"/v1/partnerships/{view.id}" if status == 201 else None
    return written(content, etag_of(content, view.version), status=status, location=location)
