"""API keys, for administrators."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from app.http.answers import Page, resource, written
from app.http.auth import KeyKeeper
from app.http.idempotency import Idempotency
from app.http.parameters import CallerNow
from app.http.routing import KeyedRoute
from app.http.text import Line, Name, PlainNumber
from app.queries.keys import KeyView, list_keys
from app.rules.access import Role
from app.services.keys import KeyScope, create_key, revoke_key
from app.storage.db import ReadSession, WriteSession

router = APIRouter(prefix="/v1/keys", tags=["Keys"], route_class=KeyedRoute)

Scope = Name | None


class CreateKey(BaseModel):
    """A key to make: a role, and the scope that the role needs."""

    model_config = ConfigDict(extra="forbid")

    name: Line
    role: Role
    prison: Scope = None
    region: Scope = None
    signatory_role: Scope = None


class NewKey(BaseModel):
    """The key, shown this once, and what the service keeps of it."""

    key: str
    details: KeyView


_NEW = TypeAdapter(NewKey)
_VIEW = TypeAdapter(KeyView)
_PAGE = TypeAdapter(Page[KeyView])


@router.get("", summary="List keys", response_model=Page[KeyView])
def list_every_key(request: Request, session: ReadSession, by: KeyKeeper) -> Response:
    """Every key ever made, including revoked ones. The secrets are not stored, so they are not here."""
    return resource(request, _PAGE.dump_json(Page(items=list_keys(session))))


@router.post("", summary="Make a key", response_model=NewKey, status_code=201)
def create(body: CreateKey, session: WriteSession, by: KeyKeeper, caller: CallerNow, once: Idempotency) -> Response:
    """Make a key. Only this answer ever shows it."""

    def answer() -> Response:
        scope = KeyScope(body.role, body.prison, body.region, body.signatory_role)
        view, secret = create_key(session, body.name, scope, caller=caller)
        return written(_NEW.dump_json(NewKey(key=secret, details=view)), status=201)

    return once(session, answer)


@router.post("/{key_id}/revoke", summary="Revoke a key", response_model=KeyView)
def revoke(
    key_id: Annotated[int, Path(ge=1, le=2**31 - 1), PlainNumber],
    session: WriteSession,
    by: KeyKeeper,
    caller: CallerNow,
    once: Idempotency,
) -> Response:
    """End a key at once. Revoking a revoked key changes nothing."""
    return once(session, lambda: written(_VIEW.dump_json(revoke_key(session, key_id, caller=caller))))
