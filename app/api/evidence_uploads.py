"""Adding evidence to a section: a file by multipart upload, or a link or a note as JSON."""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Header
from pydantic import Field, ValidationError
from sqlalchemy.orm import Session
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.api.evidence import ITEM_JSON, EvidenceWithReadiness
from app.api.sections import AddEvidence, known_section
from app.documents.evidence.media_types import ACCEPTED, accepted_type_of
from app.documents.file_names import display_name
from app.errors import FieldFault, Invalid, TooLarge, WrongMediaType
from app.http.answers import written
from app.http.idempotency import Once
from app.http.malformed import incorrect, malformed
from app.http.parameters import CallerNow, SectionNumber, SectionNumbers
from app.http.parts import Parts, parts
from app.http.resolve import OwnPrisonOfUploads
from app.http.routing import JSON_TYPES, KeyedRoute, strict_json
from app.http.uploads import Upload, UploadedFile, limit_in_words, received
from app.queries.etags import etag_of
from app.queries.sections import SECTION_JSON, SectionView
from app.rules.access import Caller
from app.rules.types import EvidenceKind
from app.services.evidence import NewFile, add_evidence
from app.services.evidence_files import IncomingFile, in_the_store

router = APIRouter(prefix="/v1/prisons/{code}", tags=["Evidence"], route_class=KeyedRoute)

# Each file on its way into the store holds a few parts of it in memory; more of them wait their turn.
_storing = CapacityLimiter(3)


class AddEvidenceItem(AddEvidence):
    """One piece of evidence to add to the section. `sections` names further sections that it supports."""

    sections: SectionNumbers = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class EvidenceAdded(EvidenceWithReadiness):
    """The item, the section that it was added to, and the prison's new verdict."""

    section: SectionView


_FORM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title", "file"],
    "properties": {
        "kind": {"type": "string", "enum": ["document"], "default": "document"},
        "title": {"type": "string", "minLength": 1, "maxLength": 300},
        "reference": {"type": "string", "maxLength": 2000},
        "text": {"type": "string", "maxLength": 5000},
        "effective_on": {"type": "string", "format": "date", "description": "The day that the evidence is about."},
        "sections": {
            "type": "array",
            "maxItems": 35,
            "items": {"type": "integer", "minimum": 1, "maximum": 35},
            "description": "Further sections that it supports: repeat the field, or separate the numbers with commas.",
        },
        "file": {"type": "string", "contentMediaType": "application/octet-stream", "description": ACCEPTED},
    },
}
_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {"schema": _FORM, "encoding": {"sections": {"style": "form", "explode": True}}},
        "application/json": {"schema": AddEvidenceItem.model_json_schema(ref_template="#/components/schemas/{model}")},
    },
}


@router.post(
    "/sections/{number}/evidence",
    summary="Add evidence to a prison's section",
    response_model=EvidenceAdded,
    status_code=201,
    openapi_extra={"requestBody": _BODY},
)
async def add_section_evidence(
    request: Request,
    # Before a byte of the file is read: it may be long, and not for this caller to send.
    prison: OwnPrisonOfUploads,
    number: SectionNumber,
    caller: CallerNow,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1, max_length=255, description="A repeated request with this key gets the first answer again."
        ),
    ] = None,
) -> Response:
    """Add a piece of evidence: a document with its file as multipart/form-data, a link or a note as JSON.

    The service works a file's type out from its content, not from its name or declared type. The same content is
    stored once, however often it is sent.
    """
    numbers = [known_section(number)]
    async with _read(request) as (item, file):
        adding = _Adding(prison.code, [*numbers, *item.sections], item, caller, parts(request))
        once = Once(request, caller, idempotency_key, adding.digest(request, file))
        return await to_thread.run_sync(partial(adding.run, once, file), limiter=_storing)


