"""The monthly return: read as JSON, CSV or a workbook, and frozen."""

import json
from collections.abc import Hashable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from app.documents.returns.columns import return_columns, return_schema
from app.documents.returns.csv import render_return_csv
from app.documents.returns.xlsx import render_return_xlsx
from app.errors import FieldFault, Invalid
from app.http.answers import Cursor, Limit, Page, decode_cursor, next_page, page_response, resource, written
from app.http.auth import Freezer, Reader
from app.http.idempotency import Idempotency
from app.http.negotiation import CSV, JSON, XLSX, preferred
from app.http.parameters import AsOf, CallerNow, Now, Region
from app.http.routing import KeyedRoute
from app.http.schemas import problems
from app.http.streams import made_whole
from app.http.text import plain_text
from app.queries.etags import etag_of
from app.queries.return_months import (
    ReturnAsked,
    ReturnMonthView,
    ReturnSourceView,
    RevisionView,
    find_source,
    list_months,
    list_revisions,
)
from app.queries.returns import ReturnRowView, read_rows, rows_digest, stream_rows
from app.queries.toolkits import current_version, read_book
from app.rules.moments import moment_in_json
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


async def asked_for(
    region: Annotated[Region | None, Query(description="Only the rows of a region: its slug or its name.")] = None,
    frozen: Annotated[bool, Query(description="True: 409 unless the month is frozen.")] = False,
    revision: Annotated[
        int | None, Query(ge=1, le=9999, description="A frozen revision. Left out: the latest, if there is one.")
    ] = None,
) -> ReturnAsked:
    return ReturnAsked(region, frozen, revision)


Asked = Annotated[ReturnAsked, Depends(asked_for)]


class ReturnPage(BaseModel):
    """One page of a month's return. `provisional` until the month is frozen; then `revision` says which one it is, and
    `frozen` who froze it and when."""

    month: str
    as_of: datetime | None
    provisional: bool
    revision: int | None
    frozen: RevisionView | None
    items: list[ReturnRowView]
    next_cursor: str | None


class ConstraintsOfColumn(BaseModel):
    """What every cell of a column keeps to. `required` means that none is empty."""

    required: bool
    enum: list[str] | None = None
    minimum: int | None = None
    maximum: int | None = None
    pattern: str | None = None
    max_length: int | None = Field(None, alias="maxLength")


class ReturnColumn(BaseModel):
    """A column of the CSV. `title` is its heading in the workbook; `source` says where its content comes from."""

    name: str
    title: str
    type: str
    description: str
    constraints: ConstraintsOfColumn
    source: str


class ReturnSchema(BaseModel):
    """A Frictionless Table Schema of the CSV and the workbook, not of the JSON."""

    schema_address: str = Field(alias="$schema")
    columns: list[ReturnColumn] = Field(alias="fields")
    primary_key: list[str] = Field(alias="primaryKey")
    missing_values: list[str] = Field(alias="missingValues")


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


_MONTHS = TypeAdapter(Page[ReturnMonthView])
_REVISION = TypeAdapter(RevisionView)
_REVISIONS = TypeAdapter(Page[RevisionView])
_FILES = {XLSX: {"schema": {"type": "string", "format": "binary"}}, CSV: {"schema": {"type": "string"}}}


@router.get("", summary="List the monthly returns", response_model=Page[ReturnMonthView])
def list_returns(
    request: Request,
    session: ReadSession,
    by: Reader,
    at: Now,
    as_of: AsOf,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """The months since the first record, newest first, each with its revisions.

    The current month is `provisional`; one that is over is `not_frozen` and then `frozen`.
    """
    position = decode_cursor(request, cursor, {"before": str})
    months = list_months(session, at=at, as_of=as_of)
    following = [one for one in months if position is None or one.month < position["before"]]
    return page_response(request, _MONTHS, following[: limit + 1], limit, lambda one: {"before": one.month})


@router.get("/schema", summary="Read the data dictionary of the returns", response_model=ReturnSchema)
def read_return_schema(request: Request, session: ReadSession, by: Reader) -> Response:
    """Every column of the CSV and of the workbook as a Frictionless Table Schema, with what it means and where it
    comes from. The JSON of a return has other names and nests them: this document describes that."""
    schema = return_schema(read_book(session, current_version(session)).toolkit)
    return resource(request, json.dumps(schema, ensure_ascii=False).encode())


@router.get(
    "/{month}",
    summary="Read a monthly return",
    response_model=ReturnPage,
    responses={200: {"content": _FILES}, **problems(406, 409)},
)
def read_return(
    request: Request,
    session: ReadSession,
    by: Reader,
    at: Now,
    as_of: AsOf,
    month: MonthFile,
    asked: Asked,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """One row for each prison that was open in the month: as frozen, or as things stood at its end in London.

    Until the month is frozen the rows are provisional; those of the current month are as things stand now. JSON comes
    in pages; CSV and Excel, by suffix or by `Accept`, come whole.
    """
    name, _, suffix = month.partition(".")
    source = find_source(session, _month(name), asked, at=at, as_of=as_of)
    form = {"csv": CSV, "xlsx": XLSX}.get(suffix) or preferred(request, (JSON, CSV, XLSX))
    if form != JSON:
        return _file(request, session, source, form)
    position = decode_cursor(request, cursor, {"after": str})
    rows = read_rows(session, source, after=position["after"] if position else None, limit=limit + 1)
    last = {"after": rows[limit - 1][0]} if len(rows) > limit else None
    following, headers = next_page(request, last)
    head = {
        "month": name,
        "as_of": as_of and moment_in_json(as_of),
        "provisional": source.is_provisional,
        "revision": source.revision_number,
    }
    # The rows of a frozen month are sent as the bytes that were frozen.
    body = b'%b,"frozen":%b,"items":[%b],"next_cursor":%b}' % (
        json.dumps(head, separators=(",", ":")).encode()[:-1],
        _REVISION.dump_json(source.revision) if source.revision else b"null",
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


def _file(request: Request, session: Session, source: ReturnSourceView, form: str) -> Response:
    frozen = source.revision
    columns = return_columns(read_book(session, current_version(session)).toolkit)
    titles = [column.title for column in columns]

    def mark(fresh: Session) -> Hashable:
        basis = frozen.digest if frozen else rows_digest(fresh, source)
        return (form, str(source.month), source.is_over, source.revision_number, source.region, basis, str(titles))

    render, suffix = (render_return_csv, "csv") if form == CSV else (render_return_xlsx, "xlsx")
    state = f"revision-{frozen.revision}" if frozen else "provisional"
    region = f"-{source.region}" if source.region else ""
    name = f"idts-return-{source.month}{region}-{state}.{suffix}"
    return made_whole(
        request, session, form, name, mark, lambda fresh: render(source, columns, stream_rows(fresh, source))
    )
