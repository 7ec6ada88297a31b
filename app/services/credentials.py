"""Reading a credential: whether it is as it was sealed, and where it is not."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode

ALGORITHM = "Ed25519"
TYPE = "idts-statement+jws"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One part of a credential that is not as it was issued."""

    part: str
    detail: str


@dataclass(frozen=True, slots=True)
class ReadCredential:
    """What a credential says of itself, believed or not; `mismatches` is empty for a sound one."""

    kid: str | None
    content: Mapping[str, Any] | None
    mismatches: tuple[Mismatch, ...]


def read_credential(text: str, public_keys: Sequence[Mapping[str, Any]]) -> ReadCredential:
    """Check a credential against a set of public keys (JWKs), naming each part that does not match."""
    parts = text.strip().split(".")
    if len(parts) != 3:
        return ReadCredential(None, None, (Mismatch("credential", "it is not a JWS of three parts"),))
    header, content = _json(parts[0]), _json(parts[1])
    if header is None:
        return ReadCredential(None, content, (Mismatch("header", "the header is not readable JSON"),))
    kid = _shown(header.get("kid"))
    if content is None:
        return ReadCredential(kid, None, (Mismatch("payload", "the payload is not readable JSON"),))
    faults = (*_header_faults(header), *_signature_faults(text, kid, public_keys), *_digest_faults(content))
    return ReadCredential(kid, content, faults)


def _header_faults(header: Mapping[str, Any]) -> list[Mismatch]:
    if header.get("alg") == ALGORITHM and header.get("typ") == TYPE:
        return []
    return [Mismatch("header", f"alg must be {ALGORITHM} and typ {TYPE}")]


def _signature_faults(text: str, kid: str, public_keys: Sequence[Mapping[str, Any]]) -> list[Mismatch]:
    jwk = next((key for key in public_keys if key.get("kid") == kid), None)
    if jwk is None:
        return [Mismatch("key", f"no key {kid} is in the key set")]
    from joserfc import jws
    from joserfc.jwk import OKPKey

    try:
        public = {name: jwk[name] for name in ("kty", "crv", "x", "kid")}
        signature = text.strip().rsplit(".", 1)[1]
        if urlsafe_b64encode(urlsafe_b64decode(signature.encode("ascii"))).decode() != signature:
            raise ValueError("more than one spelling of a signature would pass")
        jws.deserialize_compact(text.strip(), OKPKey.import_key(public), algorithms=[ALGORITHM])
    except (JoseError, ValueError, KeyError, TypeError):
        return [Mismatch("signature", f"the signature is not that of key {kid} over this header and payload")]
    return []


def _digest_faults(content: Mapping[str, Any]) -> list[Mismatch]:
    """The digest that was signed by the seven must be that of the statement beside it."""
    try:
        actual = hashlib.sha256(rfc8785.dumps(content["statement"])).hexdigest()
    except (KeyError, TypeError, ValueError, RecursionError):
        return [Mismatch("payload", "the payload holds no statement")]
    if actual != content.get("digest"):
        return [Mismatch("digest", f"the statement's digest is {actual}, not {_shown(content.get('digest'))}")]
    return []


def _json(part: str) -> dict[str, Any] | None:
    try:
        content = json.loads(urlsafe_b64decode(part.encode("ascii")))
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _shown(value: object) -> str:
    """Something that a stranger sent, fit to be shown in an answer."""
    return value[:80].encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else "no text"


def differing_parts(presented: str, issued: str, mismatches: Sequence[Mismatch]) -> list[Mismatch]:
    """`mismatches` with each part named in which a credential differs from the one that was issued."""
    names = {mismatch.part for mismatch in mismatches}
    further = []
    for part, ours, theirs in zip(
        ("header", "payload", "signature"), issued.split("."), presented.strip().split("."), strict=False
    ):
        if ours != theirs and part not in names:
            further.append(Mismatch(part, _difference(part, ours, theirs)))
    return [*mismatches, *further]


def _difference(part: str, ours: str, theirs: str) -> str:
    if part == "signature":
        return "it is not the signature that was issued"
    before, after = _json(ours) or {}, _json(theirs) or {}
    paths = _paths(before, after, "")
    return "changed since issue: " + (", ".join(map(_shown, paths[:10])) if paths else "its spelling")


def _paths(before: Any, after: Any, path: str) -> list[str]:
    """JSON Pointers of the places in which two documents differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        names = sorted({*before, *after})
        return [path_in for name in names for path_in in _paths(before.get(name), after.get(name), f"{path}/{name}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        places = range(len(before))
        return [path_in for place in places for path_in in _paths(before[place], after[place], f"{path}/{place}")]
    return [] if before == after else [path or "/"]
