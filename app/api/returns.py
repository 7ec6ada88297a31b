"""The monthly return: read as JSON, CSV or a workbook, and frozen."""

import json
from collections.abc import Hashable, Iterator
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from app.documents.returns.csv import render_return_csv
from app.documents.returns.xlsx import render_return_xlsx
from app.errors import FieldFault, Invalid
from app.http.answers import Cursor, Limit, Page, decode_cursor, next_page, resource, written
from app.http.auth import Freezer, Reader
from app.http.idempotency import Idempotency
from app.http.negotiation import CSV, JSON, XLSX, preferred
from app.http.parameters import AsOf, CallerNow, Now
from app.http.routing import KeyedRoute
from app.http.schemas import problems
from app.http.streams import made_whole
from app.http.text import plain_text
from app.queries.etags import etag_of
from app.queries.returns import (
    ReturnRowView,
    ReturnSource,
    RevisionView,
    find_source,
    list_revisions,
    read_rows,
    return_notes,
    rows_digest,
    stream_rows,
)
from app.rules.returns import Month, month_named
from app.services.returns import freeze_return
from app.storage.db import ReadSession, WriteSession

router = APIRouter(prefix="/v1/returns", tags=["Returns"], route_class=KeyedRoute)

MonthText = Annotated[
    str, Path(pattern="^[0-9]{4}-[0-9]{2}$", description="A month such as 2026-10.", examples=["2026-10"])
]
MonthFile = Annotated[
    str,
    Path(
        pattern=r"^[0-9]{4}-[0-9]{2}(\.csv|\.xlsx)?$",
        description="A month such as 2026-10, with `.csv` or `.xlsx` for a file.",
        examples=["2026-10", "2026-10.csv"],
    ),
]
RevisionNumber = Annotated[
    int | None, Query(ge=1, le=9999, description="A frozen revision. Left out: the latest, if there is one.")
]


class ReturnPage(BaseModel):
    """One page of a month's return. `revision` is null unless the month is frozen."""

    month: str
    provisional: bool
    revision: RevisionView | None
    items: list[ReturnRowView]
    next_cursor: str | None


class FreezeReturn(BaseModel):
    """How to freeze a month. `corrections` names the prisons whose rows are taken as they stand now."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[
        str | None,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=2000),
        AfterValidator(lambda text: None if text is None else plain_text(text)),
        Field(description="Why. Needed if the rows differ from those of the last revision."),
    ] = None
    corrections: Annotated[
        list[Annotated[str, StringConstraints(pattern="^[A-Za-z0-9]{3,8}$")]], Field(max_length=500)
    ] = Field(default_factory=list)


_REVISION = TypeAdapter(RevisionView)
_REVISIONS = TypeAdapter(Page[RevisionView])
_FILES = {XLSX: {"schema": {"type": "string", "format": "binary"}}, CSV: {"schema": {"type": "string"}}}


@router.get(
    "/{month}",
    summary="Read a monthly return",
    response_model=ReturnPage,
    responses={200: {"content": _FILES}, **problems(406)},
)
def read_return(
    request: Request,
    session: ReadSession,
    by: Reader,
    at: Now,
    as_of: AsOf,
    month: MonthFile,
    revision: RevisionNumber = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """One row for each prison that was open in the month: as frozen, or as things stood at its end in London.

    The current month is answered as things stand now, and says that it is provisional. JSON comes in pages;
    CSV and Excel, by suffix or by `Accept`, come whole.
    """
    name, _, suffix = month.partition(".")
    source = find_source(session, _month(name), at=at, as_of=as_of, revision=revision)
    form = {"csv": CSV, "xlsx": XLSX}.get(suffix) or preferred(request, (JSON, CSV, XLSX))
    if form != JSON:
        return _file(request, session, source, form)
    position = decode_cursor(request, cursor, {"after": str})
    rows = read_rows(session, source, after=position["after"] if position else None, limit=limit + 1)
    last = {"after": rows[limit - 1][0]} if len(rows) > limit else None
    following, headers = next_page(request, last)
    # The rows of a frozen month are sent as the bytes that were frozen.
    head = {"month": str(source.month), "provisional": source.is_provisional}
    frozen = _REVISION.dump_json(source.revision) if source.revision else b"null"
    body = b'%b,"revision":%b,"items":[%b],"next_cursor":%b}' % (
        json.dumps(head, separators=(",", ":")).encode()[:-1],
        frozen,
        b",".join(content for _, content in rows[:limit]),
        json.dumps(following).encode(),
    )
    return resource(request, body, headers | {"vary": "Accept"})


@router.get("/{month}/revisions", summary="List a return's revisions", response_model=Page[RevisionView])
def list_return_revisions(
    request: Request, session: ReadSession, by: Reader, month: MonthText, at: Now, as_of: AsOf
) -> Response:
    """Every revision of a frozen month, newest first."""
    rows = list_revisions(session, _month(month), until=as_of)
    return resource(request, _REVISIONS.dump_json(Page(rows)))


@router.post(
    "/{month}/freeze",
    summary="Freeze a monthly return",
    response_model=RevisionView,
    responses={201: {"model": RevisionView, "description": "A new revision"}, 200: {"description": "Frozen already"}},
)
def freeze(
    month: MonthText,
    session: WriteSession,
    by: Freezer,
    caller: CallerNow,
    once: Idempotency,
    body: FreezeReturn | None = None,
) -> Response:
    """Fix a month's return: 201 with a new revision, or 200 with the present one if its rows are the same.

    A frozen month never changes. A late correction makes the next revision: name the corrected prisons, and
    give the reason. The current month, and one that ended less than five minutes ago: 409.
    """
    asked = body or FreezeReturn()

    def answer() -> Response:
        frozen = freeze_return(session, _month(month), asked.reason, asked.corrections, caller=caller)
        content = _REVISION.dump_json(frozen.revision)
        address = f"/v1/returns/{month}?revision={frozen.revision.revision}"
        return written(content, etag_of(content), status=201 if frozen.is_new else 200, location=address)

    return once(session, answer)


def _month(text: str) -> Month:
    try:
        return month_named(text)
    except ValueError as fault:
        raise Invalid("invalid-input", f"For the month, {fault}.", [FieldFault("month", str(fault))]) from None


def _file(request: Request, session: Session, source: ReturnSource, form: str) -> Response:
    frozen = source.revision
    month, provisional = str(source.month), source.is_provisional

    def mark(fresh: Session) -> Hashable:
        basis = frozen.digest if frozen else rows_digest(fresh, source)
        return (form, month, provisional, frozen.revision if frozen else None, basis)

    suffix = "csv" if form == CSV else "xlsx"
    revision = f"-revision-{frozen.revision}" if frozen else "-provisional" if provisional else ""

    def pieces(fresh: Session) -> Iterator[bytes]:
        if form == CSV:
            return render_return_csv(month, provisional, stream_rows(fresh, source))
        return render_return_xlsx(
            month, provisional, stream_rows(fresh, source), return_notes(source), source.month.end
        )

    return made_whole(request, session, form, f"idts-return-{month}{revision}.{suffix}", mark, pieces)
