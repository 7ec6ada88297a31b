"""The list of establishments as a CSV file."""

import csv
import io

from app.rules.moments import last_day_of
from app.rules.prison import PrisonDetails
from app.rules.regions import region_slug
from app.rules.types import Function


class EstablishmentsFault(Exception):
    """The file is refused whole; the message names the line at fault."""


COLUMNS = (
    "code",
    "name",
    "designation",
    "function",
    "region",
    "county",
    "postcode",
    "gender",
    "contracted",
    "categories",
    "closed_on",
)


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
    closed_on = row["closed_on"] or None
    if closed_on is not None:
        last_day_of(closed_on)
    return PrisonDetails(
        code=row["code"],
        name=row["name"],
        designation=row["designation"],
        function=Function(row["function"]),
        region=slug,
        county=row["county"] or None,
        postcode=row["postcode"] or None,
        gender=row["gender"] or None,
        contracted={"true": True, "false": False, "": None}[row["contracted"]],
        categories=tuple(part for part in row["categories"].split("|") if part),
        closed_on=closed_on,
    )
