"""Dashboards: the nation's, and the heat map of its prisons."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import TypeAdapter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from app.documents.programme.matrix_csv import render_matrix
from app.http.answers import Cursor, Limit, Page, decode_cursor, page_response, resource
from app.http.auth import Reader
from app.http.negotiation import CSV, JSON, preferred
from app.http.parameters import AsOf, Now, Region
from app.http.routing import KeyedRoute
from app.http.schemas import problems
from app.http.streams import made_whole
from app.queries.programme.dashboards import DASHBOARD_JSON, DashboardView, read_dashboard
from app.queries.programme.matrix import MatrixRowView, matrix_digest, read_matrix, stream_matrix
from app.queries.programme.periods import ProgrammeAt
from app.rules.types import Stage
from app.storage.db import ReadSession

router = APIRouter(prefix="/v1/dashboard", tags=["Dashboards"], route_class=KeyedRoute)

_PAGE = TypeAdapter(Page[MatrixRowView])

InRegion = Annotated[Region | None, Query(description="A region's slug or name.")]
AtStage = Annotated[Stage | None, Query(description="Only prisons at this stage.")]


@router.get("", summary="Read the national dashboard", response_model=DashboardView)
def read_national_dashboard(request: Request, session: ReadSession, by: Reader, at: Now, as_of: AsOf) -> Response:
    """The nation's figures, with those of each region beside them.

    They count the prisons that are open on the day. `nearest` are those not yet eligible and without an open
    statement that have the fewest sections in their way; `without_update` those that have changed no section
    for 28 days; `overdue_targets` those with target dates that have passed before their sections were GREEN. `movement`
    compares with the end of the month before: prisons by their stage, sections by their ratings. `trend` has one entry
    for each month's end (London), its last for now or `as_of`. A list names at most fifty; the count beside it is of
    all.
    """
    return resource(request, DASHBOARD_JSON.dump_json(read_dashboard(session, ProgrammeAt(None, at, as_of))))


@dataclass(frozen=True, slots=True)
class MatrixQuery:
    """The filters and the page of the heat map."""

    programme: ProgrammeAt
    stage: Stage | None


@router.get(
    "/matrix",
    summary="Read the heat map",
    response_model=Page[MatrixRowView],
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}, **problems(406)},
)
def read_prison_matrix(
    request: Request,
    session: ReadSession,
    by: Reader,
    at: Now,
    as_of: AsOf,
    region: InRegion = None,
    stage: AtStage = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """One row for each prison that is open on the day, with its 35 ratings, by code. `Accept` can ask for CSV."""
    asked = MatrixQuery(ProgrammeAt(region, at, as_of), stage)
    if preferred(request, (JSON, CSV)) == CSV:
        return _matrix_csv(request, session, asked)
    position = decode_cursor(request, cursor, {"after": str})
    after = position["after"] if position else None
    rows = read_matrix(session, asked.programme, stage, after=after, limit=limit + 1)
    return page_response(request, _PAGE, rows, limit, lambda row: {"after": row.code}, {"vary": "Accept"})


@router.get(
    "/matrix.csv",
    summary="Read the heat map as CSV",
    response_class=Response,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}, "description": "The whole heat map"}},
)
def read_prison_matrix_csv(
    request: Request,
    session: ReadSession,
    by: Reader,
    at: Now,
    as_of: AsOf,
    region: InRegion = None,
    stage: AtStage = None,
) -> Response:
    """The whole heat map as CSV."""
    return _matrix_csv(request, session, MatrixQuery(ProgrammeAt(region, at, as_of), stage))


def _matrix_csv(request: Request, session: Session, asked: MatrixQuery) -> Response:
    programme, stage = asked.programme, asked.stage
    return made_whole(
        request,
        session,
        CSV,
        "matrix.csv",
        lambda fresh: ("matrix.csv", matrix_digest(fresh, programme, stage)),
        lambda fresh: render_matrix(stream_matrix(fresh, programme, stage)),
    )
