"""API keys: made, shown once, revoked; never deleted."""

import hashlib
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import Conflict, FieldFault, Invalid, NotFound
from app.models import ApiKey, Prison
from app.queries.keys import KeyView
from app.queries.toolkits import current_version, read_book
from app.rules.access import Caller, Role, key_scope_fault
from app.rules.regions import REGIONS, region_ref, region_slug
from app.services.audit import Act, record_all
from app.services.turns import wait_for_turn
from app.services.webhooks import end_webhooks_of

PREFIX = "idts_"


@dataclass(frozen=True, slots=True)
class KeyScope:
    """What a key is for. `region` is a slug or a name, `prison` a code."""

    role: Role
    prison: str | None = None
    region: str | None = None
    signatory_role: str | None = None


def new_secret() -> str:
    """256 random bits, with a prefix by which a leaked key is recognised."""
    return PREFIX + secrets.token_urlsafe(32)


def create_key(
    session: Session, name: str, scope: KeyScope, *, caller: Caller, secret: str | None = None
) -> tuple[KeyView, str]:
    """Make a key and answer with it and its secret, which is kept nowhere.

    Invalid where the scope does not fit the role or names what does not exist, Conflict where a given
    secret is in use.
    """
    scope = _checked(session, scope)
    secret = secret or new_secret()
    digest = hashlib.sha256(secret.encode()).hexdigest()
    wait_for_turn(session, f"key {digest}")
    if session.scalar(select(col(ApiKey.id)).where(col(ApiKey.digest) == digest)) is not None:
        raise Conflict("key-exists", "This key is in use already. Give another one.")
    key = ApiKey(
        digest=digest,
        name=name,
        role=scope.role,
        prison_code=scope.prison,
        region=scope.region,
        signatory_role=scope.signatory_role,
        created_at=caller.at,
        created_by=caller.by.name,
    )
    session.add(key)
    session.flush()
    view = key_view(key)
    record_all(session, [_act("key.created", None, view)], caller=caller, at=caller.at)
    return view, secret


def revoke_key(session: Session, key_id: int, *, caller: Caller) -> KeyView:
    """End a key and its webhooks; ending one that has ended changes nothing. NotFound if there is no such key.

    Locks are taken in one order everywhere: a key, webhooks, the service's audit chain.
    """
    key = session.get(ApiKey, key_id, with_for_update=True)
    if key is None:
        raise NotFound("not-found", f"There is no key {key_id}. `idts keys list` shows the keys there are.")
    before = key_view(key)
    if key.revoked_at is not None:
        return before
    key.revoked_at, key.revoked_by = caller.at, caller.by.name
    session.flush()
    after = key_view(key)
    ended = end_webhooks_of(session, f"key:{key_id}", caller=caller)
    record_all(session, [_act("key.revoked", before, after), *ended], caller=caller, at=caller.at)
    return after


def _act(action: str, before: KeyView | None, after: KeyView) -> Act:
    return Act(action, f"/v1/keys/{after.id}", _document(before) if before else None, _document(after))


def _document(view: KeyView) -> dict[str, str | None]:
    plain = asdict(view) | {"region": view.region and view.region.slug}
    return {name: None if value is None else str(value) for name, value in plain.items()}


def key_view(key: ApiKey) -> KeyView:
    assert key.id is not None
    created: datetime = key.created_at
    return KeyView(
        key.id,
        key.name,
        key.role,
        key.prison_code,
        region_ref(key.region),
        key.signatory_role,
        created,
        key.created_by,
        key.revoked_at,
        key.revoked_by,
    )


def _checked(session: Session, scope: KeyScope) -> KeyScope:
    """The scope with its code and slug as they are stored."""
    fault = key_scope_fault(scope.role, prison=scope.prison, region=scope.region, signatory_role=scope.signatory_role)
    if fault is not None:
        raise Invalid(fault.code, fault.detail, [FieldFault(fault.pointer or "", fault.detail)])
    return KeyScope(
        scope.role,
        _prison_code(session, scope.prison),
        _region(scope.region),
        _signatory_role(session, scope.signatory_role),
    )


def _prison_code(session: Session, code: str | None) -> str | None:
    if code is None:
        return None
    known: str | None = session.scalar(select(col(Prison.code)).where(col(Prison.code) == code.upper()))
    if known is None:
        raise _unknown("prison", code, "a registered prison's code, such as LWI")
    return known


def _region(region: str | None) -> str | None:
    if region is None:
        return None
    slug = region_slug(region)
    if slug is None:
        raise _unknown("region", region, f"one of {', '.join(REGIONS)}")
    return slug


def _signatory_role(session: Session, role: str | None) -> str | None:
    if role is None:
        return None
    roles = [one.key for one in read_book(session, current_version(session)).toolkit.signatory_roles]
    if role not in roles:
        raise _unknown("signatory_role", role, f"one of {', '.join(roles)}")
    return role


def _unknown(name: str, given: str, wanted: str) -> Invalid:
    detail = f"{given!r} is not known: give {wanted}."
    return Invalid("invalid-key-scope", detail, [FieldFault(f"/{name}", detail)])
