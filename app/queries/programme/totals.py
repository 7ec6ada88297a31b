"""The figures of a dashboard that are counted over the ratings: by section, by group, by function, and staff."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.rules.programme import (
    Point,
    blocking_letters,
    by_section,
    rating_totals,
    totals_of,
)
from app.rules.section import number_of
from app.rules.toolkit import Section, Toolkit
from app.rules.types import Function, Number


@dataclass(frozen=True, slots=True)
class SectionTotals:
    """How many prisons have a section at each rating, exempt ones apart. The `red` include the `never_updated`."""

    number: int
    title: str
    red: int
    amber: int
    green: int
    exempt: int
    never_updated: int


@dataclass(frozen=True, slots=True)
class GroupTotals:
    """How the sections of one group stand, all prisons taken together."""

    group: str
    sections: list[int]
    red: int
    amber: int
    green: int
    exempt: int
    never_updated: int


@dataclass(frozen=True, slots=True)
class FunctionTotals:
    """The prisons of one function, and how their sections stand, taken together."""

    function: Function
    prisons: int
    commissioning_ready: int
    eligible: int
    live: int
    red: int
    amber: int
    green: int
    exempt: int
    never_updated: int


@dataclass(frozen=True, slots=True)
class BlockingSection:
    """How many prisons a section keeps from the next step."""

    number: int
    title: str
    prisons: int


@dataclass(frozen=True, slots=True)
class StaffTotals:
    """Staff of a section in post against required, in whole-time equivalents, over the prisons with both figures."""

    section: int
    title: str
    in_post: Number
    required: Number
    prisons: int
    without_figures: int


def section_totals(toolkit: Toolkit, words: Sequence[str]) -> list[SectionTotals]:
    """`words` have for each section the letters of what it counts as."""
    return [
        SectionTotals(section.number, section.title, *rating_totals(letters))
        for section, letters in zip(toolkit.sections, words, strict=True)
    ]


def group_totals(toolkit: Toolkit, words: Sequence[str]) -> list[GroupTotals]:
    """In the toolkit's order, likewise."""
    numbers = {group: [one.number for one in toolkit.sections if one.group == group] for group in toolkit.groups}
    return [
        GroupTotals(group, found, *rating_totals("".join(words[number - 1] for number in found)))
        for group, found in numbers.items()
    ]


def function_totals(points: Sequence[Point], counting: Sequence[str]) -> list[FunctionTotals]:
    """Every function, also one that no prison has; `counting` has what the sections of each prison count as."""
    prisons: dict[str, list[Point]] = {function: [] for function in Function}
    words: dict[str, list[str]] = {function: [] for function in Function}
    for point, letters in zip(points, counting, strict=True):
        prisons[point.function].append(point)
        words[point.function].append(letters)
    return [_of_function(function, prisons[function], "".join(words[function])) for function in Function]


def _of_function(function: Function, points: Sequence[Point], letters: str) -> FunctionTotals:
    totals = totals_of(points)
    return FunctionTotals(
        *(function, totals.prisons, totals.commissioning_ready, totals.eligible, totals.live), *rating_totals(letters)
    )


def blocking_go_live(toolkit: Toolkit, points: Sequence[Point]) -> list[BlockingSection]:
    """The sections below their go-live minimum."""
    words = by_section([blocking_letters(point.blocking) for point in points])
    return _ranked(toolkit, [letters.count("1") for letters in words])


def blocking_commissioning(
    toolkits: Mapping[str, Toolkit], toolkit: Toolkit, points: Sequence[Point]
) -> list[BlockingSection]:
    """The sections that commissioning asks for and that are not GREEN, by the toolkit of each prison."""
    words: dict[str, list[str]] = defaultdict(list)
    for point in points:
        words[point.toolkit_version].append(point.ratings)
    counts = [0] * len(toolkit.sections)
    for version, ratings in words.items():
        for section, letters in zip(toolkits[version].sections, by_section(ratings), strict=True):
            if section.commissioning_required:
                counts[section.number - 1] += len(letters) - letters.count("G")
    return _ranked(toolkit, counts)


def _ranked(toolkit: Toolkit, counts: Sequence[int]) -> list[BlockingSection]:
    """Most prisons first; sections that block as many stay in number order."""
    found = [
        BlockingSection(section.number, section.title, prisons)
        for section, prisons in zip(toolkit.sections, counts, strict=True)
        if prisons
    ]
    return sorted(found, key=lambda one: -one.prisons)


def staff_totals(toolkit: Toolkit, points: Sequence[Point]) -> list[StaffTotals]:
    """Of the sections that count staff."""
    of_14 = [one for one in points if one.staff_in_post_14 is not None and one.staff_required_14 is not None]
    of_16 = [one for one in points if one.staff_in_post_16 is not None and one.staff_required_16 is not None]
    post_14, required_14 = [one.staff_in_post_14 for one in of_14], [one.staff_required_14 for one in of_14]
    post_16, required_16 = [one.staff_in_post_16 for one in of_16], [one.staff_required_16 for one in of_16]
    return [
        _staff(toolkit.section(number), in_post, required, len(points))
        for number, in_post, required in ((14, post_14, required_14), (16, post_16, required_16))
    ]


def _staff(
    section: Section, in_post: Sequence[int | None], required: Sequence[int | None], prisons: int
) -> StaffTotals:
    numbers = [number_of(Decimal(sum(filter(None, column))) / 100) or 0 for column in (in_post, required)]
    return StaffTotals(section.number, section.title, numbers[0], numbers[1], len(in_post), prisons - len(in_post))
