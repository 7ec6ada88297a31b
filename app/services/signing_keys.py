"""Rotating the signing key; old public keys stay, so that what they signed still verifies."""

from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import SigningKey
from app.rules.access import Caller
from app.services.audit import record


def has_signing_key(session: Session) -> bool:
    return session.scalar(select(col(SigningKey.kid)).limit(1)) is not None


def adopt_signing_key(session: Session, public_jwk: dict[str, Any], *, caller: Caller) -> None:
    """Sign with this key from now on, and retire the one before it."""
    session.execute(update(SigningKey).where(col(SigningKey.retired_at).is_(None)).values(retired_at=caller.at))
    kid = public_jwk["kid"]
    session.execute(insert(SigningKey).values(kid=kid, public_jwk=public_jwk, made_at=caller.at))
    record(
        session,
        caller=caller,
        at=caller.at,
        action="signing-key.adopted",
        subject=f"/.well-known/jwks.json#{kid}",
        after=public_jwk,
    )
