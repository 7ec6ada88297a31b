"""Multipart uploads, read piece by piece: fields to memory, the file to an unnamed one on disk."""

import codecs
import hashlib
import string
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from anyio import CapacityLimiter, to_thread
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from app.errors import FieldFault, Invalid, TooLarge, Unavailable
from app.http.malformed import incorrect
from app.http.parts import parts

_MEBIBYTE = 1024 * 1024
_BATCH_BYTES = 256 * 1024
_LONGEST_FIELD = 16 * 1024
_MOST_PARTS = 60
# White space, and the mark with which some editors begin a text.
_BLANKS = string.whitespace.encode() + codecs.BOM_UTF8
_receiving = CapacityLimiter(20)


@dataclass
class UploadedFile:
    """A file as it came: on disk without a name, so that nothing of it outlives the request."""

    given_name: str | None
    content: BinaryIO
    size: int = 0
    is_blank: bool = True
    digest: Any = field(default_factory=hashlib.sha256)

    @property
    def sha256(self) -> str:
        found: str = self.digest.hexdigest()
        return found


@dataclass
class Upload:
    """The fields in the order in which they came, and the file if there was one."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    file: UploadedFile | None = None


@asynccontextmanager
async def received(request: Request) -> AsyncIterator[Upload]:
    """A whole multipart body. Its file is gone from the disk at the end, however the request ends.

    Invalid where the body is not multipart or breaks off, TooLarge as soon as the file is over the limit.
    """
    settings = parts(request).settings
    receiver = _Receiver(_boundary(request), settings.data_dir, settings.evidence_limit_bytes)
    try:
        await _feed(request, receiver)
        yield receiver.upload
    finally:
        receiver.close()


async def _feed(request: Request, receiver: "_Receiver") -> None:
    batch = bytearray()
    try:
        async for piece in request.stream():
            batch += piece
            if len(batch) >= _BATCH_BYTES:
                await to_thread.run_sync(receiver.feed, bytes(batch), limiter=_receiving)
                batch.clear()
    except ClientDisconnect:
        raise _malformed("The connection broke off before the end of the body.") from None
    await to_thread.run_sync(receiver.feed, bytes(batch), limiter=_receiving)
    receiver.finish()


def _boundary(request: Request) -> bytes:
    boundary = parse_options_header(request.headers.get("content-type"))[1].get(b"boundary")
    if not boundary:
        raise _malformed("The Content-Type names no boundary.")
    return boundary


def _malformed(detail: str) -> Invalid:
    return Invalid("malformed-multipart", f"{detail} Send multipart/form-data whole, to its closing boundary.")


def limit_in_words(limit: int) -> str:
    return f"{limit // _MEBIBYTE} MiB" if limit % _MEBIBYTE == 0 else f"{limit:,} bytes"


class _Receiver:
    """What the parser tells of, kept; runs on worker threads, one piece after the other."""

    def __init__(self, boundary: bytes, directory: Path, limit: int) -> None:
        self.upload = Upload()
        self.directory = directory
        self.limit = limit
        self.is_whole = False
        self.parts = 0
        self.header: list[bytes] = [b"", b""]
        self.headers: dict[str, str] = {}
        self.field: tuple[str, bytearray] | None = None
        callbacks: Any = {
            "on_part_begin": self.on_part_begin,
            "on_header_field": lambda data, start, end: self.on_header(0, data[start:end]),
            "on_header_value": lambda data, start, end: self.on_header(1, data[start:end]),
            "on_header_end": self.on_header_end,
            "on_headers_finished": self.on_headers_finished,
            "on_part_data": self.on_part_data,
            "on_part_end": self.on_part_end,
            "on_end": self.on_end,
        }
        try:
            self.parser = MultipartParser(boundary, callbacks)
        except FormParserError:
            raise _malformed("The boundary is too long.") from None

    def feed(self, piece: bytes) -> None:
        try:
            self.parser.write(piece)
        except FormParserError:
            raise _malformed("The body is not the multipart that its Content-Type says.") from None
        except OSError as fault:
            raise Unavailable(
                "evidence-store-unavailable", "There is no room for the file. Try again later."
            ) from fault

    def finish(self) -> None:
        if not self.is_whole:
            raise _malformed("The body breaks off.")

    def close(self) -> None:
        if self.upload.file is not None:
            self.upload.file.content.close()

    def on_part_begin(self) -> None:
        self.parts += 1
        if self.parts > _MOST_PARTS:
            raise _malformed(f"The body has more than {_MOST_PARTS} parts.")
        self.headers, self.header = {}, [b"", b""]

    def on_header(self, side: int, piece: bytes) -> None:
        self.header[side] += piece

    def on_header_end(self) -> None:
        name, value = (one.decode("latin-1") for one in self.header)
        self.headers[name.lower()] = value
        self.header = [b"", b""]

    def on_headers_finished(self) -> None:
        kind, options = parse_options_header(self.headers.get("content-disposition"))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if kind != b"form-data" or not name:
            raise _malformed("A part has no name.")
        if name != "file":
            self.field = (name, bytearray())
            return
        if self.upload.file is not None:
            raise _fault("file", "one file at a time: the part appears twice")
        given = options.get(b"filename")
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        content: Any = tempfile.TemporaryFile(dir=self.directory)  # noqa: SIM115 - closed with the request
        self.upload.file = UploadedFile(None if given is None else given.decode("utf-8", "replace"), content)

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self.field is not None:
            name, text = self.field
            text += data[start:end]
            if len(text) > _LONGEST_FIELD:
                raise _fault(name, f"at most {_LONGEST_FIELD:,} bytes")
            return
        file = self.upload.file
        assert file is not None
        file.size += end - start
        if file.size > self.limit:
            detail = f"A file may have at most {limit_in_words(self.limit)}. Send a smaller one, or send it in parts."
            raise TooLarge("body-too-large", detail)
        file.is_blank = file.is_blank and not data[start:end].strip(_BLANKS)
        piece = memoryview(data)[start:end]
        file.digest.update(piece)
        file.content.write(piece)

    def on_part_end(self) -> None:
        if self.field is None:
            return
        name, text = self.field
        self.field = None
        try:
            self.upload.fields.append((name, text.decode("utf-8")))
        except UnicodeDecodeError:
            raise _fault(name, "use UTF-8") from None

    def on_end(self) -> None:
        self.is_whole = True


def _fault(name: str, detail: str) -> Invalid:
    pointer = "/" + name[:100].replace("~", "~0").replace("/", "~1")
    return incorrect([FieldFault(pointer, detail)])
