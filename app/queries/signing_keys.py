"""The public signing keys: the one that signs now, and all that ever did."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import Unavailable
from app.models import SigningKey


def current_kid(session: Session) -> str:
    """The id of the key that signs now; Unavailable where none has been made."""
    kid = session.scalar(
        select(col(SigningKey.kid)).where(col(SigningKey.retired_at).is_(None)).order_by(col(SigningKey.made_at).desc())
    )
    if kid is None:
        detail = "There is no signing key yet. An operator makes one with `idts signing-keys rotate`."
        raise Unavailable("signing-key-unavailable", detail)
    return kid


def public_keys(session: Session) -> list[dict[str, Any]]:
    """Every public key as a JWK, newest first; retired ones too, so that what they signed still verifies."""
    rows = session.execute(
        select(col(SigningKey.public_jwk)).order_by(col(SigningKey.made_at).desc(), col(SigningKey.kid))
    )
    return [{**row.public_jwk, "use": "sig", "alg": "Ed25519"} for row in rows]
