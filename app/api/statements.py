"""Statements of Readiness: raise, read, sign, withdraw."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from app.errors import Conflict
from app.http.answers import Cursor, Limit, Page, decode_cursor, moment_of_cursor, page_response, resource, written
from app.http.auth import PrisonReader, Raiser, Signer, Withdrawer
from app.http.idempotency import Idempotency
from app.http.parameters import CallerNow, Now, PrisonCode, Region
from app.http.parts import parts
from app.http.resolve import OwnPrison, OwnStatement, StatementId
from app.http.routing import KeyedRoute
from app.http.text import Day, Line, Search, Why
from app.queries.etags import etag_of
from app.queries.statement_lists import StatementFilter, list_statements
from app.queries.statements import STATEMENT_JSON, StatementView, read_credential, read_payload
from app.rules.access import Principal
from app.rules.moments import london_date
from app.rules.statement import Standing, StatementStatus
from app.services.sealing import sealer
from app.services.statements import (
    NamedSignatory,
    raise_statement,
    replace_signatory,
    sign_statement,
    withdraw_statement,
)
from app.storage.db import ReadSession, WriteSession

router = APIRouter(prefix="/v1", tags=["Statements"], route_class=KeyedRoute)

RoleKey = Annotated[str, StringConstraints(to_lower=True, pattern="^[A-Za-z0-9_-]{1,60}$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,255}$")]


class NameSignatory(BaseModel):
    """A person who is to sign, and the role in which they sign."""

    model_config = ConfigDict(extra="forbid")

    role: RoleKey
    name: Line
    email: Email | None = None


class RaiseStatement(BaseModel):
    """A statement to raise: the planned go-live date, and a person for each required role."""

    model_config = ConfigDict(extra="forbid")

    go_live_date: Day
    signatories: Annotated[list[NameSignatory], Field(min_length=1, max_length=30)]


class SignStatement(BaseModel):
    """A signature. `digest` is the one that the signatory was shown, and must be the statement's."""

    model_config = ConfigDict(extra="forbid")

    role: RoleKey
    name: Line
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class ReplaceSignatory(BaseModel):
    """Another person for a role that has not signed yet, and why."""

    model_config = ConfigDict(extra="forbid")

    name: Line
    email: Email | None = None
    reason: Why


class WithdrawStatement(BaseModel):
    """Why the statement is withdrawn."""

    model_config = ConfigDict(extra="forbid")

    reason: Why


_PAGE = TypeAdapter(Page[StatementView])


