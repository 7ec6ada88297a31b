"""JSON Web Tokens of an identity provider, where one is configured beside the API keys."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError

from app.errors import Unauthenticated
from app.http.text import is_plain_line
from app.rules.access import Principal, Role, key_scope_fault
from app.rules.regions import region_slug
from app.settings import Settings

ALGORITHMS = ["RS256", "PS256", "ES256", "Ed25519"]
LEEWAY_SECONDS = 30


class TokenReader:
    """Checks tokens against the provider's key set, kept as a file, and reads the principal out of them."""

    def __init__(self, settings: Settings, keys: Path) -> None:
        from joserfc import jwt  # heavy, and without a provider nobody needs it
        from joserfc.jwk import KeySet

        self._decode = jwt.decode
        self.keys = KeySet.import_key_set(json.loads(keys.read_text("utf-8")))
        self.claims = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": settings.jwt_issuer},
            aud={"essential": True, "value": settings.jwt_audience},
            sub={"essential": True},
            exp={"essential": True},
        )

    def principal(self, token: str) -> Principal:
        """Who the token speaks for; Unauthenticated where it is not sound, or gives no role with its scope.

        The claims are `idts_role`, and as the role needs `idts_prison`, `idts_region`, `idts_signatory_role`.
        """
        try:
            found = self._decode(token, self.keys, algorithms=ALGORITHMS)
            self.claims.validate(found.claims)
            return _principal(found.claims)
        except (JoseError, ValueError, KeyError, TypeError) as fault:
            raise Unauthenticated("unauthenticated", REFUSED) from fault


REFUSED = (
    "This token cannot be accepted: it has expired, is not for this service, was not signed by the configured "
    "provider, or names no role with its scope. Sign in again, or ask your administrator."
)


def _principal(claims: Mapping[str, Any]) -> Principal:
    role = Role(claims["idts_role"])
    prison, region, signatory = (_text(claims, f"idts_{name}") for name in ("prison", "region", "signatory_role"))
    slug = region_slug(region) if region is not None else None
    if key_scope_fault(role, prison=prison, region=slug, signatory_role=signatory) is not None:
        raise ValueError("the scope does not fit the role")
    subject = _text(claims, "sub") or ""
    name = _text(claims, "name") or subject
    return Principal(f"token:{subject[:70]}", name[:200], role, prison.upper() if prison else None, slug, signatory)


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    """A claim that is stored, logged and shown; Unauthenticated where it is not one line of plain text."""
    value = claims.get(name)
    if value is not None and not (isinstance(value, str) and is_plain_line(value)):
        raise Unauthenticated("unauthenticated", f"The claim {name} of this token is not one line of plain text.")
    return value


def looks_like_a_token(credentials: str) -> bool:
    """A compact JWS has three parts; an API key has no dot."""
    return credentials.count(".") == 2


def token_reader(settings: Settings) -> TokenReader | None:
    """The reader where a provider is configured; None where API keys are all there is."""
    return TokenReader(settings, settings.jwt_keys) if settings.jwt_keys is not None else None
