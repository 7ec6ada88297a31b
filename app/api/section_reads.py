"""A prison's 35 section assessments, and the history of each."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import (
    TypeAdapter,
)
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from app.api.sections import known_section
from app.http.answers import Cursor, Limit, Page, decode_cursor, page_response, resource, tagged
from app.http.kept import Kept
from app.http.parameters import (
    AsOf,
    Now,
    SectionNumber,
    now,
)
from app.http.parts import parts
from app.http.resolve import OwnPrisonThen, own_prison_mark
from app.http.routing import KeyedRoute, ready_first
from app.queries.etags import etag_of
from app.queries.reviews import read_told
from app.queries.sections import (
    SECTION_JSON,
    SECTION_NUMBERS,
    SECTIONS_JSON,
    SectionChangeView,
    SectionList,
    SectionView,
    read_answers,
    read_history,
    read_present_sections,
    section_views,
)
from app.rules.moments import london_date
from app.rules.prison import PrisonFacts
from app.storage.db import Database, ReadSession

router = APIRouter(prefix="/v1/prisons/{code}/sections", tags=["Sections"], route_class=KeyedRoute)

_HISTORY = TypeAdapter(Page[SectionChangeView])


async def kept_sections(request: Request, code: str) -> Response:
    """The sections as they are now, from memory where nothing about the prison has changed since they were read."""
    code, at = code.upper(), now(request)
    mark = await own_prison_mark(request, code)
    # Evidence grows stale by the day.
    today, answers = london_date(at), parts(request).kept_sections
    known = answers.find(code, (*mark, today))
    if known is None:
        known = await run_in_threadpool(_read_all, parts(request).database, code, at)
        answers.keep(code, known)
    return tagged(request, known.body, known.etag)


def _read_all(database: Database, code: str, at: datetime) -> Kept:
    with database.reading() as session:
        mark, views = read_present_sections(session, code, at)
    body = SECTIONS_JSON.dump_json(SectionList(views))
    return Kept((*mark, london_date(at)), body, etag_of(body, sum(one.version for one in views)))


def list_sections(request: Request, prison: OwnPrisonThen, session: ReadSession, at: Now, as_of: AsOf) -> Response:
    """All 35 section assessments of a prison, in number order."""
    views = _views(session, prison, at, as_of, list(SECTION_NUMBERS))
    return resource(request, SECTIONS_JSON.dump_json(SectionList(views)), version=sum(one.version for one in views))


router.add_api_route(
    "",
    list_sections,
    summary="List a prison's sections",
    response_model=SectionList,
    route_class_override=ready_first(kept_sections),
)


@router.get("/{number}", summary="Read a prison's section", response_model=SectionView)
def read_section(
    request: Request,
    prison: OwnPrisonThen,
    number: SectionNumber,
    session: ReadSession,
    at: Now,
    as_of: AsOf,
) -> Response:
    """One section assessment of a prison."""
    (view,) = _views(session, prison, at, as_of, [known_section(number)])
    return resource(request, SECTION_JSON.dump_json(view), version=view.version)


@router.get("/{number}/history", summary="Read a prison section's history", response_model=Page[SectionChangeView])
def read_section_history(
    request: Request,
    prison: OwnPrisonThen,
    number: SectionNumber,
    session: ReadSession,
    as_of: AsOf,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Every version of a section, newest first: what changed, from which value to which, who did it and when."""
    position = decode_cursor(request, cursor, {"before": int})
    before = position["before"] if position else None
    rows = read_history(session, prison.id, known_section(number), before=before, limit=limit + 1, as_of=as_of)
    return page_response(request, _HISTORY, rows, limit, lambda change: {"before": change.version})


def _views(
    session: Session, prison: PrisonFacts, at: datetime, as_of: datetime | None, numbers: list[int]
) -> list[SectionView]:
    reviews = read_told(session, prison.id, numbers, as_of)
    return section_views(
        session, prison, read_answers(session, prison.id, as_of), numbers, as_of or at, reviews=reviews
    )
