"""The key that webhook secrets are kept under: a file that only the service can read."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode

from app.errors import Unavailable

# What seals is imported where something is sealed: it is heavy, and many services have no webhooks.
if TYPE_CHECKING:
    from joserfc.jwk import OctKey

SEALED = {"alg": "dir", "enc": "A256GCM"}


class UnreadableSecret(Exception):
    """A secret that none of the keys in the file opens."""


class WebhookKey:
    """A set of keys in one file of mode 0600. The first one seals; the others still open what they sealed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def is_there(self) -> bool:
        return self.path.exists()

    def add(self) -> None:
        """Seal with a fresh key from now on."""
        from joserfc.jwk import OctKey

        self._write([OctKey.generate_key(256, auto_kid=True), *(self._keys() if self.is_there() else [])])

    def keep_newest(self) -> None:
        """Forget the keys that no longer seal: what they sealed cannot be opened after this."""
        self._write(self._keys()[:1])

    def check(self) -> None:
        """Unavailable where the file is missing or cannot be read."""
        self._keys()

    def seal(self, secret: str) -> str:
        from joserfc import jwe

        key = self._keys()[0]
        return jwe.encrypt_compact(SEALED | {"kid": str(key.kid)}, secret.encode(), key)

    def open(self, sealed: str) -> str:
        """The secret; UnreadableSecret where it was sealed with another key, or was changed since."""
        from joserfc import jwe

        keys = {key.kid: key for key in self._keys()}
        try:
            kid = json.loads(urlsafe_b64decode(sealed.partition(".")[0].encode()))["kid"]
            return (jwe.decrypt_compact(sealed, keys[kid]).plaintext or b"").decode()
        except (JoseError, ValueError, KeyError, TypeError) as fault:
            raise UnreadableSecret from fault

    def _keys(self) -> Sequence["OctKey"]:
        from joserfc.jwk import OctKey

        try:
            found: list[dict[str, Any]] = json.loads(self.path.read_text("utf-8"))["keys"]
            keys = [OctKey.import_key(one) for one in found]
            if not keys:
                raise ValueError("no keys")
        except (OSError, ValueError, KeyError, TypeError, JoseError) as fault:
            raise Unavailable(
                "webhook-key-unavailable",
                f"The key of the webhooks' secrets, {self.path.name} in the data directory, cannot be read. No webhook "
                "is made or delivered until an operator puts it back from the backup, or makes a new one with "
                "`idts webhook-key rotate --lost`.",
            ) from fault
        return keys

    def _write(self, keys: Sequence["OctKey"]) -> None:
        """Whole or not at all: whoever reads meanwhile finds the file as it was."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump({"keys": [key.as_dict(private=True) for key in keys]}, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
