"""The shape of a toolkit file, closed: each entry's keys, types and lengths."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from app.documents.toolkit.yaml_lines import Path
from app.rules.types import Function, Rating

SECTION_COUNT = 35
_VERSION = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])([.-][a-z0-9]+)?")


def _one_paragraph(text: str) -> str:
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise PydanticCustomError("paragraph", "has a line break or control character; write one paragraph")
    return text


def _year_and_month(version: str) -> str:
    if not _VERSION.fullmatch(version):
        raise PydanticCustomError(
            "version", "must be a year and a month, such as 2006-09, and may add a suffix, such as .2"
        )
    return version


def _red_meets_nothing(minimum: object) -> object:
    if minimum == "RED":
        raise PydanticCustomError("minimum", "cannot be RED, with which no prison may go live; use AMBER or GREEN")
    return minimum


Title = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_paragraph)]
Summary = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_one_paragraph)]
Paragraph = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_one_paragraph)]
Key = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$")]
Version = Annotated[str, Field(max_length=32), AfterValidator(_year_and_month)]
Number = Annotated[int, Field(ge=1, le=SECTION_COUNT)]
Minimum = Annotated[Literal["AMBER", "GREEN"], BeforeValidator(_red_meets_nothing)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class OutcomeEntry(_Entry):
    key: Key
    text: Paragraph


class RoleEntry(_Entry):
    key: Key
    title: Title
    required: bool


class SectionEntry(_Entry):
    number: Number
    title: Title
    group: Title
    summary: Summary
    required_outcomes: Annotated[list[OutcomeEntry], Field(min_length=1)]
    go_live_minimum: Minimum
    commissioning_required: bool
    staffing_threshold_percent: Annotated[int, Field(ge=1, le=100)] | None = None
    exemptible_for: list[Annotated[Function, Field(strict=False)]]


class OwnEntry(_Entry):
    field: Key
    text: Paragraph


class MeaningEntry(_Entry):
    rating: Annotated[Rating, Field(strict=False)]
    text: Paragraph


class NoteEntry(_Entry):
    group: Title
    text: Paragraph


class ReadingEntry(_Entry):
    section: Number
    source: Paragraph
    reading: Paragraph


class CauseEntry(_Entry):
    key: Key
    title: Title


class ToolkitEntry(_Entry):
    version: Version
    title: Title
    groups: Annotated[list[Title], Field(min_length=1)]
    sections: list[SectionEntry]
    signatory_roles: list[RoleEntry]
    evidence_stale_after_months: Annotated[int, Field(ge=1, le=120)]
    version_basis: Paragraph | None = None
    programme_own: list[OwnEntry] = []
    ratings: list[MeaningEntry] = []
    group_notes: list[NoteEntry] = []
    readings: list[ReadingEntry] = []
    delay_causes: list[CauseEntry] = []


_DETAILS = {
    "extra_forbidden": "is not a key that is known here; remove it",
    "string_type": "must be text, and not {value}; put quotes round a text that looks like something else",
    "string_unicode": "has a character that is not text; remove it",
    "string_too_short": "is empty; write it or remove the entry",
    "string_too_long": "is longer than {max_length:,} characters; shorten it",
    "string_pattern_mismatch": "must be lower-case words joined by _ or -, and not {value}",
    "int_type": "must be a whole number, and not {value}",
    "greater_than_equal": "must be {ge} or more, and not {value}",
    "less_than_equal": "must be {le} or less, and not {value}",
    "bool_type": "must be true or false, and not {value}",
    "enum": "must be {expected}, and not {value}",
    "literal_error": "must be {expected}, and not {value}",
    "list_type": "must be a list, and not {value}",
    "model_type": "must be keys and values, and not {value}",
    "too_short": "is an empty list; give at least one entry",
}


def entry_findings(document: object) -> Iterator[tuple[Path, str]]:
    """Where the document departs from the shape, and how, for each departure."""
    try:
        ToolkitEntry.model_validate(document)
    except ValidationError as refusal:
        for error in refusal.errors(include_url=False):
            yield _finding(error)


def _finding(error: ErrorDetails) -> tuple[Path, str]:
    path: Path = error["loc"]
    if error["type"] == "missing":
        return path, "is missing; add it"
    context: dict[str, Any] = error.get("ctx", {})
    template = _DETAILS.get(error["type"])
    return path, template.format(**context, value=_brief(error["input"])) if template else error["msg"]


def _brief(value: object) -> str:
    """What the file has, as far as a message should repeat it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "keys and values"
        case list():
            return "a list"
        case _:
            words = repr(value)
            return words if len(words) <= 40 else f"{words[:36]}…"
