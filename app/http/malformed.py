"""What is malformed in a request, in plain words: each kind of fault, and what to give instead."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

from app.errors import FieldFault, Invalid

_TEXT = "give a text, in quotes"
_WHOLE_NUMBER = "give a whole number, such as 7"
_YES_OR_NO = "give true or false"
_OBJECT = "give an object: names and values in braces"

WORDS = {
    "bool_parsing": _YES_OR_NO,
    "bool_type": _YES_OR_NO,
    "date_from_datetime_parsing": "give a day of the calendar as YYYY-MM-DD, such as 2026-11-30",
    "dict_type": _OBJECT,
    "enum": "give {expected}",
    "finite_number": _WHOLE_NUMBER,
    "greater_than": "give more than {gt:,}",
    "greater_than_equal": "give {ge:,} or more",
    "int_from_float": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_parsing_size": _WHOLE_NUMBER,
    "int_type": _WHOLE_NUMBER,
    "less_than_equal": "give {le:,} or less",
    "list_type": "give a list, in square brackets",
    "literal_error": "give {expected}",
    "missing": "is missing: give it",
    "model_attributes_type": _OBJECT,
    "model_type": _OBJECT,
    "string_too_long": "give at most {max_length:,} characters",
    "string_too_short": "give at least {min_length:,} characters",
    "string_type": _TEXT,
    "string_unicode": "use UTF-8 and whole characters",
    "too_long": "give at most {max_length:,}",
    "value_error": "{error}",
}
_EMPTY = {"string_too_short": "is empty: write something", "too_short": "is empty: give at least one"}
PATTERNS = {
    "^[0-9a-f]{64}$": "give the 64 hexadecimal digits (0 to 9, a to f) as they are shown",
    "^[A-Z0-9-]+$": "give the serial as the statement shows it, such as SOR-LWI-2026-001",
    "^[A-Za-z0-9_-]{1,60}$": "give a role's key, such as governor: GET /v1/toolkit lists them",
    r"^[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,255}$": "give an e-mail address, such as ann.lee@example.org",
    "^[A-Za-z0-9]{3}$": "give a code of three letters, such as LWI",
    "^[A-Za-z0-9]{3,8}$": "give a prison's code, such as LWI",
    "^[A-Za-z0-9 ]{1,10}$": "give a category of at most 10 letters and digits, such as B",
    "^[A-Za-z0-9 ]{2,10}$": "give a postcode, such as BN7 1EA",
    "^[0-9]{4}(-[0-9]{2}){0,2}$": "give a date such as 2011-10-31, a month such as 2009-04, or a year",
    "^[0-9]{4}-[0-9]{2}$": "give a month as YYYY-MM, such as 2026-10",
    r"^[0-9]{4}-[0-9]{2}(\.csv|\.xlsx)?$": "give a month as YYYY-MM, with .csv or .xlsx if you want a file",
}


def malformed(errors: Iterable[Mapping[str, Any]], body: object = None) -> Invalid:
    """A refusal that names each field at fault; `body` is the type that the body was to have."""
    return incorrect([_fault(one, body) for one in errors][:100])


def incorrect(faults: Sequence[FieldFault]) -> Invalid:
    named = "; ".join(f"{fault.pointer or 'the body'}: {fault.detail}" for fault in faults[:5])
    return Invalid("invalid-input", f"Correct {named}.", faults)


def no_such(kind: str, name: str, known: Iterable[str]) -> str:
    """That nothing goes by that name; the nearest that does, and all of them."""
    names = sorted(known)
    near = "".join(f" (did you mean {one}?)" for one in get_close_matches(name, names, 1))
    return f"there is no such {kind}{near}; known ones: {', '.join(names)}" if names else f"there is no {kind} here"


def in_words(error: Mapping[str, Any]) -> str:
    """What to give instead of what was sent."""
    kind, context = error["type"], error.get("ctx", {})
    words: str = WORDS.get(kind, error["msg"])
    if kind == "string_pattern_mismatch":
        words = PATTERNS.get(context["pattern"], words)
    elif kind in _EMPTY and context["min_length"] == 1:
        words = _EMPTY[kind]
    elif kind in WORDS:
        words = words.format(**context)
    return words.replace("'", "") if kind in ("enum", "literal_error") else words


def _fault(error: Mapping[str, Any], body: object) -> FieldFault:
    """A JSON Pointer for the body; `?name` for a query parameter, the plain name for a path or header."""
    source, *rest = error["loc"]
    if source != "body":
        name = ".".join(map(str, rest))
        return FieldFault(f"?{name}" if source == "query" else name, in_words(error))
    pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in rest)
    if error["type"] == "extra_forbidden":
        return FieldFault(pointer, no_such("field", str(rest[-1]), _fields_at(body, rest)))
    return FieldFault(pointer, in_words(error))


def _fields_at(kind: object, steps: Sequence[str | int]) -> Iterable[str]:
    """The fields of the innermost object on the way to a field."""
    model = next(_models(kind), BaseModel)
    for step in steps:
        if isinstance(step, str) and (field := model.model_fields.get(step)) is not None:
            model = next(_models(field.annotation), model)
    return model.model_fields


def _models(kind: object) -> Iterator[type[BaseModel]]:
    """The models that an annotation names, such as that of `list[AddEvidence] | None`."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from _models(part)
