"""What a file is, by its content alone, and whether it is of a kind that evidence may be."""

import csv
import io
import re
import struct
import zipfile
import zlib
from codecs import getincrementaldecoder
from functools import partial
from typing import BinaryIO

from app.documents.evidence.compound_file import SIGNATURE as OLE2
from app.documents.evidence.compound_file import BrokenCompoundFile, read_directory
from app.documents.evidence.office_package import read_package
from app.errors import WrongMediaType

_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"

# Every type that is accepted, with the extensions of its files; the first one is given to a file without.
EXTENSIONS = {
    "application/pdf": (".pdf",),
    f"{_OFFICE}.wordprocessingml.document": (".docx",),
    f"{_OFFICE}.spreadsheetml.sheet": (".xlsx",),
    f"{_OFFICE}.presentationml.presentation": (".pptx",),
    "application/msword": (".doc",),
    "application/vnd.ms-excel": (".xls",),
    "application/vnd.ms-powerpoint": (".ppt",),
    f"{_OPEN}.text": (".odt",),
    f"{_OPEN}.spreadsheet": (".ods",),
    f"{_OPEN}.presentation": (".odp",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/gif": (".gif",),
    "image/tiff": (".tif", ".tiff"),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "text/plain": (".txt", ".text", ".log", ".md"),
    "text/csv": (".csv", ".tsv", ".txt"),
    "message/rfc822": (".eml",),
    "application/vnd.ms-outlook": (".msg",),
}
ACCEPTED = (
    "PDF, Word, Excel and PowerPoint (old and new, without macros), OpenDocument text, spreadsheets and "
    "presentations, images (PNG, JPEG, GIF, TIFF, WebP, HEIC), plain text, CSV, and e-mail (.eml, .msg)"
)

_HEAD_BYTES = 64 * 1024
_PIECE_BYTES = 256 * 1024
# By the extension that its signature stands for.
_BY_SIGNATURE = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    **dict.fromkeys((".jfif", ".jpeg", ".jpe", ".jpg"), "image/jpeg"),
    ".gif": "image/gif",
    **dict.fromkeys((".tiff", ".tif"), "image/tiff"),
    ".webp": "image/webp",
    **dict.fromkeys((".heif", ".heic"), "image/heic"),
}
_OLE2_STREAMS = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
    "__properties_version1.0": "application/vnd.ms-outlook",
}
_OLE2_MACROS = {"vba", "_vba_project", "_vba_project_cur", "macros"}
# Of these a document has one at most.
_MAIN_PARTS = {"word/document.xml", "xl/workbook.xml", "ppt/presentation.xml"}
# By the media type of the part that a document begins with.
_BY_MAIN_TYPE = {f"{kind}.main+xml": kind for kind in EXTENSIONS if kind.startswith(_OFFICE)}
# In media types and in types of relationships: macros, their data, macro sheets, controls.
_OFFICE_MACROS = re.compile(r"macroenabled|vbaproject|vbadata|macrosheet|activex|/control$")
_ZIP_MACROS = re.compile(r"vbaproject|macrosheets/|activex/|^basic/|^scripts/", re.IGNORECASE)
# What reading an archive raises where it is damaged, encrypted or made up.
_DAMAGE = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error),
    *(NotImplementedError, RuntimeError, OSError, EOFError, ValueError),
)
_LONGEST_DIRECTORY = 1024 * 1024


