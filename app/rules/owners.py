"""Who is to do it: the owners that a "By whom" cell names, by role or by person."""

import re

# What a role's name ends in. A comma or "and" after one parts two owners; any other may lie within one's name
# ("Vicky Finnemore, Operations Manager", "Strategy and Commissioning Team").
_ROLE = re.compile(
    r"(?:leads?|managers?|officers?|directors?|governors?|analysts?|teams?|board|groups?|co-?ordinators?|nurses?|"
    r"doctors?|pharmacists?|workers?|staff|commissioners?|providers?|representatives?)\)?",
    re.IGNORECASE,
)


def owners_in(text: str) -> list[str]:
    """Each owner once, in the order of the cell, with the author's words and without stray full stops."""
    lines = re.sub(r"\s*[\n\r\v\f]+\s*\(", " (", text)
    owners: list[str] = []
    for part in re.split(r"[\n\r\v\f;]|\s*/\s*", lines):
        owners.extend(owner for owner in _parted(part) if owner not in owners)
    return owners


def _parted(text: str) -> list[str]:
    """The owners in a text without slashes: parted at "&", "and", commas and stops where what precedes is whole."""
    for gap in re.finditer(r"\s+(?:&|and)\s+|[,.]?\s+", text):
        left, right = text[: gap.start()], text[gap.end() :].strip(" .,")
        if left and right and _are_two(left, right, gap.group().strip()):
            return _parted(left) + _parted(right)
    owner = re.sub(r"\s+", " ", text).strip(" .,")
    return [owner] if owner else []


def _are_two(left: str, right: str, gap: str) -> bool:
    """Whether both sides of a gap name somebody, each without the other."""
    before, after = left.split(), right.split()
    is_role = _ROLE.fullmatch(before[-1]) is not None
    if gap in ("&", "and"):
        is_acronym = len(before) == 1 and before[0].isupper()
        return is_role or is_acronym or (gap == "&" and len(before) > 1)
    are_roles = is_role and _ROLE.fullmatch(after[-1]) is not None
    return are_roles and (gap == "," or (len(after) > 1 and after[0][0].isupper()))
