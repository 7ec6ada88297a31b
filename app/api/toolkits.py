"""The toolkit and its versions, open to everyone."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from app.http.answers import resource
from app.http.routing import PublicRoute
from app.http.schemas import ToolkitChanges, ToolkitDocument
from app.queries.toolkits import ToolkitSummary, current_version, list_versions, read_book, read_document
from app.rules.toolkit_changes import toolkit_changes
from app.storage.db import ReadSession

router = APIRouter(prefix="/v1", tags=["Toolkit"], route_class=PublicRoute)


@dataclass(frozen=True, slots=True)
class ToolkitVersions:
    """Every loaded version, newest first."""

    items: list[ToolkitSummary]


Version = Annotated[str, Path(max_length=32, examples=["2006-09.2"])]

_VERSIONS = TypeAdapter(ToolkitVersions)
_DOCUMENT = TypeAdapter(dict[str, object])


@router.get("/toolkit", summary="Read the current toolkit", response_model=ToolkitDocument)
def read_current_toolkit(request: Request, session: ReadSession) -> Response:
    """The current toolkit: 35 sections in eight groups, with the required outcomes and the minimum of each."""
    return resource(request, _DOCUMENT.dump_json(read_document(session, current_version(session))))


@router.get("/toolkits", summary="List toolkit versions", response_model=ToolkitVersions)
def list_toolkit_versions(request: Request, session: ReadSession) -> Response:
    """Every loaded version. A prison is always judged by the version that it is on."""
    return resource(request, _VERSIONS.dump_json(ToolkitVersions(list_versions(session))))


@router.get("/toolkits/{version}", summary="Read a toolkit version", response_model=ToolkitDocument)
def read_toolkit_version(request: Request, session: ReadSession, version: Version) -> Response:
    """One version of the toolkit."""
    return resource(request, _DOCUMENT.dump_json(read_document(session, version)))


@router.get("/toolkits/{version}/changes", summary="Compare two toolkit versions", response_model=ToolkitChanges)
def read_toolkit_changes(
    request: Request,
    session: ReadSession,
    version: Version,
    earlier: Annotated[str, Query(alias="from", max_length=32, examples=["2006-09"])],
) -> Response:
    """What the version changes in another one: fields, roles, and each section's fields and outcomes."""
    changes = toolkit_changes(read_book(session, earlier).toolkit, read_book(session, version).toolkit)
    return resource(request, _DOCUMENT.dump_json(changes))
