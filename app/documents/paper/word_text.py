"""The text of one Word paragraph as a reader sees it, tracked changes accepted."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.documents.paper.xml import Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_GONE = frozenset({f"{W}del", f"{W}moveFrom"})
_SKIPPED = frozenset(
    {f"{W}pPr", f"{W}rPr", f"{W}sdtPr", f"{W}sdtEndPr", f"{W}smartTagPr", f"{W}instrText", f"{W}delText"}
)
_CHARACTERS = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "-",
}
# The symbols that plans use, in the fonts that hold them; Word stores them from F000 on or without.
_WINGDINGS = {
    0xFC: "✓",
    0xFE: "☑",
    0xFB: "✗",
    0xFD: "☒",
    0xA8: "☐",
    0x6F: "☐",
    0x78: "☒",
    0xA7: "▪",
    0xD8: "➢",
    0xE0: "→",
}
_WINGDINGS_2 = {0x50: "✓", 0x52: "☑", 0x4F: "✗", 0x51: "☒", 0x54: "☒", 0xA3: "☐", 0x53: "☒"}
_SYMBOL = {0xB7: "•", 0xAE: "→", 0xB3: "≥", 0xA3: "≤", 0xB1: "±", 0x2D: "-"}
_FONTS = {"wingdings": _WINGDINGS, "wingdings 2": _WINGDINGS_2, "symbol": _SYMBOL}


@dataclass(slots=True)
class Seen:
    """What was met on the way that its sender should know of, and text boxes, which stand on their own."""

    tracked: bool = False
    unknown_symbols: bool = False
    boxes: list[Element] = field(default_factory=list)


def paragraph_text(paragraph: Element, seen: Seen) -> str:
    """The text, with tabs and line breaks; text boxes are left to the caller, in `seen`."""
    return "".join(_pieces(paragraph, seen))


def is_gone(node: Element) -> bool:
    """Whether a tracked change has taken it out."""
    return node.tag in _GONE


def inside(node: Element) -> Iterator[Element]:
    """A node's children, those inside content controls, smart tags and insertions among them as if they stood here."""
    for child in node:
        if child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}moveTo", f"{W}customXml", f"{W}smartTag"):
            yield from inside(child)
        elif child.tag == f"{_MC}AlternateContent":
            yield from inside(_chosen(child))
        elif child.tag not in _GONE:
            yield child


def _pieces(node: Element, seen: Seen) -> Iterator[str]:
    for child in node:
        tag = child.tag
        if tag in (f"{W}t", f"{_M}t"):
            yield _in_font(child.text or "", node)
        elif tag in _CHARACTERS:
            yield _CHARACTERS[tag]
        elif tag == f"{W}sym":
            yield _symbol(child, seen)
        elif tag in _GONE:
            seen.tracked = True
        elif tag == f"{W}txbxContent":
            seen.boxes.append(child)
        elif tag == f"{_MC}AlternateContent":
            yield from _pieces(_chosen(child), seen)
        elif tag not in _SKIPPED:
            seen.tracked = seen.tracked or tag in (f"{W}ins", f"{W}moveTo")
            yield from _pieces(child, seen)


def _chosen(alternatives: Element) -> Element:
    """The one of several forms of the same thing that is read; Word writes a text box twice."""
    choice = alternatives.find(f"{_MC}Choice")
    if choice is not None:
        return choice
    fallback = alternatives.find(f"{_MC}Fallback")
    return alternatives if fallback is None else fallback


def _in_font(text: str, run: Element) -> str:
    """The text of a run; typed in a font of symbols, a letter is a tick."""
    fonts = run.find(f"{W}rPr/{W}rFonts")
    if fonts is None:
        return text
    name = fonts.get(f"{W}ascii") or fonts.get(f"{W}hAnsi") or ""
    font = _FONTS.get(name.strip().lower(), {})
    return "".join(font.get(ord(letter) & 0xFF, letter) if _is_symbol(letter) else letter for letter in text)


def _is_symbol(letter: str) -> bool:
    """Whether a letter lies where fonts of symbols keep theirs: past ASCII's own, or from F000 on."""
    return 0x20 < ord(letter) <= 0xFF or 0xF020 < ord(letter) <= 0xF0FF


def _symbol(node: Element, seen: Seen) -> str:
    code = int(node.get(f"{W}char", "0"), 16)
    font = _FONTS.get(node.get(f"{W}font", "").strip().lower(), {})
    known = font.get(code & 0xFF)
    if known is None:
        seen.unknown_symbols = True
        return "\N{REPLACEMENT CHARACTER}"
    return known
