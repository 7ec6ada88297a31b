"""The Statement of Readiness as a document to print and file."""

import json

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.documents.statement.pdf import file_name, render_statement, verify_url
from app.http.answers import resource
from app.http.parts import parts
from app.http.resolve import OwnStatement
from app.http.routing import KeyedRoute
from app.queries.statements import read_payload
from app.storage.db import ReadSession

router = APIRouter(prefix="/v1", tags=["Statements"], route_class=KeyedRoute)


@router.get(
    "/statements/{statement_id}/document.pdf",
    summary="Download a statement as PDF",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}},
)
def document(request: Request, statement: OwnStatement, session: ReadSession) -> Response:
    """The statement as a tagged PDF (PDF/UA-1): ratings, exemptions, evidence digests, signatures.

    The bytes stay the same until the statement itself changes: a signature, issue, go-live, or its end.
    A statement that is not in force says so across its first page. An issued one has a QR code with the address that
    checks it, and says whether the prison's ratings still meet it.
    """
    payload = json.loads(read_payload(session, statement.id))
    content = render_statement(statement, payload, verify_url=verify_url(parts(request).settings.public_url, statement))
    answer = resource(request, content, {"content-disposition": f'inline; filename="{file_name(statement)}"'})
    if answer.status_code == 200:
        answer.headers["content-type"] = "application/pdf"
    return answer
