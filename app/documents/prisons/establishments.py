"""The list of establishments as a CSV file."""

import csv
import io
from dataclasses import fields
from typing import Any

from app.rules.moments import last_day_of
from app.rules.prison import PrisonDetails
from app.rules.regions import region_slug
from app.rules.types import Function


class EstablishmentsFault(Exception):
    """The file is refused whole; the message names the line at fault."""


# The file does not say when a prison opened.
COLUMNS = tuple(field.name for field in fields(PrisonDetails) if field.name != "opened_on")


def read_establishments(text: str) -> list[PrisonDetails]:
    """Every row of the file; EstablishmentsFault with the line where one is wrong or a code appears twice."""
    reader = csv.DictReader(io.StringIO(text))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise EstablishmentsFault(f"line 1: the columns must be {', '.join(COLUMNS)}")
    found: dict[str, PrisonDetails] = {}
    for row in reader:
        try:
            one = _establishment(row)
        except (ValueError, TypeError) as fault:
            raise EstablishmentsFault(f"line {reader.line_num}: {fault}") from fault
        if one.code in found:
            raise EstablishmentsFault(f"line {reader.line_num}: {one.code} appears twice")
        found[one.code] = one
    return list(found.values())


def _establishment(row: dict[str, str]) -> PrisonDetails:
    slug = region_slug(row["region"])
    if slug is None:
        raise ValueError(f"unknown region {row['region']!r}")
    if len(row["code"]) != 3 or not row["code"].isalnum() or row["code"] != row["code"].upper():
        raise ValueError(f"a code has three capital letters or digits, not {row['code']!r}")
    if not row["name"]:
        raise ValueError("the name is missing")
    if row["closed_on"]:
        last_day_of(row["closed_on"])
    checked: dict[str, Any] = {
        "designation": row["designation"],
        "function": Function(row["function"]),
        "region": slug,
        "contracted": {"true": True, "false": False, "": None}[row["contracted"]],
        "categories": tuple(part for part in row["categories"].split("|") if part),
    }
    return PrisonDetails(**{name: row[name] or None for name in COLUMNS} | checked)
