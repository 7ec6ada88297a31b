"""What of a CSV departs from its Frictionless Table Schema (datapackage.org/standard/table-schema, version 2.0)."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

# The forms that the specification gives under "default", for the types that a return has.
READ: dict[str, Callable[[str], Any]] = {
    "string": str,
    "integer": lambda text: int(matching(r"[+-]?\d+", text)),
    "boolean": lambda text: {"true": True, "True": True, "TRUE": True, "1": True}.get(text) or _false(text),
    "date": lambda text: date.fromisoformat(matching(r"\d{4}-\d{2}-\d{2}", text)),
    "datetime": lambda text: datetime.fromisoformat(
        matching(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?", text)
    ),
    "yearmonth": lambda text: matching(r"\d{4}-(0[1-9]|1[0-2])", text),
}
CONSTRAINTS = {"required", "enum", "minimum", "maximum", "pattern", "maxLength"}


def matching(pattern: str, text: str) -> str:
    if not re.fullmatch(pattern, text):
        raise ValueError(f"{text!r} is not of the form {pattern}")
    return text


def _false(text: str) -> bool:
    if text not in ("false", "False", "FALSE", "0"):
        raise ValueError(f"{text!r} is no boolean")
    return False


def schema_faults(schema: Mapping[str, Any]) -> list[str]:
    """What the specification does not allow in the schema, or its check here does not know."""
    names = [field["name"] for field in schema["fields"]]
    found = [f"{name} is there twice" for name in {name for name in names if names.count(name) > 1}]
    found += [f"no field {name} for the key" for name in schema["primaryKey"] if name not in names]
    for field in schema["fields"]:
        found += [f"{field['name']} has no {part}" for part in ("title", "description", "source") if not field[part]]
        if field["type"] not in READ:
            found.append(f"{field['name']} has the type {field['type']}")
        found += [f"{field['name']} has the constraint {one}" for one in field["constraints"].keys() - CONSTRAINTS]
    return found


def csv_faults(schema: Mapping[str, Any], content: bytes) -> list[str]:
    """Each cell of the CSV that its field does not allow, and keys that occur twice."""
    header, *rows = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    fields = schema["fields"]
    if header != [field["name"] for field in fields]:
        return [f"the header is {header}"]
    keys = [tuple(row[header.index(name)] for name in schema["primaryKey"]) for row in rows]
    found = [f"{key} occurs twice" for key in set(keys) if keys.count(key) > 1]
    for line, row in enumerate(rows, start=2):
        for field, text in zip(fields, row, strict=True):
            found += [f"line {line}, {field['name']}: {fault}" for fault in _cell_faults(field, text, schema)]
    return found


def _cell_faults(field: Mapping[str, Any], text: str, schema: Mapping[str, Any]) -> Iterator[str]:
    limits = field["constraints"]
    if text in schema["missingValues"]:
        if limits.get("required"):
            yield "is empty"
        return
    try:
        value = READ[field["type"]](text)
    except ValueError as fault:
        yield str(fault)
        return
    if "enum" in limits and value not in limits["enum"]:
        yield f"{text!r} is none of {limits['enum']}"
    if value < limits.get("minimum", value) or value > limits.get("maximum", value):
        yield f"{text} is out of range"
    if "pattern" in limits and not re.fullmatch(limits["pattern"], text):
        yield f"{text!r} does not match {limits['pattern']}"
    if len(text) > limits.get("maxLength", len(text)):
        yield "is too long"
