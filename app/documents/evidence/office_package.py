"""Office's new formats: what a package says that it is, read from its list of types and its relationships."""

import posixpath
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.parsers import expat  # nosec B407

TYPES_PART = "[Content_Types].xml"
ROOT_RELATIONSHIPS = "_rels/.rels"
# Of the XML that is read, inflated: a long document has a tenth of that.
MOST_XML_BYTES = 2 * 1024 * 1024
# What a part counts for at the least: opening one takes time, however short it is.
_LEAST_PART_BYTES = 512
_PIECE_BYTES = 64 * 1024

Attributes = dict[str, str]


class UnreadablePackage(ValueError):
    """Not a package that can be read, or one that says two things at once."""


@dataclass(frozen=True, slots=True)
class Package:
    """All in lower case: every media type that the list of types names, every type of relationship, and the media
    type of the part that the document begins with."""

    declared: frozenset[str]
    relationships: frozenset[str]
    main_type: str


def read_package(archive: zipfile.ZipFile) -> Package:
    """What the package declares; UnreadablePackage where its XML is not plain and whole."""
    names = archive.namelist()
    if len({name.lower() for name in names}) < len(names) or any("\\" in name for name in names):
        raise UnreadablePackage("two parts have one name, or a name can be read in two ways")
    reader = _XmlReader(archive)
    relationships, mains = set[str](), set[str]()

    def relate(tag: str, given: Attributes) -> None:
        if tag == "Relationship":
            relationships.add(given.get("Type", "").strip().lower())

    def find_main(tag: str, given: Attributes) -> None:
        if tag == "Relationship" and given.get("Type", "").strip().lower().endswith("/officedocument"):
            mains.add(posixpath.normpath(given.get("Target", "").lstrip("/")).lower())

    reader.read(ROOT_RELATIONSHIPS, find_main)
    if len(mains) != 1:
        raise UnreadablePackage("not one part that the document begins with")
    for name in names:
        if name.lower().endswith(".rels"):
            reader.read(name, relate)
    declared, main_type = _types(reader, mains.pop())
    return Package(declared, frozenset(relationships), main_type)


def _types(reader: "_XmlReader", main: str) -> tuple[frozenset[str], str]:
    """Every media type that is declared, and that of the part with this name."""
    declared, of_extension, of_part = set[str](), set[str](), set[str]()

    def declare(tag: str, given: Attributes) -> None:
        media_type = given.get("ContentType", "").strip().lower()
        declared.add(media_type)
        if tag == "Default" and given.get("Extension", "").lower() == main.rpartition(".")[2]:
            of_extension.add(media_type)
        elif tag == "Override" and given.get("PartName", "").lstrip("/").lower() == main:
            of_part.add(media_type)

    reader.read(TYPES_PART, declare)
    main_types = of_part or of_extension
    if len(main_types) != 1:
        raise UnreadablePackage("not one media type for the part that the document begins with")
    return frozenset(declared), main_types.pop()


class _XmlReader:
    """Reads XML parts piece by piece, with a bound on all of them together."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.names = frozenset(archive.namelist())
        self.left = MOST_XML_BYTES

    def read(self, name: str, take: Callable[[str, Attributes], None]) -> None:
        """Call `take` with the name, less its namespace, and the attributes of every element of a part."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = lambda tag, given: take(tag.rpartition(" ")[2], given)
        parser.StartDoctypeDeclHandler = _refuse_document_type
        try:
            for piece in self._pieces(name):
                parser.Parse(piece)
            parser.Parse(b"", True)
        except expat.ExpatError as fault:
            raise UnreadablePackage(f"{name} is not XML") from fault

    def _pieces(self, name: str) -> Iterator[bytes]:
        if name not in self.names:
            raise UnreadablePackage(f"there is no {name}")
        self.left -= _LEAST_PART_BYTES
        with self.archive.open(name) as part:
            while piece := part.read(_PIECE_BYTES):
                self.left -= len(piece)
                if self.left < 0:
                    raise UnreadablePackage("more XML than a document has")
                yield piece


def _refuse_document_type(*_declaration: object) -> None:
    raise UnreadablePackage("with a document type, any word can be spelt so that nobody finds it")
