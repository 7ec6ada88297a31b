"""From a request to the principal behind it, and from a route to the permission that it needs."""

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPBearer
from starlette.requests import Request

from app.errors import Forbidden, Unauthenticated
from app.http.credentials import address_of, digest_of, presented_key
from app.http.parts import parts
from app.http.tokens import looks_like_a_token
from app.queries.keys import KEY_BY_DIGEST, PRINCIPAL_COLUMNS, principal_of
from app.rules.access import Permission, Principal, refusal
from app.storage.points import Point, Row

bearer = HTTPBearer(
    auto_error=False,
    description="An API key made with `idts keys create`. It has one role, and reaches the prisons of its scope: its "
    "own with the role `prison` or `signatory`, those of its region with `region`, all with `national` or `admin`.",
)

NO_KEY = "Send your API key as `Authorization: Bearer <key>`. An administrator makes keys with `idts keys create`."
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
BAD_KEY = "This key is not known, or it has been revoked. Ask your administrator for a new one."


def credentials_of(request: Request) -> str:
    """The key or token that the request brings; Unauthenticated if it brings none."""
    key = presented_key(request.headers.get("authorization", ""))
    if key is None:
        raise Unauthenticated("unauthenticated", NO_KEY)
    return key


async def ask(
    request: Request, permission: Permission | None, question: Point = KEY_BY_DIGEST, **given: object
) -> tuple[Principal, Row]:
    """Who is calling, if they may do this at all, and the answer to a `question` made by `with_caller`.

    The one way in. Whoever may write is looked up on the primary, since a replica may not know yet that a key was
    revoked.
    """
    database, attempts = parts(request).database, parts(request).failed_attempts
    points = database.points if request.method in SAFE_METHODS else database.primary_points
    key, address = credentials_of(request), address_of(request.scope)
    digest = digest_of(key)
    attempts.refuse_guessing(address, digest)
    try:
        by = token_principal(request, key)
        row: Row = ()
        if by is None or question is not KEY_BY_DIGEST:
            row = await points.first(question, digest=digest, **given) or ()
        by = by or _known(row)
    except Unauthenticated:
        attempts.failed(address, digest)
        raise
    attempts.succeeded(digest)
    request.scope["state"] |= {"caller": by.id, "principal": by}
    return (by if permission is None else permit(by, permission)), row[len(PRINCIPAL_COLUMNS) :]


async def identify(request: Request) -> Principal:
    """Who is calling; looked up once a request."""
    before: Principal | None = request.scope["state"].get("principal")
    return before or (await ask(request, None))[0]


def _known(row: Row) -> Principal:
    if not row or row[0] is None:
        raise Unauthenticated("unauthenticated", BAD_KEY)
    return principal_of(row)


def token_principal(request: Request, key: str) -> Principal | None:
    """The principal of an identity provider's token; None where none is configured or an API key was sent."""
    reader = parts(request).tokens
    return None if reader is None or not looks_like_a_token(key) else reader.principal(key)


def permit(by: Principal, permission: Permission) -> Principal:
    """The principal again; Forbidden where its role may not do this at all."""
    if (reason := refusal(by, permission)) is not None:
        raise Forbidden(reason.code, reason.detail)
    return by


class requires(HTTPBearer):  # noqa: N801 - it reads as a word in a signature
    """A dependency that names the permission of its route, where a test can find it.

    It is the scheme of the documentation as well: as a dependency of its own that would be solved at each request.
    """

    def __init__(self, permission: Permission) -> None:
        super().__init__(scheme_name=bearer.scheme_name, description=bearer.model.description)
        self.permission = permission

    async def __call__(self, request: Request) -> Principal:  # type: ignore[override]
        return permit(await identify(request), self.permission)


Reader = Annotated[Principal, Depends(requires(Permission.READ_PROGRAMME))]
PrisonReader = Annotated[Principal, Depends(requires(Permission.READ_PRISON))]
Assessor = Annotated[Principal, Depends(requires(Permission.RATE_SECTIONS))]
Reviewer = Annotated[Principal, Depends(requires(Permission.REVIEW_SECTIONS))]
Answerer = Annotated[Principal, Depends(requires(Permission.ANSWER_CHALLENGES))]
Exempter = Annotated[Principal, Depends(requires(Permission.EXEMPT_SECTIONS))]
Corrector = Annotated[Principal, Depends(requires(Permission.CORRECT_PRISON))]
Registrar = Annotated[Principal, Depends(requires(Permission.REGISTER_PRISONS))]
Raiser = Annotated[Principal, Depends(requires(Permission.RAISE_STATEMENT))]
Signer = Annotated[Principal, Depends(requires(Permission.SIGN_STATEMENT))]
Withdrawer = Annotated[Principal, Depends(requires(Permission.WITHDRAW_STATEMENT))]
LiveConfirmer = Annotated[Principal, Depends(requires(Permission.CONFIRM_GO_LIVE))]
AuditReader = Annotated[Principal, Depends(requires(Permission.READ_AUDIT))]
AuditVerifier = Annotated[Principal, Depends(requires(Permission.VERIFY_AUDIT))]
PlanWriter = Annotated[Principal, Depends(requires(Permission.WRITE_PLANS))]
PlanSubmitter = Annotated[Principal, Depends(requires(Permission.SUBMIT_PLANS))]
PlanApprover = Annotated[Principal, Depends(requires(Permission.APPROVE_PLANS))]
PartnershipKeeper = Annotated[Principal, Depends(requires(Permission.MANAGE_PARTNERSHIPS))]
Freezer = Annotated[Principal, Depends(requires(Permission.FREEZE_RETURNS))]
KeyKeeper = Annotated[Principal, Depends(requires(Permission.MANAGE_KEYS))]
WebhookKeeper = Annotated[Principal, Depends(requires(Permission.MANAGE_WEBHOOKS))]
