"""What a caller is known by before anybody has looked it up: the key that it sends, and its address."""

import hashlib

from starlette.types import Scope


def presented_key(authorization: str) -> str | None:
    """The key or token of an `Authorization` header, however it is spaced; None if it brings none."""
    scheme, _, key = authorization.strip().partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def digest_of(key: str) -> str:
    """What is stored of a key; 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def address_of(scope: Scope) -> str:
    """The client's address; behind a trusted proxy the server has put the one that the proxy names there."""
    return str((scope.get("client") or ("unknown",))[0])
