"""What holds between the entries of a toolkit file; tolerant of entries that are themselves at fault."""

from collections.abc import Iterable, Iterator

from app.documents.toolkit.entries import SECTION_COUNT
from app.documents.toolkit.yaml_lines import Path
from app.rules.types import Rating

Finding = tuple[Path, str]
Placed = tuple[Path, object]


def findings(document: object) -> Iterator[Finding]:
    """Each contradiction between entries, with the path of the later one of them."""
    if isinstance(_at(document, ("sections",)), list):
        yield from _number_findings(document)
        yield from _group_findings(document)
    if isinstance(_at(document, ("signatory_roles",)), list):
        yield from _role_findings(document)
    for name, key in (("programme_own", "field"), ("group_notes", "group"), ("delay_causes", "key")):
        yield from _repeats(_fields(document, (name,), key), "is {} a second time; keep one")
    yield from _meaning_findings(document)
    for path, _ in _entries(document, ("sections",)):
        outcomes = _fields(document, (*path, "required_outcomes"), "key")
        yield from _repeats(outcomes, "is {} a second time in this section; give each outcome its own")
        yield from _repeats(_entries(document, (*path, "exemptible_for")), "is {} a second time; keep one")


def _number_findings(document: object) -> Iterator[Finding]:
    numbers = [
        (path, value)
        for path, value in _fields(document, ("sections",), "number")
        if isinstance(value, int) and not isinstance(value, bool)
    ]
    yield from _repeats(numbers, "appears twice; give each number once")
    missing = sorted(set(range(1, SECTION_COUNT + 1)) - {value for _, value in numbers})
    if missing:
        wanted = ", ".join(str(number) for number in missing)
        yield ("sections",), f"has no {wanted}; give each of 1 to {SECTION_COUNT} once"


def _group_findings(document: object) -> Iterator[Finding]:
    groups = [(path, value) for path, value in _entries(document, ("groups",)) if isinstance(value, str)]
    yield from _repeats(groups, "is {} a second time; keep one")
    names = {value for _, value in groups}
    of_sections = _fields(document, ("sections",), "group")
    for path, value in [*of_sections, *_fields(document, ("group_notes",), "group")]:
        if isinstance(value, str) and value not in names:
            yield path, f"is {_quoted(value)}, which is not among the groups; use one of them or add it there"
    used = {value for _, value in of_sections if isinstance(value, str)}
    for path, value in groups:
        if value not in used:
            yield path, f"is {_quoted(value)}, which has no section; remove it or put a section in it"


def _role_findings(document: object) -> Iterator[Finding]:
    yield from _repeats(_fields(document, ("signatory_roles",), "key"), "is {} a second time; give each role once")
    required = [value for _, value in _fields(document, ("signatory_roles",), "required")]
    if True not in required:
        yield ("signatory_roles",), "has no role that is required; a statement needs at least one"


def _meaning_findings(document: object) -> Iterator[Finding]:
    ratings = _fields(document, ("ratings",), "rating")
    yield from _repeats(ratings, "is {} a second time; keep one")
    if 0 < len(ratings) < len(Rating):
        meant = [value for _, value in ratings]
        missing = " and ".join(rating for rating in Rating if rating not in meant)
        yield ("ratings",), f"does not say what {missing} means; give all three ratings or none"


def _repeats(values: Iterable[Placed], detail: str) -> Iterator[Finding]:
    """A finding for the second and every later time that a text or number is there."""
    seen = set()
    for path, value in values:
        if isinstance(value, str | int):
            if value in seen:
                yield path, detail.format(_quoted(value))
            seen.add(value)


def _at(document: object, path: Path) -> object:
    """What is at the path, or None."""
    for step in path:
        match document, step:
            case dict(), str():
                document = document.get(step)
            case list(), int() if step < len(document):
                document = document[step]
            case _:
                return None
    return document


def _entries(document: object, path: Path) -> list[Placed]:
    """The entries of the list at the path, each with its own path; none where there is no list."""
    entries = _at(document, path)
    return [((*path, index), entry) for index, entry in enumerate(entries)] if isinstance(entries, list) else []


def _fields(document: object, path: Path, key: str) -> list[Placed]:
    """The field of that name in each entry of the list at the path, where the entry has it."""
    return [
        ((*entry_path, key), entry[key])
        for entry_path, entry in _entries(document, path)
        if isinstance(entry, dict) and key in entry
    ]


def _quoted(value: object) -> str:
    return repr(value)[:60]
