"""The XML parts of a package, read with a bound on their size and without anything that expands or fetches."""

import posixpath
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree  # nosec B405 - a part with a document type is refused before it is parsed
from xml.parsers import expat  # nosec B407

from app.documents.paper.blocks import UnreadablePaper

Element = ElementTree.Element

# Of all XML that is read of one file, inflated; a plan of 300 pages has a tenth of that.
MOST_XML_BYTES = 32 * 1024 * 1024
_PIECE_BYTES = 256 * 1024
_DAMAGED = "The file's XML is damaged. Open it, save it again, and send that."


def _refuse_document_type(*_declaration: object) -> None:
    raise UnreadablePaper("The file's XML declares a document type, which no word processor writes.")


class _WithoutDocumentType(ElementTree.TreeBuilder):
    """Builds a tree and refuses the declaration that entities come in."""

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        _refuse_document_type()


class Parts:
    """The parts of one package by name."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = frozenset(archive.namelist())
        self._left = MOST_XML_BYTES

    def read(self, name: str) -> Element | None:
        """The root of a part; null where the package has none of that name."""
        if name not in self._names:
            return None
        text = b"".join(self._pieces(name))
        parser = ElementTree.XMLParser(target=_WithoutDocumentType())  # noqa: S314  # nosec B314
        try:
            parser.feed(text)
            root: Element = parser.close()
        except ElementTree.ParseError as fault:
            raise UnreadablePaper(_DAMAGED) from fault
        return root

    def check(self, name: str) -> None:
        """Refuse a part that is no XML or declares a document type, without keeping any of it."""
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = _refuse_document_type
        try:
            for piece in self._pieces(name):
                parser.Parse(piece)
            parser.Parse(b"", True)
        except expat.ExpatError as fault:
            raise UnreadablePaper(_DAMAGED) from fault

    def related(self, part: str) -> dict[str, tuple[str, str]]:
        """What a part refers to inside the package: the last word of each relation's type, and its target, by id."""
        folder, name = posixpath.split(part)
        root = self.read(posixpath.join(folder, "_rels", f"{name}.rels"))
        targets = {}
        for relation in root if root is not None else ():
            if relation.get("TargetMode") == "External":
                continue
            target = relation.get("Target", "")
            whole = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
            kind = relation.get("Type", "").rpartition("/")[2]
            targets[relation.get("Id", "")] = (kind, posixpath.normpath(whole))
        return targets

    def _pieces(self, name: str) -> Iterator[bytes]:
        try:
            with self._archive.open(name) as part:
                while piece := part.read(_PIECE_BYTES):
                    self._left -= len(piece)
                    if self._left < 0:
                        raise UnreadablePaper("The file unpacks to more text than a plan or a toolkit has.")
                    yield piece
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as fault:
            raise UnreadablePaper(
                "The file is damaged or has a password. Save it without one and send that."
            ) from fault