def media_type_of(file: BinaryIO) -> str | None:
    """The media type of a whole file, one of `EXTENSIONS`; None where it is of no kind that is accepted.

    Reads the head, the directory of an archive with what it declares, or text piece by piece; inflates at most
    two mebibytes.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if head.startswith(OLE2):
        return _old_office(file)
    if head.startswith(b"PK\x03\x04"):
        return _archive(file)
    return _by_signature(head) or _text(file, head)


def accepted_type_of(file: BinaryIO) -> str:
    """The media type of a whole file; WrongMediaType where evidence may not be of its kind."""
    media_type = media_type_of(file)
    if media_type is None:
        detail = f"The content of this file is not of a type that is accepted as evidence. These types are: {ACCEPTED}."
        raise WrongMediaType("file-type-not-accepted", detail)
    return media_type


def _by_signature(head: bytes) -> str | None:
    import puremagic  # its tables are large, and only uploads need them

    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return None
    return _BY_SIGNATURE.get(found[0].extension) if found else None


def _old_office(file: BinaryIO) -> str | None:
    try:
        directory = read_directory(file)
    except BrokenCompoundFile:
        return None
    if any(name.lower() in _OLE2_MACROS for name in directory.all):
        return None
    kinds = {_OLE2_STREAMS[name] for name in directory.root if name in _OLE2_STREAMS}
    return kinds.pop() if len(kinds) == 1 else None


def _archive(file: BinaryIO) -> str | None:
    """Office and OpenDocument files are archives of a known shape; every other archive is refused."""
    if not _has_short_directory(file):
        return None
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if any(_ZIP_MACROS.search(name) for name in names) or not _is_packed_plainly(archive):
                return None
            if "mimetype" in names:
                return _open_document(archive)
            return None if len(_MAIN_PARTS & names) > 1 else _new_office(archive)
    except _DAMAGE:
        return None


def _has_short_directory(file: BinaryIO) -> bool:
    """Whether the archive's directory is short enough to read, before anything reads it."""
    size = file.seek(0, io.SEEK_END)
    start = max(0, size - 22 - 0xFFFF)
    file.seek(start)
    tail = file.read()
    place = len(tail) - 22 if tail[-22:-18] == b"PK\x05\x06" and tail[-2:] == b"\0\0" else tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < 22:
        return False
    # A 64-bit directory is for archives far beyond the limit of an upload.
    if tail[max(0, place - 20) : place].startswith(b"PK\x06\x07"):
        return False
    return int.from_bytes(tail[place + 12 : place + 16], "little") <= _LONGEST_DIRECTORY


def _is_packed_plainly(archive: zipfile.ZipFile) -> bool:
    """Other ways of packing may ask for far more memory than they give back; documents do without."""
    return {one.compress_type for one in archive.infolist()} <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def _open_document(archive: zipfile.ZipFile) -> str | None:
    with archive.open("mimetype") as part:
        found = part.read(200).decode("ascii", "replace").strip()
    return found if found.startswith(_OPEN) and found in EXTENSIONS and "content.xml" in archive.namelist() else None


def _new_office(archive: zipfile.ZipFile) -> str | None:
    package = read_package(archive)
    if any(_OFFICE_MACROS.search(declared) for declared in package.declared | package.relationships):
        return None
    return _BY_MAIN_TYPE.get(package.main_type)


# Control characters that no text has; they occur in binary formats.
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_OPENS_LIKE_PROGRAM = re.compile(r"\s*(<[!?/a-z]|#!|%!ps|\{\\rtf|@echo\s)", re.IGNORECASE)
_ACTIVE_MARKUP = re.compile(r"<(script|html|svg|iframe|object|embed)[\s>/]", re.IGNORECASE)
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*:[ \t]?.*|[ \t]+.*")
_SENDER = {"from", "sender"}
_USUAL = {"date", "subject", "to", "message-id", "received"}


def _text(file: BinaryIO, head: bytes) -> str | None:
    encoding = next((one for one in ("utf-8", "cp1252") if _decodes(file, one)), None)
    if not head or encoding is None:
        return None
    # The head may end in the middle of a character.
    text = head.decode(encoding, "ignore").removeprefix("\ufeff")
    if _is_mail(text):
        return "message/rfc822"
    if _OPENS_LIKE_PROGRAM.match(text) or _ACTIVE_MARKUP.search(text):
        return None
    return "text/csv" if _is_table(text, is_whole=len(head) < _HEAD_BYTES) else "text/plain"


def _decodes(file: BinaryIO, encoding: str) -> bool:
    """Whether the whole file is text in that encoding, read piece by piece."""
    decoder = getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        for piece in iter(partial(file.read, _PIECE_BYTES), b""):
            if _NOT_TEXT.search(piece):
                return False
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_mail(text: str) -> bool:
    """Whether it opens with the header of an e-mail (RFC 5322): only fields, who sent it among them."""
    header = re.split(r"\r?\n\r?\n", text, maxsplit=1)[0]
    lines = header.splitlines()
    if not lines or lines[0][:1].isspace() or not all(_HEADER.fullmatch(line) for line in lines):
        return False
    names = {line.partition(":")[0].lower() for line in lines if not line[:1].isspace()}
    return bool(names & _SENDER) and bool(names & _USUAL)


def _is_table(text: str, *, is_whole: bool) -> bool:
    """Whether every row has the same number of cells, two or more; the last may be cut off in the head."""
    for mark in (",", ";", "\t"):
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark) if row]
        rows = rows if is_whole else rows[:-1]
        if len(rows) > 1 and len(rows[0]) > 1 and len({len(row) for row in rows}) == 1:
            return True
    return False
