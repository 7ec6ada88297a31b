"""The numbers that Word puts before paragraphs, which their text does not hold: `1.1`, `(a)`, `iv`."""

import re
from dataclasses import dataclass, field

from app.documents.paper.xml import Element

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_ROMAN = ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


@dataclass(slots=True)
class _Level:
    form: str = "decimal"
    pattern: str = ""
    start: int = 1


@dataclass(slots=True)
class Numbering:
    """Counts the numbered paragraphs of one document as they come."""

    _abstract: dict[str, dict[int, _Level]] = field(default_factory=dict)
    _of_list: dict[str, str] = field(default_factory=dict)
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Element | None) -> "Numbering":
        """From a document's numbering part; without one no paragraph has a number."""
        numbering = cls()
        for node in root if root is not None else ():
            if node.tag == f"{_W}abstractNum":
                key = node.get(f"{_W}abstractNumId", "")
                numbering._abstract[key] = {
                    int(level.get(f"{_W}ilvl", "0")): _level(level) for level in node.iter(f"{_W}lvl")
                }
            elif node.tag == f"{_W}num":
                of = node.find(f"{_W}abstractNumId")
                numbering._of_list[node.get(f"{_W}numId", "")] = "" if of is None else of.get(f"{_W}val", "")
        return numbering

    def next(self, list_id: str, depth: int) -> str:
        """The number of the next paragraph of a list at a depth from 0; empty for bullets and unknown lists."""
        abstract = self._of_list.get(list_id)
        levels = self._abstract.get(abstract or "", {})
        if abstract is None or depth not in levels:
            return ""
        counts = self._counts.setdefault(abstract, {})
        counts[depth] = counts.get(depth, levels[depth].start - 1) + 1
        for deeper in [level for level in counts if level > depth]:
            del counts[deeper]
        if levels[depth].form in ("bullet", "none"):
            return ""
        return re.sub(
            r"%(\d)", lambda place: self._written(levels, counts, int(place[1]) - 1), levels[depth].pattern
        ).strip()

    def _written(self, levels: dict[int, _Level], counts: dict[int, int], depth: int) -> str:
        level = levels.get(depth, _Level())
        return _in_form(counts.get(depth, level.start), level.form)


def _level(node: Element) -> _Level:
    values = {child.tag: child.get(f"{_W}val", "") for child in node}
    start = values.get(f"{_W}start", "1")
    return _Level(
        values.get(f"{_W}numFmt", "decimal"), values.get(f"{_W}lvlText", ""), int(start) if start.isdigit() else 1
    )


def _in_form(number: int, form: str) -> str:
    if form in ("lowerLetter", "upperLetter"):
        letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letters.upper() if form == "upperLetter" else letters
    if form in ("lowerRoman", "upperRoman"):
        roman, left = "", number
        for value, numeral in _ROMAN:
            roman += numeral * (left // value)
            left %= value
        return roman.upper() if form == "upperRoman" else roman
    return str(number)