@asynccontextmanager
async def _read(request: Request) -> AsyncIterator[tuple[AddEvidenceItem, UploadedFile | None]]:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media == "multipart/form-data":
        async with received(request) as upload:
            yield _from_form(upload), upload.file
    elif media in JSON_TYPES:
        body = strict_json(await _short_body(request))
        if not isinstance(body, dict):
            raise malformed([{"type": "dict_type", "loc": ("body",), "msg": ""}])
        yield _checked(body), None
    else:
        detail = "Send a document with its file as multipart/form-data, a link or a note as application/json."
        raise WrongMediaType("unsupported-media-type", detail)


async def _short_body(request: Request) -> bytes:
    limit: int = parts(request).settings.body_limit_bytes
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > limit:
                raise TooLarge("body-too-large", f"A JSON body may have at most {limit_in_words(limit)}.")
    except ClientDisconnect:
        raise Invalid("malformed-json", "The connection broke off before the end of the body.") from None
    return bytes(body)


def _from_form(upload: Upload) -> AddEvidenceItem:
    fields: dict[str, Any] = {"kind": EvidenceKind.DOCUMENT.value}
    sections: list[int | str] = []
    seen: set[str] = set()
    for name, text in upload.fields:
        if name == "sections":
            sections += [int(number) if number.isascii() and number.isdigit() else number for number in _numbers(text)]
        elif name in seen:
            raise _fault(name, "give it once")
        elif text or name == "title":
            # A form sends what was left empty as an empty field.
            fields[name] = text
        seen.add(name)
    item = _checked(fields | {"sections": sections})
    if (item.kind is EvidenceKind.DOCUMENT) is not (upload.file is not None):
        raise _fault("file", "a document needs a file, and a link or a note has none")
    if upload.file is not None and upload.file.is_blank:
        raise _fault("file", "the file is empty")
    return item


def _numbers(text: str) -> list[str]:
    return [number.strip()[:20] for number in text.split(",") if number.strip()]


def _checked(fields: dict[str, Any]) -> AddEvidenceItem:
    try:
        return AddEvidenceItem.model_validate(fields)
    except ValidationError as fault:
        errors = [{**error, "loc": ("body", *error["loc"])} for error in fault.errors(include_url=False)]
        raise malformed(errors, AddEvidenceItem) from None


def _fault(name: str, detail: str) -> Invalid:
    return incorrect([FieldFault(f"/{name}", detail)])


@dataclass(frozen=True, slots=True)
class _Adding:
    """One item on its way into the store and the database. Runs on one thread, which nothing cancels."""

    code: str
    numbers: list[int]
    item: AddEvidenceItem
    caller: Caller
    parts: Parts

    def digest(self, request: Request, file: UploadedFile | None) -> str:
        """A digest that is the same for two equal requests, whatever their multipart boundaries."""
        parts = [request.method, request.url.path, self.item.model_dump(mode="json"), file and file.sha256]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def run(self, once: Once, file: UploadedFile | None) -> Response:
        if file is None:
            return self.record(once, None)
        media_type = accepted_type_of(file.content)
        name = display_name(file.given_name, media_type)
        incoming = IncomingFile(file.content, file.sha256, file.size, media_type)
        with in_the_store(self.parts.database, self.parts.evidence_store, incoming, at=self.caller.at) as stored:
            return self.record(once, NewFile(stored, name))

    def record(self, once: Once, file: NewFile | None) -> Response:
        with self.parts.database.session_scope() as session:
            return once(session, lambda: self.answer(session, file))

    def answer(self, session: Session, file: NewFile | None) -> Response:
        after = add_evidence(session, self.code, self.numbers, self.item.new(), caller=self.caller, file=file)
        item = ITEM_JSON.dump_json(after.item)
        body = b'%s,"readiness":%s,"section":%s}' % (
            item[:-1],
            after.readiness,
            SECTION_JSON.dump_json(after.sections[0]),
        )
        location = f"/v1/prisons/{after.item.prison}/evidence/{after.item.id}"
        return written(body, etag_of(item, after.item.version), status=201, location=location)
