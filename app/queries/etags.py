"""The tags by which a caller knows a copy again: kept with each verdict, sent with every answer."""

from hashlib import blake2b


def etag_of(body: bytes, version: int | None = None) -> str:
    """A strong ETag: the same bytes, the same tag. It begins with the version of what it is a copy of, where that
    has one, such as `"v7-…"`: the same version may be shown otherwise tomorrow."""
    digest = blake2b(body, digest_size=16).hexdigest()
    return f'"{digest}"' if version is None else f'"v{version}-{digest}"'
