"""Reading a Word file (.docx): paragraphs, headings, tables and cells in order, with nothing dropped in silence."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.documents.paper.blocks import Cell, Paper, Paragraph, Place, Row, Table, UnreadablePaper
from app.documents.paper.colours import hex_colour, theme_colours, themed
from app.documents.paper.numbering import Numbering
from app.documents.paper.word_styles import Styles
from app.documents.paper.word_text import Seen, W, inside, is_gone, paragraph_text
from app.documents.paper.xml import Element, Parts

# Tables inside tables; a plan has one or two levels.
MOST_NESTED = 8
# Text in these stands outside the body.
_OUTSIDE = {"header": "header", "footer": "footer", "footnotes": "footnotes", "endnotes": "endnotes"}


def read_word(content: bytes) -> Paper:
    """The paper in a .docx file. UnreadablePaper says why it cannot be read."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as fault:
        raise UnreadablePaper("The file is damaged: it is no Word document that opens.") from fault
    with archive:
        parts = Parts(archive)
        main = _main_part(parts)
        root = parts.read(main)
        body = root.find(f"{W}body") if root is not None else None
        if body is None:
            raise UnreadablePaper("The file has no text: it is no Word document that opens.")
        related = parts.related(main)
        reader = _Reader(
            Styles.of(_part_of(parts, related, "styles")),
            Numbering.of(_part_of(parts, related, "numbering")),
            theme_colours(_part_of(parts, related, "theme")),
        )
        blocks = tuple(reader.blocks(body, Place()))
        elsewhere = tuple(_outside(parts, related, reader))
    return Paper(blocks, elsewhere, tuple(reader.remarks()))


def _main_part(parts: Parts) -> str:
    targets = [target for kind, target in parts.related("").values() if kind == "officeDocument"]
    if len(targets) != 1:
        raise UnreadablePaper("The file does not say where its text is: it is no Word document that opens.")
    return targets[0]


def _part_of(parts: Parts, related: dict[str, tuple[str, str]], kind: str) -> Element | None:
    target = next((target for of, target in related.values() if of == kind), None)
    return None if target is None else parts.read(target)


def _outside(parts: Parts, related: dict[str, tuple[str, str]], reader: "_Reader") -> Iterator[Paragraph]:
    for kind, target in related.values():
        root = parts.read(target) if kind in _OUTSIDE else None
        if root is None:
            continue
        for number, paragraph in enumerate(root.iter(f"{W}p"), start=1):
            text = paragraph_text(paragraph, reader.seen).strip()
            if text:
                yield Paragraph(text, Place(paragraph=number, part=_OUTSIDE[kind]))


@dataclass(slots=True)
class _Reader:
    styles: Styles
    numbering: Numbering
    theme: dict[str, str]
    seen: Seen = field(default_factory=Seen)
    paragraphs: int = 0
    tables: int = 0

    def remarks(self) -> Iterator[str]:
        if self.seen.tracked:
            yield "The file contains tracked changes; they are read as accepted."
        if self.seen.unknown_symbols:
            yield "The file contains symbols that are not known here; each is shown as \N{REPLACEMENT CHARACTER}."

    def blocks(self, node: Element, place: Place, depth: int = 0) -> Iterator[Paragraph | Table]:
        for child in inside(node):
            if child.tag == f"{W}p":
                self.paragraphs += 1
                yield self._paragraph(child, Place(paragraph=self.paragraphs))
                yield from self._boxes(place, depth)
            elif child.tag == f"{W}tbl":
                yield self._table(child, depth)

    def _boxes(self, place: Place, depth: int) -> Iterator[Paragraph | Table]:
        boxes, self.seen.boxes = self.seen.boxes, []
        for box in boxes:
            yield from self.blocks(box, place, depth + 1)

    def _paragraph(self, node: Element, place: Place) -> Paragraph:
        text = paragraph_text(node, self.seen)
        return Paragraph(text.strip(), place, self.styles.level(node), self._number(node))

    def _number(self, node: Element) -> str:
        listed = self.styles.list_of(node)
        return self.numbering.next(*listed) if listed else ""

    def _table(self, node: Element, depth: int) -> Table:
        if depth >= MOST_NESTED:
            raise UnreadablePaper(f"The file has tables inside tables, {MOST_NESTED} deep and deeper.")
        self.tables += 1
        place = Place(table=self.tables)
        rows = (child for child in inside(node) if child.tag == f"{W}tr" and not _row_is_gone(child))
        return Table(tuple(self._row(row, place.table, at, depth) for at, row in enumerate(rows, start=1)), place)

    def _row(self, node: Element, table: int, number: int, depth: int) -> Row:
        before = node.find(f"{W}trPr/{W}gridBefore")
        skipped = _whole(before.get(f"{W}val")) if before is not None else 0
        cells = [Cell((), Place(table=table, row=number), columns=skipped)] if skipped else []
        for child in inside(node):
            if child.tag == f"{W}tc":
                place = Place(table=table, row=number, cell=len(cells) + 1)
                cells.append(self._cell(child, place, depth))
        return Row(tuple(cells), Place(table=table, row=number), node.find(f"{W}trPr/{W}tblHeader") is not None)

    def _cell(self, node: Element, place: Place, depth: int) -> Cell:
        lines: list[str] = []
        tables: list[Table] = []
        number = ""
        for child in inside(node):
            if child.tag == f"{W}p":
                paragraph = self._paragraph(child, place)
                number = number or paragraph.number
                lines.append(paragraph.text)
                for block in self._boxes(place, depth):
                    tables.append(block) if isinstance(block, Table) else lines.append(block.text)
            elif child.tag == f"{W}tbl":
                tables.append(self._table(child, depth + 1))
        span, merge = node.find(f"{W}tcPr/{W}gridSpan"), node.find(f"{W}tcPr/{W}vMerge")
        return Cell(
            tuple(line for line in lines if line),
            place,
            columns=max(_whole(span.get(f"{W}val")), 1) if span is not None else 1,
            fill=self._fill(node),
            is_continued=merge is not None and merge.get(f"{W}val", "continue") == "continue",
            number=number,
            tables=tuple(tables),
        )

    def _fill(self, node: Element) -> str | None:
        """The colour of a cell, or the one that all of its text is marked with."""
        shade = node.find(f"{W}tcPr/{W}shd")
        if shade is not None and (colour := self._shade(shade)):
            return colour
        marks = {mark.get(f"{W}val", "") for mark in node.iter(f"{W}highlight")}
        return _HIGHLIGHTS.get(marks.pop()) if len(marks) == 1 else None

    def _shade(self, shade: Element) -> str | None:
        if shade.get(f"{W}val") == "nil":
            return None
        tint, dark = shade.get(f"{W}themeFillTint"), shade.get(f"{W}themeFillShade")
        name = shade.get(f"{W}themeFill")
        return hex_colour(shade.get(f"{W}fill")) or (
            themed(name, self.theme, lighter=_share(tint), darker=_share(dark)) if name else None
        )


_HIGHLIGHTS = {
    "red": "FF0000",
    "darkRed": "800000",
    "yellow": "FFFF00",
    "darkYellow": "808000",
    "green": "00FF00",
    "darkGreen": "008000",
}


def _row_is_gone(row: Element) -> bool:
    properties = row.find(f"{W}trPr")
    return properties is not None and any(is_gone(change) for change in properties)


def _share(value: str | None) -> float:
    """How far a tint or a shade goes: FF not at all, 00 wholly."""
    return 0.0 if value is None else 1 - int(value, 16) / 255


def _whole(value: str | None) -> int:
    return int(value) if value and value.isdigit() and len(value) < 4 else 0
