"""How audit entries are chained: each one's hash covers its content and the hash before it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

# What stands before the first entry of every chain.
GENESIS = "0" * 64

HASHED_FIELDS = (
    "chain",
    "seq",
    "at",
    "actor_id",
    "actor_name",
    "actor_role",
    "action",
    "subject",
    "before_digest",
    "after_digest",
    "request_id",
    "previous_hash",
)


# Made once: `json.dumps` would make one for each document.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(document: Any) -> bytes:
    """One byte string for one document: sorted names, no spaces, UTF-8. For text, whole numbers and lists."""
    return _CANONICAL.encode(document).encode()


def digest_of(document: Any) -> str:
    """The SHA-256 of a document, in hexadecimal."""
    return hashlib.sha256(canonical(document)).hexdigest()


def entry_hash(fields: Mapping[str, Any]) -> str:
    """The hash of an entry with `HASHED_FIELDS`; `at` is text, RFC 3339 to the microsecond."""
    return digest_of([fields[name] for name in HASHED_FIELDS])


def checkpoint_hash(previous: str, at: str, heads: Mapping[str, Any]) -> str:
    """The hash of a checkpoint: the one before it, its moment as text, `{chain: [seq, hash]}` of what grew since."""
    return digest_of([previous, at, heads])
