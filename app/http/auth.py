"""From a request to the principal behind it, and from a route to the permission that it needs."""

import hashlib
from typing import Annotated, Any

from fastapi import Depends
from fastapi.security import HTTPBearer
from starlette.requests import Request

from app.errors import Forbidden, Unauthenticated
from app.http.parts import parts
from app.http.tokens import looks_like_a_token
from app.queries.keys import KEY_BY_DIGEST, principal_of
from app.rules.access import Permission, Principal, refusal

bearer = HTTPBearer(auto_error=False, description="An API key made with `idts keys create`.")

NO_KEY = "Send your API key as `Authorization: Bearer <key>`. An administrator makes keys with `idts keys create`."
BAD_KEY = "This key is not known, or it has been revoked. Ask your administrator for a new one."


def digest_of(key: str) -> str:
    """What is stored of a key; 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def presented_digest(request: Request) -> str:
    """The digest of the key that the request brings; Unauthenticated if it brings none."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Unauthenticated("unauthenticated", NO_KEY)
    return digest_of(key.strip())


def known(row: tuple[Any, ...] | None) -> Principal:
    if row is None or row[0] is None:
        raise Unauthenticated("unauthenticated", BAD_KEY)
    return principal_of(row)


def token_principal(request: Request) -> Principal | None:
    """The principal of an identity provider's token; None where none is configured or an API key was sent."""
    reader = parts(request).tokens
    credentials = request.headers.get("authorization", "").partition(" ")[2].strip()
    return None if reader is None or not looks_like_a_token(credentials) else reader.principal(credentials)


async def identify(request: Request) -> Principal:
    """Who is calling; looked up once a request."""
    before: Principal | None = request.scope["state"].get("principal")
    if before is not None:
        return before
    database = parts(request).database
    digest = presented_digest(request)
    if (by := token_principal(request)) is None:
        by = known(await database.points.first(KEY_BY_DIGEST, digest=digest))
    request.scope["state"] |= {"caller": by.id, "principal": by}
    return by


def permit(by: Principal, permission: Permission) -> Principal:
    """The principal again; Forbidden where its role may not do this at all."""
    if (reason := refusal(by, permission)) is not None:
        raise Forbidden(reason.code, reason.detail)
    return by


class requires:  # noqa: N801 - it reads as a word in a signature
    """A dependency that names the permission of its route, where a test can find it."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, request: Request, _scheme: Annotated[object, Depends(bearer)] = None) -> Principal:
        return permit(await identify(request), self.permission)


Reader = Annotated[Principal, Depends(requires(Permission.READ_PROGRAMME))]
PrisonReader = Annotated[Principal, Depends(requires(Permission.READ_PRISON))]
Assessor = Annotated[Principal, Depends(requires(Permission.COMMENT))]
EvidenceKeeper = Annotated[Principal, Depends(requires(Permission.RATE_SECTIONS))]
Exempter = Annotated[Principal, Depends(requires(Permission.EXEMPT_SECTIONS))]
Corrector = Annotated[Principal, Depends(requires(Permission.CORRECT_PRISON))]
Registrar = Annotated[Principal, Depends(requires(Permission.REGISTER_PRISONS))]
Raiser = Annotated[Principal, Depends(requires(Permission.RAISE_STATEMENT))]
Signer = Annotated[Principal, Depends(requires(Permission.SIGN_STATEMENT))]
Withdrawer = Annotated[Principal, Depends(requires(Permission.WITHDRAW_STATEMENT))]
LiveConfirmer = Annotated[Principal, Depends(requires(Permission.CONFIRM_GO_LIVE))]
AuditReader = Annotated[Principal, Depends(requires(Permission.READ_AUDIT))]
AuditVerifier = Annotated[Principal, Depends(requires(Permission.VERIFY_AUDIT))]
Freezer = Annotated[Principal, Depends(requires(Permission.FREEZE_RETURNS))]
KeyKeeper = Annotated[Principal, Depends(requires(Permission.MANAGE_KEYS))]
WebhookKeeper = Annotated[Principal, Depends(requires(Permission.MANAGE_WEBHOOKS))]
