"""Where evidence files are kept: a local directory or an S3-compatible bucket, under keys that no caller chose."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit
from uuid import uuid4

import structlog

from app.errors import Unavailable
from app.settings import Settings
from app.storage.files import private_directory

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import LocalStore, S3Store

log = structlog.get_logger("idts.evidence")

# What is sent on at once while a file is stored; S3 takes no smaller parts than the second.
LOCAL_PART_BYTES = 1024 * 1024
S3_PART_BYTES = 5 * 1024 * 1024
READ_BYTES = 256 * 1024
_UNAVAILABLE = "The store of evidence files cannot be reached just now. Nothing was stored; try again shortly."


class EvidenceStore:
    """One store. It is opened when first used, so that the service starts and rates without it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._directory = settings.evidence_dir
        self._opened: LocalStore | S3Store | None = None

    def put(self, file: BinaryIO) -> str:
        """Keep a file's bytes durably and answer with their key; Unavailable where that fails, and nothing is kept."""
        name = uuid4().hex
        key = f"{name[:2]}/{name[2:]}"
        part = LOCAL_PART_BYTES if self._directory else S3_PART_BYTES
        file.seek(0)
        with _failures("put"):
            self._store().put(key, file, chunk_size=part, max_concurrency=1)
        if self._directory:
            try:
                with _failures("fsync"):
                    _reach_the_disk(self._directory / key)
            except Unavailable:
                self.discard(key)
                raise
        return key

    def read(self, key: str) -> AsyncIterator[bytes]:
        """A file's bytes in pieces; Unavailable at once where it cannot be opened."""
        with _failures("get"):
            found = self._store().get(key)
        return _pieces(found)

    def discard(self, key: str) -> None:
        """Remove a file that no row refers to; one that cannot be removed now is left for `idts evidence check`."""
        try:
            with _failures("delete"):
                self._store().delete(key)
        except Unavailable:
            log.warning("evidence file left over", key=key)

    def all_keys(self) -> Iterator[tuple[str, datetime]]:
        """Every file's key, and when it was last written."""
        with _failures("list"):
            for page in self._store().list():
                yield from ((one["path"], one["last_modified"]) for one in page)

    def is_reachable(self) -> bool:
        """Whether files can be stored and read now."""
        try:
            with _failures("health"):
                if self._directory:
                    private_directory(self._directory)
                    return os.access(self._directory, os.R_OK | os.W_OK | os.X_OK) and self._directory.is_dir()
                # No key begins like this: the answer is short however full the bucket is.
                next(iter(self._store().list(prefix="health")), None)
        except Unavailable:
            return False
        return True

    def _store(self) -> "LocalStore | S3Store":
        if self._opened is None:
            if self._directory:
                from obstore.store import LocalStore  # heavy, like the bucket's

                self._opened = LocalStore(private_directory(self._directory))
            else:
                self._opened = _bucket(self._settings)
        return self._opened


def _bucket(settings: Settings) -> "S3Store":
    """The bucket; what the settings leave out comes from the usual AWS_ variables or the machine's role."""
    from obstore.store import S3Store

    parts = urlsplit(settings.evidence_url)
    given: dict[str, Any] = {
        "endpoint": settings.evidence_s3_endpoint,
        "region": settings.evidence_s3_region,
        "access_key_id": settings.evidence_s3_access_key_id,
        "secret_access_key": settings.evidence_s3_secret_access_key
        and settings.evidence_s3_secret_access_key.get_secret_value(),
    }
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        client_options={
            "allow_http": (settings.evidence_s3_endpoint or "").startswith("http://"),
            "connect_timeout": "5s",
            "timeout": "60s",
        },
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=10)},
        **{name: value for name, value in given.items() if value},
    )


@contextmanager
def _failures(step: str) -> Iterator[None]:
    """Whatever the store's library raises means the same to a caller; the log has which it was."""
    try:
        yield
    except (OSError, _library_errors()) as fault:
        log.warning("evidence store", step=step, error=str(fault)[:500])
        raise Unavailable("evidence-store-unavailable", _UNAVAILABLE) from fault


def _library_errors() -> type[Exception]:
    from obstore.exceptions import BaseError

    return BaseError


async def _pieces(found: "GetResult") -> AsyncIterator[bytes]:
    async for piece in found.stream(min_chunk_size=READ_BYTES):
        yield bytes(piece)


def _reach_the_disk(path: Path) -> None:
    """A file that was acknowledged survives a power cut: its bytes, and the name that leads to them."""
    for one in (path, path.parent, path.parent.parent):
        handle = os.open(one, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
