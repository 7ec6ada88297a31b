"""The private halves of the signing keys: files that only the service can read, one a key."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode

from app.errors import Unavailable
from app.storage.files import private_directory

# What signs is imported where something is signed: it is heavy, and an idle worker signs nothing.
if TYPE_CHECKING:
    from joserfc.jwk import OKPKey

ALGORITHM = "Ed25519"


class KeyFiles:
    """Private keys under a directory of mode 0700, named by their key ids."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def make(self) -> "OKPKey":
        """A fresh Ed25519 key, kept in a file of mode 0600; its id is its thumbprint."""
        from joserfc.jwk import OKPKey

        key = OKPKey.generate_key("Ed25519", auto_kid=True)
        private_directory(self.directory)
        handle = os.open(self._path(str(key.kid)), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(key.as_dict(private=True), file)
        return key

    def read(self, kid: str) -> "OKPKey":
        """The private key with that id; Unavailable where its file cannot be read."""
        from joserfc.jwk import OKPKey

        try:
            key = OKPKey.import_key(json.loads(self._path(kid).read_text()))
            if _kid_of_private_half(key) != kid:
                raise ValueError("it does not belong to the public key in the database")
        except (OSError, ValueError, TypeError, JoseError) as fault:
            raise Unavailable(
                "signing-key-unavailable",
                f"The signing key {kid} cannot be read, so nothing can be issued or sealed just now. "
                "Nothing was stored. An operator puts its file back, or runs `idts signing-keys rotate`.",
            ) from fault
        return key

    def _path(self, kid: str) -> Path:
        return self.directory / f"{kid}.json"


def _kid_of_private_half(key: "OKPKey") -> str | None:
    """The thumbprint of the public key that belongs to the private half, whatever else the file says."""
    from joserfc.jwk import OKPKey

    private = key.private_key
    if private is None:
        return None
    x = urlsafe_b64encode(private.public_key().public_bytes_raw()).decode()
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x}).thumbprint()


def unseal(text: str, public_keys: Sequence[Mapping[str, Any]]) -> bytes | None:
    """The content of a JWS that one of the keys signed; None for anything else."""
    from joserfc import jws
    from joserfc.jwk import OKPKey

    try:
        kid = json.loads(urlsafe_b64decode(text.split(".")[0].encode()))["kid"]
        found = next(key for key in public_keys if key["kid"] == kid)
        public = OKPKey.import_key({name: found[name] for name in ("kty", "crv", "x", "kid")})
        return jws.deserialize_compact(text, public, algorithms=[ALGORITHM]).payload
    except (JoseError, ValueError, KeyError, TypeError, StopIteration):
        return None


def sign(content: bytes, key: "OKPKey", kind: str) -> str:
    """A compact JWS over the content; `kind` is its `typ`."""
    from joserfc import jws

    return jws.serialize_compact({"alg": ALGORITHM, "typ": kind, "kid": key.kid}, content, key, algorithms=[ALGORITHM])
