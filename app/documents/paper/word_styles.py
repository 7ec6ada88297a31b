"""What Word's styles say of a paragraph: whether it is a heading, and which list numbers it."""

import re
from dataclasses import dataclass, field

from app.documents.paper.word_text import W
from app.documents.paper.xml import Element

_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
# A style may build on another, which builds on another.
_LONGEST_CHAIN = 10


@dataclass(slots=True)
class Styles:
    _nodes: dict[str, Element] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Element | None) -> "Styles":
        nodes = root.iter(f"{W}style") if root is not None else ()
        return cls({node.get(f"{W}styleId", ""): node for node in nodes})

    def level(self, paragraph: Element) -> int | None:
        """1 to 9 for a heading, by its style's name or its outline level; null for running text."""
        for properties, name in self._chain(paragraph):
            match = _HEADING.fullmatch(name)
            if match:
                return int(match[1])
            if name.lower() == "title":
                return 1
            outline = properties.find(f"{W}outlineLvl") if properties is not None else None
            if outline is not None:
                level = outline.get(f"{W}val", "")
                return int(level) + 1 if level.isdigit() and int(level) < 9 else None
        return None

    def list_of(self, paragraph: Element) -> tuple[str, int] | None:
        """The list that numbers a paragraph and its depth from 0; null where none does."""
        list_id, depth = None, None
        for properties, _ in self._chain(paragraph):
            place = properties.find(f"{W}numPr") if properties is not None else None
            if place is None:
                continue
            number, level = place.find(f"{W}numId"), place.find(f"{W}ilvl")
            list_id = list_id or (number.get(f"{W}val") if number is not None else None)
            depth = depth if depth is not None else (level.get(f"{W}val") if level is not None else None)
        if list_id in (None, "0"):
            return None
        return list_id or "", int(depth) if depth and depth.isdigit() else 0

    def _chain(self, paragraph: Element) -> list[tuple[Element | None, str]]:
        """The paragraph's own properties, then those of its styles, with each style's name."""
        properties = paragraph.find(f"{W}pPr")
        found: list[tuple[Element | None, str]] = [(properties, "")]
        style = properties.find(f"{W}pStyle") if properties is not None else None
        key = style.get(f"{W}val") if style is not None else None
        while key in self._nodes and len(found) < _LONGEST_CHAIN:
            node = self._nodes[key]
            name, base = node.find(f"{W}name"), node.find(f"{W}basedOn")
            found.append((node.find(f"{W}pPr"), name.get(f"{W}val", "") if name is not None else ""))
            key = base.get(f"{W}val") if base is not None else None
        return found
