"""Prisons: list, register, read, correct."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from app.http.answers import Cursor, Limit, Page, decode_cursor, page_response, resource, written
from app.http.auth import Corrector, Reader, Registrar
from app.http.idempotency import Idempotency
from app.http.parameters import CallerNow, IfMatch, Now, PrisonCode, Region, versions_in
from app.http.resolve import AnyPrison
from app.http.routing import KeyedRoute
from app.http.text import Day, Line, Search
from app.queries.etags import etag_of
from app.queries.prisons import (
    PrisonFilter,
    PrisonPosition,
    PrisonSort,
    PrisonView,
    list_prisons,
    position_of,
    read_prison,
)
from app.rules.moments import last_day_of, london_date
from app.rules.prison import PrisonDetails
from app.rules.types import Function, Gender, Stage
from app.services.prisons import correct_prison, register_prison
from app.storage.db import ReadSession, WriteSession

router = APIRouter(prefix="/v1/prisons", tags=["Prisons"], route_class=KeyedRoute)


def _date_month_or_year(text: str) -> str:
    try:
        last_day_of(text)
    except ValueError:
        raise ValueError("give a date such as 2011-10-31, a month such as 2009-04, or a year") from None
    return text


Code = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern="^[A-Za-z0-9]{3}$")]
ClosedOn = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}){0,2}$"), AfterValidator(_date_month_or_year)]
County = Annotated[Line, StringConstraints(max_length=60)]
Postcode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 ]{2,10}$")]
Categories = Annotated[list[Annotated[str, StringConstraints(pattern="^[A-Za-z0-9 ]{1,10}$")]], Field(max_length=10)]
Designation = Annotated[Line, StringConstraints(max_length=40)]
Name = Annotated[Line, StringConstraints(max_length=100)]


class RegisterPrison(BaseModel):
    """A prison to register. `region` is a region's name or slug; `closed_on` a date, month or year."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    name: Name
    function: Function
    region: Region
    designation: Designation = "HMP"
    county: County | None = None
    postcode: Postcode | None = None
    gender: Gender | None = None
    contracted: bool | None = None
    categories: Categories = Field(default_factory=list)
    opened_on: Day | None = None
    closed_on: ClosedOn | None = None


class CorrectPrison(BaseModel):
    """A merge patch of a prison's details: a field that is left out stays, null clears one that may be empty."""

    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    designation: Designation = ""
    function: Function = Function.LOCAL
    region: Region = ""
    county: County | None = None
    postcode: Postcode | None = None
    gender: Gender | None = None
    contracted: bool | None = None
    categories: Categories = Field(default_factory=list)
    opened_on: Day | None = None
    closed_on: ClosedOn | None = None
    toolkit_version: Annotated[Line, StringConstraints(max_length=32)] = ""
    accept_lapse: bool = False


_VIEW = TypeAdapter(PrisonView)
_PAGE = TypeAdapter(Page[PrisonView])


@router.get("", summary="List prisons", response_model=Page[PrisonView])
def list_all_prisons(
    request: Request,
    session: ReadSession,
    by: Reader,
    at: Now,
    region: Annotated[Region | None, Query(description="A region's slug or name.")] = None,
    function: Function | None = None,
    stage: Stage | None = None,
    q: Annotated[Search | None, Query(description="A code, or part of a name.")] = None,
    is_open: Annotated[bool | None, Query(alias="open", description="Whether it is open today.")] = None,
    eligible: Annotated[bool | None, Query(description="Whether it is eligible to go live.")] = None,
    sort: Annotated[
        PrisonSort,
        Query(description="By code, by sections in the way of go-live, or by the last change. `-` reverses it."),
    ] = PrisonSort.CODE,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """The prisons, and the stage that each has reached."""
    position = decode_cursor(request, cursor, {"after": str, "value": str})
    after = PrisonPosition(position["after"], position["value"]) if position else None
    wanted = PrisonFilter(london_date(at), region, function, stage, q, is_open, eligible)
    rows = list_prisons(session, wanted, after=after, limit=limit + 1, sort=sort)

    def place(prison: PrisonView) -> dict[str, str]:
        behind = position_of(prison, sort)
        return {"after": behind.code, "value": behind.value}

    return page_response(request, _PAGE, rows, limit, place)


@router.post("", summary="Register a prison", response_model=PrisonView, status_code=201)
def register(
    body: RegisterPrison, session: WriteSession, by: Registrar, caller: CallerNow, once: Idempotency
) -> Response:
    """Register a prison. It is judged by the current toolkit, and every section starts RED."""

    def answer() -> Response:
        details = PrisonDetails(**(body.model_dump() | {"categories": tuple(body.categories)}))
        view = register_prison(session, details, caller=caller)
        content = _VIEW.dump_json(view)
        return written(content, etag_of(content, view.version), status=201, location=f"/v1/prisons/{view.code}")

    return once(session, answer)


@router.get("/{code}", summary="Read a prison", response_model=PrisonView)
def read(request: Request, code: AnyPrison, session: ReadSession, by: Reader, at: Now) -> Response:
    """One prison."""
    view = read_prison(session, code, at)
    return resource(request, _VIEW.dump_json(view), version=view.version)


@router.patch("/{code}", summary="Correct a prison", response_model=PrisonView)
def correct(
    code: PrisonCode,
    body: CorrectPrison,
    session: WriteSession,
    by: Corrector,
    caller: CallerNow,
    once: Idempotency,
    if_match: IfMatch = None,
) -> Response:
    """Correct a prison's details, or move it to another toolkit version.

    A prison corrects what it knows best (its address and categories), a regional lead changes its function and its
    toolkit version, and an administrator can change all of it.
    """
    changes = {name: getattr(body, name) for name in sorted(body.model_fields_set - {"accept_lapse"})}

    def answer() -> Response:
        versions, accept_lapse = versions_in(if_match), body.accept_lapse
        view = correct_prison(session, code, changes, caller=caller, versions=versions, accept_lapse=accept_lapse)
        content = _VIEW.dump_json(view)
        return written(content, etag_of(content, view.version))

    return once(session, answer)