@router.get("/prisons/{code}/statements", summary="List a prison's statements", response_model=Page[StatementView])
def list_of_prison(
    request: Request,
    prison: OwnPrison,
    session: ReadSession,
    by: PrisonReader,
    at: Now,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """A prison's statements, newest first."""
    return _page(request, session, StatementFilter(london_date(at), prison=prison.code), by, limit, cursor)


@router.get("/statements", summary="List statements", response_model=Page[StatementView])
def list_all_statements(
    request: Request,
    session: ReadSession,
    by: PrisonReader,
    at: Now,
    region: Annotated[Region | None, Query(description="A region's slug or name.")] = None,
    prison: Annotated[Search | None, Query(description="A prison's code.")] = None,
    status: StatementStatus | None = None,
    standing: Standing | None = None,
    awaiting: Annotated[RoleKey | None, Query(description="A role whose signature a raised statement lacks.")] = None,
    date_passed: Annotated[
        bool | None, Query(description="Whether its planned date has passed while it is open and not live.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """The statements of all prisons within the caller's scope, newest first."""
    wanted = StatementFilter(london_date(at), prison, region, status, standing, awaiting, date_passed)
    return _page(request, session, wanted, by, limit, cursor)


def _page(
    request: Request, session: Session, wanted: StatementFilter, by: Principal, limit: int, cursor: str | None
) -> Response:
    position = decode_cursor(request, cursor, {"at": str, "id": str})
    after = (moment_of_cursor(position["at"]), position["id"]) if position else None
    rows = list_statements(session, wanted, by, after=after, limit=limit + 1)
    return page_response(request, _PAGE, rows, limit, lambda one: {"at": one.raised_at.isoformat(), "id": one.id})


@router.post(
    "/prisons/{code}/statements", summary="Raise a prison's statement", response_model=StatementView, status_code=201
)
def raise_for_prison(
    code: PrisonCode, body: RaiseStatement, session: WriteSession, by: Raiser, caller: CallerNow, once: Idempotency
) -> Response:
    """Raise a statement while the prison is eligible, with a person for each required role.

    Each AMBER section says what is left to do, who leads it and by when, and no challenge of the region is open. The
    statement freezes the 35 ratings with their versions, exemptions, evidence digests, the verdict and what is
    outstanding; `digest` is the SHA-256 of that. One statement a prison can be open at a time.
    """

    def answer() -> Response:
        people = [NamedSignatory(person.role, person.name, person.email) for person in body.signatories]
        view = raise_statement(session, code, body.go_live_date, people, caller=caller)
        return _written(view, status=201, location=f"/v1/statements/{view.id}")

    return once(session, answer)


@router.get("/statements/{statement_id}", summary="Read a statement", response_model=StatementView)
def read(request: Request, statement: OwnStatement) -> Response:
    """One statement, and who has signed it and who has yet to."""
    return resource(request, STATEMENT_JSON.dump_json(statement))


@router.get(
    "/statements/{statement_id}/payload", summary="Read a statement's payload", response_model=dict[str, object]
)
def read_attested(request: Request, statement: OwnStatement, session: ReadSession) -> Response:
    """What the statement attests, as canonical JSON (RFC 8785). Its SHA-256 is the statement's digest."""
    return resource(request, read_payload(session, statement.id).encode())


@router.post("/statements/{statement_id}/signatures", summary="Sign a statement", response_model=StatementView)
def sign_one(
    request: Request,
    statement_id: StatementId,
    body: SignStatement,
    session: WriteSession,
    by: Signer,
    caller: CallerNow,
    once: Idempotency,
) -> Response:
    """Sign in one's own role, with a signatory key for it. The last signature issues the statement."""

    seal = sealer(session, parts(request).key_files, issuer=parts(request).settings.public_url)

    def answer() -> Response:
        return _written(
            sign_statement(session, statement_id, body.role, body.name, body.digest, caller=caller, seal=seal)
        )

    return once(session, answer)


@router.post(
    "/statements/{statement_id}/signatories/{role}",
    summary="Replace a statement's signatory",
    response_model=StatementView,
)
def replace_one(
    statement_id: StatementId,
    role: Annotated[RoleKey, Path(description="The key of a role that the statement names.")],
    body: ReplaceSignatory,
    session: WriteSession,
    by: Raiser,
    caller: CallerNow,
    once: Idempotency,
) -> Response:
    """Name another person for a role, with a reason, before it has signed. What is to be signed stays the same."""

    def answer() -> Response:
        person = NamedSignatory(role, body.name, body.email)
        return _written(replace_signatory(session, statement_id, person, body.reason, caller=caller))

    return once(session, answer)


@router.post("/statements/{statement_id}/withdraw", summary="Withdraw a statement", response_model=StatementView)
def withdraw(
    statement_id: StatementId,
    body: WithdrawStatement,
    session: WriteSession,
    by: Withdrawer,
    caller: CallerNow,
    once: Idempotency,
) -> Response:
    """Withdraw a raised or issued statement, with a reason. It can still be read.

    The prison may do so before the statement is issued, its region at any time.
    """
    return once(session, lambda: _written(withdraw_statement(session, statement_id, body.reason, caller=caller)))


@router.get(
    "/statements/{statement_id}/credential",
    summary="Download a statement's credential",
    response_class=Response,
    responses={200: {"content": {"application/jose": {"schema": {"type": "string"}}}}},
)
def credential(request: Request, statement: OwnStatement, session: ReadSession) -> Response:
    """The issued statement as a JWS (Ed25519). Anyone can check it with /.well-known/jwks.json."""
    sealed = read_credential(session, statement.id)
    if sealed is None:
        raise Conflict("statement-not-issued", "A statement has a credential once its last signatory has signed.")
    answer = resource(request, sealed.encode())
    if answer.status_code == 200:
        answer.headers["content-type"] = "application/jose"
    return answer


def _written(view: StatementView, *, status: int = 200, location: str | None = None) -> Response:
    content = STATEMENT_JSON.dump_json(view)
    return written(content, etag_of(content), status=status, location=location)
