"""Evidence: list, read, download, withdraw, and support further sections."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, field_validator
from starlette.requests import Request
from starlette.responses import Response

from app.api.sections import known_section
from app.documents.evidence.media_types import EXTENSIONS
from app.documents.file_names import attachment
from app.http.answers import Cursor, Limit, Page, decode_cursor, moment_of_cursor, page_response, resource, written
from app.http.auth import Assessor
from app.http.idempotency import Idempotency
from app.http.parameters import (
    CallerNow,
    IfMatch,
    Now,
    PrisonCode,
    SectionNumber,
    SectionNumbers,
    has_same,
    versions_in,
)
from app.http.parts import parts
from app.http.resolve import OwnPrison
from app.http.routing import KeyedRoute
from app.http.streams import Download, downloading
from app.http.text import Title, Why, plain_text
from app.queries.etags import etag_of
from app.queries.evidence import (
    EvidenceItemView,
    EvidenceView,
    SectionEvidence,
    list_evidence,
    read_file,
    read_item,
)
from app.rules.readiness import ReadinessView
from app.services.evidence import EvidenceAfter, correct_title, support_sections, withdraw_evidence
from app.storage.db import ReadSession, WriteSession

router = APIRouter(prefix="/v1/prisons/{code}", tags=["Evidence"], route_class=KeyedRoute)

ItemId = Annotated[str, Path(description="The item's id, as in a list.", max_length=36), AfterValidator(plain_text)]

# Whatever a file turns out to be, nothing in it runs in a browser that opens it.
DOWNLOAD_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


class WithdrawEvidence(BaseModel):
    """Why the item no longer applies."""

    model_config = ConfigDict(extra="forbid")

    reason: Why
    accept_lapse: bool = False

    @field_validator("reason")
    @classmethod
    def says_something(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("say why the item no longer applies")
        return text.strip()


class CorrectEvidence(BaseModel):
    """What the item ought to be called."""

    model_config = ConfigDict(extra="forbid")

    title: Title


class SupportSections(BaseModel):
    """Further sections that the item supports."""

    model_config = ConfigDict(extra="forbid")

    sections: Annotated[SectionNumbers, Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class EvidenceWithReadiness(EvidenceItemView):
    """The item after the change, and the prison's new verdict."""

    readiness: ReadinessView


ITEM_JSON = TypeAdapter(EvidenceItemView)
_PAGE = TypeAdapter(Page[EvidenceView])


@router.get(
    "/sections/{number}/evidence", summary="List a prison section's evidence", response_model=Page[EvidenceView]
)
def list_section_evidence(
    request: Request,
    prison: OwnPrison,
    number: SectionNumber,
    session: ReadSession,
    at: Now,
    withdrawn: Annotated[bool, Query(description="Whether to list withdrawn items too.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """The evidence of a section, newest first."""
    position = decode_cursor(request, cursor, {"received_at": str, "id": str})
    after = (moment_of_cursor(position["received_at"]), position["id"]) if position else None
    of = SectionEvidence(known_section(number), with_withdrawn=withdrawn)
    rows = list_evidence(session, prison, of, at=at, after=after, limit=limit + 1)
    return page_response(
        request, _PAGE, rows, limit, lambda item: {"received_at": item.received_at.isoformat(), "id": item.id}
    )


@router.get("/evidence/{item_id}", summary="Read a prison's evidence", response_model=EvidenceItemView)
def read_evidence(request: Request, prison: OwnPrison, item_id: ItemId, session: ReadSession, at: Now) -> Response:
    """One item and the sections that it supports. If it was withdrawn: by whom, when and why."""
    item = read_item(session, prison, item_id, at)
    return resource(request, ITEM_JSON.dump_json(item), version=item.version)


@router.get(
    "/evidence/{item_id}/content",
    summary="Download a prison's evidence",
    response_class=Response,
    responses={
        200: {
            "description": "The file, to be saved and not shown; the ETag is its SHA-256",
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in EXTENSIONS},
        }
    },
)
def download_evidence(request: Request, prison: OwnPrison, item_id: ItemId, session: ReadSession) -> Response:
    """The file of an item, even if the item was withdrawn."""
    file = read_file(session, prison, item_id)
    etag = f'"{file.sha256}"'
    headers = {
        "etag": etag,
        "content-disposition": attachment(file.name),
        "content-security-policy": DOWNLOAD_POLICY,
        "x-content-type-options": "nosniff",
    }
    if has_same(request, etag):
        return Response(status_code=304, headers=headers)
    leave = downloading(request)
    try:
        pieces = parts(request).evidence_store.read(file.store_key)
    except BaseException:
        leave()
        raise
    # As a header and not as media_type, to which a charset would be added that nobody has checked.
    headers |= {"content-type": file.media_type, "content-length": str(file.size)}
    return Download(pieces, headers, leave)


@router.patch("/evidence/{item_id}", summary="Correct a prison's evidence", response_model=EvidenceWithReadiness)
def correct(
    code: PrisonCode,
    item_id: ItemId,
    body: CorrectEvidence,
    session: WriteSession,
    by: Assessor,
    caller: CallerNow,
    once: Idempotency,
    if_match: IfMatch = None,
) -> Response:
    """Put right the title of an item: a new version of each section that it supports. The title before it stays in
    the history."""
    versions = versions_in(if_match)

    def answer() -> Response:
        return _item_after(correct_title(session, code, item_id, body.title, caller=caller, versions=versions))

    return once(session, answer)


@router.post(
    "/evidence/{item_id}/withdraw", summary="Withdraw a prison's evidence", response_model=EvidenceWithReadiness
)
def withdraw(
    code: PrisonCode,
    item_id: ItemId,
    body: WithdrawEvidence,
    session: WriteSession,
    by: Assessor,
    caller: CallerNow,
    once: Idempotency,
) -> Response:
    """Withdraw an item from every section that it supports. It stays in the history.

    The service refuses if this would leave a GREEN section without evidence.
    """

    def answer() -> Response:
        after = withdraw_evidence(session, code, item_id, body.reason, caller=caller, accept_lapse=body.accept_lapse)
        return _item_after(after)

    return once(session, answer)


@router.post("/evidence/{item_id}/sections", summary="Extend a prison's evidence", response_model=EvidenceWithReadiness)
def support_further_sections(
    code: PrisonCode,
    item_id: ItemId,
    body: SupportSections,
    session: WriteSession,
    by: Assessor,
    caller: CallerNow,
    once: Idempotency,
) -> Response:
    """Let an item support further sections. It goes on supporting those that it supports now."""
    return once(session, lambda: _item_after(support_sections(session, code, item_id, body.sections, caller=caller)))


def _item_after(after: EvidenceAfter) -> Response:
    item = ITEM_JSON.dump_json(after.item)
    return written(b'%s,"readiness":%s}' % (item[:-1], after.readiness), etag_of(item, after.item.version))
