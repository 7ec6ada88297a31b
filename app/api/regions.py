"""The nine regions and their dashboards."""

from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from app.api.dashboards import dashboard_json, kept_answer
from app.errors import NotFound
from app.http.auth import Reader
from app.http.parameters import AsOf, Now
from app.http.routing import KeyedRoute
from app.queries.programme.dashboards import (
    REGIONS_JSON,
    DashboardView,
    RegionListView,
    list_regions,
)
from app.queries.programme.standing_versions import Scope
from app.rules.regions import REGIONS, region_slug

router = APIRouter(prefix="/v1/regions", tags=["Dashboards"], route_class=KeyedRoute)

Slug = Annotated[
    str, Path(description="A region's slug.", max_length=60, examples=["yorkshire-and-the-humber", "south-east"])
]


@router.get("", response_model=RegionListView)
async def list_all_regions(request: Request, by: Reader, at: Now, as_of: AsOf) -> Response:
    """The nine regions with their figures. Counted are the prisons that are open on the day."""
    return await kept_answer(request, Scope(None, at, as_of), "regions", _regions)


@router.get("/{slug}/dashboard", response_model=DashboardView)
async def read_regional_dashboard(request: Request, by: Reader, at: Now, as_of: AsOf, slug: Slug) -> Response:
    """A region's figures; as GET /v1/dashboard, without `regions`."""
    known = region_slug(slug)
    if known is None:
        raise NotFound("not-found", f"There is no region {slug!r}. The regions are {', '.join(REGIONS)}.")
    return await kept_answer(request, Scope(known, at, as_of), "dashboard", dashboard_json)


def _regions(session: Session, scope: Scope) -> bytes:
    return REGIONS_JSON.dump_json(list_regions(session, scope))
