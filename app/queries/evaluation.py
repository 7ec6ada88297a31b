"""What-if: the verdict on ratings that nobody has recorded."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.errors import FieldFault, Invalid
from app.queries.prisons import read_any_prison
from app.queries.sections import read_answers
from app.queries.toolkits import current_version, read_book
from app.rules.readiness import Verdict, judge_ratings
from app.rules.types import Rating


@dataclass(frozen=True, slots=True)
class HypotheticalRatings:
    """All 35 ratings by section number, sections to treat as exempt, and the toolkit (None: the current one)."""

    ratings: Mapping[str, Rating]
    exempt: tuple[int, ...] = ()
    toolkit_version: str | None = None


def evaluate_ratings(session: Session, asked: HypotheticalRatings) -> tuple[str, Verdict]:
    """The toolkit version and its verdict on 35 ratings; Invalid where one is missing or unknown."""
    version = asked.toolkit_version or current_version(session)
    book = read_book(session, version)
    numbers = [str(section.number) for section in book.toolkit.sections]
    faults = [FieldFault(f"/ratings/{number}", "missing") for number in numbers if number not in asked.ratings]
    faults += _unknown_numbers("/ratings", asked.ratings, numbers)
    faults += [
        FieldFault(f"/exempt/{place}", f"section {number} cannot be exempted at any prison")
        for place, number in enumerate(asked.exempt)
        if str(number) not in numbers or not book.toolkit.section(number).exemptible_for
    ]
    if faults:
        raise Invalid("invalid-input", "Give one rating for each of the sections 1 to 35, and no others.", faults)
    return version, judge_ratings(book, [asked.ratings[number] for number in numbers], asked.exempt)


def evaluate_changes(session: Session, code: str, changes: Mapping[str, Rating]) -> tuple[str, Verdict]:
    """The version that a prison is on, and the verdict on its present ratings with changes."""
    prison = read_any_prison(session, code)
    answers = read_answers(session, prison.id)
    book = read_book(session, prison.toolkit_version)
    numbers = [str(one.number) for one in answers.assessments]
    if faults := _unknown_numbers("/changes", changes, numbers):
        raise Invalid("invalid-input", "Name sections by their numbers, 1 to 35.", faults)
    ratings = [changes.get(str(one.number), one.rating) for one in answers.assessments]
    exempt = frozenset(one.number for one in answers.assessments if one.exemption)
    return prison.toolkit_version, judge_ratings(book, ratings, exempt)


def _unknown_numbers(pointer: str, given: Mapping[str, Rating], numbers: list[str]) -> list[FieldFault]:
    return [
        FieldFault(f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}", "there is no such section")
        for name in given
        if name not in numbers
    ]
