"""The nine regions and their dashboards."""

from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from app.api.dashboards import kept_answer
from app.api.parameters import AsOf, Now
from app.api.routing import KeyedRoute
from app.auth import Reader
from app.db import ReadSession
from app.errors import NotFound
from app.queries.dashboards import (
    DASHBOARD_JSON,
    REGIONS_JSON,
    DashboardView,
    RegionListView,
    list_regions,
    read_dashboard,
)
from app.queries.standing_versions import Scope
from app.rules.regions import REGIONS, region_slug

router = APIRouter(prefix="/v1/regions", tags=["Dashboards"], route_class=KeyedRoute)

Slug = Annotated[
    str, Path(description="A region's slug.", max_length=60, examples=["yorkshire-and-the-humber", "south-east"])
]


@router.get("", response_model=RegionListView)
def list_all_regions(request: Request, session: ReadSession, by: Reader, at: Now, as_of: AsOf) -> Response:
    """The nine regions with their figures. Counted are the prisons that are open on the day."""
    return kept_answer(request, session, Scope(None, at, as_of), "regions", _regions)


@router.get("/{slug}/dashboard", response_model=DashboardView)
def read_regional_dashboard(
    request: Request, session: ReadSession, by: Reader, at: Now, as_of: AsOf, slug: Slug
) -> Response:
    """A region's figures; as GET /v1/dashboard, without `regions`."""
    known = region_slug(slug)
    if known is None:
        raise NotFound("not-found", f"There is no region {slug!r}. The regions are {', '.join(REGIONS)}.")
    return kept_answer(request, session, Scope(known, at, as_of), "dashboard", _dashboard)


def _regions(session: Session, scope: Scope) -> bytes:
    return REGIONS_JSON.dump_json(list_regions(session, scope))


def _dashboard(session: Session, scope: Scope) -> bytes:
    return DASHBOARD_JSON.dump_json(read_dashboard(session, scope))
