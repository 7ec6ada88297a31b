"""Reviews: what the region says of a section, the prison's answers, and the list of a region."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from app.api.sections import known_section
from app.http.answers import Cursor, Limit, Page, decode_cursor, moment_of_cursor, page_response, resource, written
from app.http.auth import Answerer, PrisonReader, Reviewer
from app.http.idempotency import Idempotency
from app.http.parameters import CallerNow, IfMatch, Now, PrisonCode, Region, SectionNumber, versions_in
from app.http.resolve import OwnPrison, ReviewId
from app.http.routing import KeyedRoute
from app.http.text import Day, Search, Why
from app.queries.etags import etag_of
from app.queries.reviews import REVIEW_JSON, ReviewFilter, ReviewView, list_of_section, list_reviews, read_review
from app.rules.moments import london_date
from app.rules.review import ReviewKind
from app.rules.types import Rating
from app.services.reviews import NewReview, ReviewAddress, add_review, answer_review, close_review
from app.storage.db import ReadSession, WriteSession

router = APIRouter(prefix="/v1", tags=["Reviews"], route_class=KeyedRoute)

OF_SECTION = "/prisons/{code}/sections/{number}/reviews"


class AddReview(BaseModel):
    """What you say of the section. A challenge needs a `text`, and may have a day by which the prison is to answer.

    `rating` is the one that you would give, `recommendation` what you would have the prison do; neither changes
    anything.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"kind": "challenged", "text": "Where is the register kept?", "due_on": "2026-12-11"}]
        },
    )

    kind: ReviewKind
    text: Why | None = None
    rating: Rating | None = None
    recommendation: Why | None = None
    due_on: Day | None = None


class AnswerReview(BaseModel):
    """The prison's answer to a challenge."""

    model_config = ConfigDict(extra="forbid")

    text: Why


class CloseReview(BaseModel):
    """What came of the challenge, if there is anything to say."""

    model_config = ConfigDict(extra="forbid")

    text: Why | None = None


_PAGE = TypeAdapter(Page[ReviewView])


@router.get(OF_SECTION, summary="List a prison section's reviews", response_model=Page[ReviewView])
def list_reviews_of_section(
    request: Request,
    prison: OwnPrison,
    number: SectionNumber,
    session: ReadSession,
    at: Now,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """What has been said of a section, newest first. `outdated` reviews are of an earlier version of it."""
    after = _after(request, cursor)
    rows = list_of_section(session, prison.id, known_section(number), at=at, after=after, limit=limit + 1)
    return page_response(request, _PAGE, rows, limit, _place)


@router.post(OF_SECTION, summary="Review a prison's section", response_model=ReviewView, status_code=201)
def add(
    code: PrisonCode,
    number: SectionNumber,
    body: AddReview,
    session: WriteSession,
    by: Reviewer,
    caller: CallerNow,
    once: Idempotency,
    if_match: IfMatch = None,
) -> Response:
    """Remark on a section, confirm it or challenge it, as it is now. It changes no rating.

    While a challenge is open it stands in the verdict's warnings, and no statement can be raised. Send the ETag of the
    section that you looked at as If-Match, so that you do not review a version that you have not seen.
    """
    new = NewReview(body.kind, body.text, body.rating, body.recommendation, body.due_on)

    def answer() -> Response:
        view = add_review(session, code, known_section(number), new, caller=caller, versions=versions_in(if_match))
        place = f"/v1/prisons/{view.prison}/sections/{number}/reviews/{view.id}"
        return _written(view, status=201, location=place)

    return once(session, answer)


@router.get(f"{OF_SECTION}/{{review_id}}", summary="Read a prison section's review", response_model=ReviewView)
def read(
    request: Request, prison: OwnPrison, number: SectionNumber, review_id: ReviewId, session: ReadSession, at: Now
) -> Response:
    """One review, with the prison's answer and what came of it."""
    view = read_review(session, prison.id, known_section(number), review_id, at)
    return resource(request, REVIEW_JSON.dump_json(view))


@router.post(
    f"{OF_SECTION}/{{review_id}}/answer", summary="Answer a prison section's review", response_model=ReviewView
)
def answer_one(
    code: PrisonCode,
    number: SectionNumber,
    review_id: ReviewId,
    body: AnswerReview,
    session: WriteSession,
    by: Answerer,
    caller: CallerNow,
    once: Idempotency,
) -> Response:
    """Answer an open challenge. It stays open until the region closes it; until then you may answer again."""
    of = ReviewAddress(code, number, review_id)
    return once(session, lambda: _written(answer_review(session, of, body.text, caller=caller)))


@router.post(f"{OF_SECTION}/{{review_id}}/close", summary="Close a prison section's review", response_model=ReviewView)
def close_one(
    code: PrisonCode,
    number: SectionNumber,
    review_id: ReviewId,
    body: CloseReview,
    session: WriteSession,
    by: Reviewer,
    caller: CallerNow,
    once: Idempotency,
) -> Response:
    """Close a challenge, whether or not the prison has answered it."""
    of = ReviewAddress(code, number, review_id)
    return once(session, lambda: _written(close_review(session, of, body.text, caller=caller)))


@router.get("/reviews", summary="List reviews", response_model=Page[ReviewView])
def list_all_reviews(
    request: Request,
    session: ReadSession,
    by: PrisonReader,
    at: Now,
    region: Annotated[Region | None, Query(description="A region's slug or name.")] = None,
    prison: Annotated[Search | None, Query(description="A prison's code, in any case.")] = None,
    kind: Annotated[ReviewKind | None, Query(description="The kind of review.")] = None,
    is_open: Annotated[bool | None, Query(alias="open", description="Challenges that are not closed.")] = None,
    overdue: Annotated[bool | None, Query(description="Challenges without an answer by the day that was set.")] = None,
    outdated: Annotated[bool | None, Query(description="The section has moved on since.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """What has been said of sections, newest first. A prison's key sees its own, a region's key those of its region."""
    wanted = ReviewFilter(london_date(at), region, prison, kind, is_open, overdue, outdated)
    rows = list_reviews(session, wanted, by, after=_after(request, cursor), limit=limit + 1)
    return page_response(request, _PAGE, rows, limit, _place)


def _after(request: Request, cursor: str | None) -> tuple[datetime, str] | None:
    position = decode_cursor(request, cursor, {"at": str, "id": str})
    return (moment_of_cursor(position["at"]), position["id"]) if position else None


def _place(review: ReviewView) -> dict[str, str]:
    return {"at": review.at.isoformat(), "id": review.id}


def _written(view: ReviewView, *, status: int = 200, location: str | None = None) -> Response:
    content = REVIEW_JSON.dump_json(view)
    return written(content, etag_of(content), status=status, location=location)
