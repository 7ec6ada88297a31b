"""The nine regions and their dashboards."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from app.errors import NotFound
from app.http.answers import resource
from app.http.auth import Reader
from app.http.parameters import AsOf, Now
from app.http.routing import KeyedRoute
from app.queries.programme.dashboards import (
    DASHBOARD_JSON,
    REGIONS_JSON,
    DashboardView,
    RegionListView,
    list_regions,
    read_dashboard,
)
from app.queries.programme.periods import ProgrammeAt
from app.rules.regions import REGIONS, region_slug
from app.storage.db import ReadSession

router = APIRouter(prefix="/v1/regions", tags=["Dashboards"], route_class=KeyedRoute)

Slug = Annotated[
    str, Path(description="A region's slug.", max_length=60, examples=["yorkshire-and-the-humber", "south-east"])
]


@router.get("", summary="List regions", response_model=RegionListView)
def list_all_regions(request: Request, session: ReadSession, by: Reader, at: Now, as_of: AsOf) -> Response:
    """The nine regions with their figures, which count the prisons that are open on the day."""
    return resource(request, REGIONS_JSON.dump_json(list_regions(session, ProgrammeAt(None, at, as_of))))


@router.get("/{slug}/dashboard", summary="Read a region's dashboard", response_model=DashboardView)
def read_regional_dashboard(
    request: Request, session: ReadSession, by: Reader, at: Now, as_of: AsOf, slug: Slug
) -> Response:
    """A region's figures: like GET /v1/dashboard, without `regions`."""
    region = region_slug(slug)
    if region is None:
        raise NotFound("not-found", f"There is no region {slug!r}. The regions are {', '.join(REGIONS)}.")
    return resource(request, DASHBOARD_JSON.dump_json(read_dashboard(session, ProgrammeAt(region, at, as_of))))
