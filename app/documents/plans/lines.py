"""What a line of a plan is: the heading of a planning section or an objective, a label, or running text."""

import re
from dataclasses import dataclass
from enum import StrEnum, auto


class Kind(StrEnum):
    SECTION = auto()
    OBJECTIVE = auto()
    PRIORITIES = auto()
    OUTCOMES = auto()
    DELIVERY = auto()
    UPDATES = auto()
    TEXT = auto()


@dataclass(frozen=True, slots=True)
class Line:
    """`reference` is its number or code, `rest` what follows label and number."""

    kind: Kind
    reference: str | None = None
    rest: str = ""


_GAP = r"\s*(?:[:.)\-\u2013\u2014]\s*)*\s*"
_NUMBER = r"(?P<number>\d{1,3}(?:\.\d{1,3})*|[A-Z]{1,4}\d{1,4}[a-z]?|[A-Z]|[IVX]{1,5})"
_TITLE = rf"(?=[\s:.)\-\u2013\u2014]|$){_GAP}(?P<rest>.*)"
_SECTION = re.compile(
    rf"(?:planning (?:section|grid|area|theme)|strategic (?:objective|priority|aim|goal|theme)|section|grid|theme|"
    rf"priority(?: area)?|key (?:priority|area|theme)|work ?stream|domain|chapter) {_NUMBER}{_TITLE}",
    re.IGNORECASE | re.DOTALL,
)
_OBJECTIVE = re.compile(
    rf"(?:sub-?)?(?:objective|aim|goal|target|outcome|action plan) {_NUMBER}{_TITLE}", re.IGNORECASE | re.DOTALL
)
# 1.1 and 1.1.2, but no date and no sum of money.
_DECIMAL = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2}){1,3})[.):]?\s+(?P<rest>[^\W\d].*)", re.DOTALL)
_CODE = re.compile(r"(?P<number>[A-Z]{1,4}\d{1,4}[a-z]?)[.):]?[\s\u2013\u2014-]+(?P<rest>[^\W\d].*)", re.DOTALL)
_WHOLE = re.compile(r"(?P<number>\d{1,2})[.):]\s+(?P<rest>[^\W\d].*)", re.DOTALL)
_PRIORITIES = re.compile(
    r"identification of (?:the )?(?:key |main )?priorit|"
    r"(?:the |key |main |our )*priorit(?:y|ies)\b(?:[^:]{0,160}[:;]|$)",
    re.IGNORECASE,
)
_EXPECTED = r"(?:the )?(?:expected|intended|desired|anticipated|planned)"
_OUTCOMES = re.compile(
    rf"(?:{_EXPECTED} |key )?outcomes?\b[^:\n]{{0,60}}(?::|$)|{_EXPECTED} (?:outcomes?|results?|impact)\b",
    re.IGNORECASE,
)
_DELIVERY = re.compile(
    r"(?:delivery|action|implementation|work) plan\s*:?|(?:key )?(?:actions|milestones)\s*:", re.IGNORECASE
)
_UPDATES_LABEL = re.compile(r"(?:any |other )*(?:comments?|updates?|progress)[^:]{0,40}(?::|$)", re.IGNORECASE)
_YEARS = re.compile(r"(?:19|20)\d\d(?:\s*[/-]\s*\d{2,4})?(?:\s*(?:,|and|&|to)\s*(?:19|20)\d\d(?:\s*[/-]\s*\d{2,4})?)*")
_ACTION = re.compile(
    r"(?:action|milestone|task|step|activity)\s+(?P<number>\d{1,3}(?:\.\d{1,3})*[a-z]?|[A-Z]{1,4}\d{1,4}[a-z]?)"
    r"(?=[\s:.)\u2013\u2014-]|$)",
    re.IGNORECASE,
)
_BARE_REFERENCE = re.compile(
    r"(?:(?:action|milestone|objective|task|step)\s+)?(\d{1,3}(?:\.\d{1,3})*[a-z]?|[A-Z]{1,4}\d{1,4}[a-z]?)[.):]?",
    re.IGNORECASE,
)
# A heading is a line and not a paragraph.
LONGEST_HEADING = 240


def line_of(text: str, number: str = "", level: int | None = None) -> Line:
    """What a paragraph is, or a cell that takes a whole row.

    `number` is what a list puts before it, `level` its level as a heading.
    """
    whole = f"{number} {text}".strip()
    for kind, pattern in ((Kind.SECTION, _SECTION), (Kind.OBJECTIVE, _OBJECTIVE)):
        match = pattern.match(whole)
        if match and (level is not None or len(match["rest"]) <= LONGEST_HEADING):
            return Line(kind, match["number"], match["rest"].strip())
    if _OUTCOMES.match(text):
        return Line(Kind.OUTCOMES, years_in(text))
    if _PRIORITIES.match(text):
        return Line(Kind.PRIORITIES)
    if _DELIVERY.fullmatch(text.strip()):
        return Line(Kind.DELIVERY)
    if _UPDATES_LABEL.match(text):
        return Line(Kind.UPDATES)
    return _numbered(whole, level)


def _numbered(text: str, level: int | None) -> Line:
    """A heading that has a number and no word such as "Objective" before it."""
    if len(text) > LONGEST_HEADING:
        return Line(Kind.TEXT)
    for pattern in (_DECIMAL, _CODE):
        match = pattern.fullmatch(text)
        if match:
            return Line(Kind.OBJECTIVE, match["number"], match["rest"].strip())
    whole = _WHOLE.fullmatch(text)
    if whole and level is not None:
        return Line(Kind.SECTION if level == 1 else Kind.OBJECTIVE, whole["number"], whole["rest"].strip())
    return Line(Kind.TEXT)


def action_reference(text: str) -> str | None:
    """The number or code that an action's text begins with: `Action 3`, `1.1.2`, `AB12`."""
    named = _ACTION.match(text)
    if named:
        return named["number"]
    for pattern in (_DECIMAL, _CODE):
        match = pattern.fullmatch(text)
        if match:
            return match["number"]
    return None


def bare_reference(text: str) -> str | None:
    """The reference that a whole cell holds: `1.1`, `Action 3`, `AB12`; null for anything else."""
    match = _BARE_REFERENCE.fullmatch(text.strip())
    return match[1] if match else None


def years_in(text: str) -> str | None:
    """The years that a label names, as written: `2011-12`, `2012-13 and 2013-14`; null where it names none."""
    match = _YEARS.search(text.split(":")[0])
    return match[0] if match else None
