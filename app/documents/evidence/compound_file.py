"""OLE2 compound files (old Office, Outlook messages): which streams they hold, read with little memory."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENTRY_BYTES = 128
_NONE = 0xFFFFFFFF
# Far more than any document has; a directory that goes on longer is made to waste our time.
_MOST_ENTRIES = 20_000
_DIFAT_IN_HEADER = 109


class BrokenCompoundFile(ValueError):
    """Not a compound file that can be walked."""


@dataclass(frozen=True, slots=True)
class Directory:
    """The names in a compound file: of the streams and storages at its root, and of all of them."""

    root: frozenset[str]
    all: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    left: int
    right: int
    child: int


def read_directory(file: BinaryIO) -> Directory:
    """The names of a compound file's streams; BrokenCompoundFile where its structure does not hold."""
    file.seek(0)
    header = file.read(512)
    if len(header) < 512 or not header.startswith(SIGNATURE):
        raise BrokenCompoundFile("no header")
    shift, first = struct.unpack_from("<H", header, 30)[0], struct.unpack_from("<I", header, 48)[0]
    if shift not in (9, 12):
        raise BrokenCompoundFile("no such sector size")
    sectors = _Sectors(file, 1 << shift, header)
    entries = [_entry(raw) for raw in _raw_entries(sectors, first)]
    if not entries:
        raise BrokenCompoundFile("no root")
    return Directory(frozenset(_siblings(entries, entries[0].child)), frozenset(one.name for one in entries))


class _Sectors:
    """Sectors by number, and which one follows which; the table is read as far as it is asked for."""

    def __init__(self, file: BinaryIO, size: int, header: bytes) -> None:
        self.file = file
        self.size = size
        self.tables: list[int] = list(struct.unpack_from(f"<{_DIFAT_IN_HEADER}I", header, 76))
        self.next_difat = struct.unpack_from("<I", header, 68)[0]

    def read(self, number: int) -> bytes:
        self.file.seek((number + 1) * self.size)
        found = self.file.read(self.size)
        if len(found) < self.size:
            raise BrokenCompoundFile("a sector beyond the end")
        return found

    def after(self, number: int) -> int:
        per_table = self.size // 4
        table = self._table(number // per_table)
        (found,) = struct.unpack_from("<I", self.read(table), number % per_table * 4)
        return int(found)

    def _table(self, place: int) -> int:
        # Each further sector lists more tables and, last, the sector that goes on; a loop ends at the bound.
        while place >= len(self.tables):
            if self.next_difat >= _NONE - 5 or len(self.tables) > _MOST_ENTRIES:
                raise BrokenCompoundFile("a sector that no table lists")
            *more, self.next_difat = struct.unpack(f"<{self.size // 4}I", self.read(self.next_difat))
            self.tables += more
        return self.tables[place]


def _raw_entries(sectors: _Sectors, first: int) -> Iterator[bytes]:
    number, count = first, 0
    while number < _NONE - 5:
        content = sectors.read(number)
        for start in range(0, sectors.size, _ENTRY_BYTES):
            yield content[start : start + _ENTRY_BYTES]
        count += sectors.size // _ENTRY_BYTES
        if count > _MOST_ENTRIES:
            raise BrokenCompoundFile("too many entries")
        number = sectors.after(number)


def _entry(raw: bytes) -> _Entry:
    length = struct.unpack_from("<H", raw, 64)[0]
    name = raw[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
    return _Entry(name, *struct.unpack_from("<3I", raw, 68))


def _siblings(entries: list[_Entry], start: int) -> Iterator[str]:
    """The names of the entries in one storage, which the format keeps as a binary tree."""
    waiting, seen = [start], set[int]()
    while waiting:
        number = waiting.pop()
        if number >= len(entries) or number in seen:
            continue
        seen.add(number)
        one = entries[number]
        yield one.name
        waiting += (one.left, one.right)
