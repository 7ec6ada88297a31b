"""A return's columns: the one definition of the CSV, the workbook with its notes, the schema and the reference page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.queries.return_months import ReturnSourceView
from app.queries.returns import ReturnRowView
from app.rules.programme import QUIET_DAYS
from app.rules.regions import REGIONS
from app.rules.toolkit import Section, Toolkit
from app.rules.types import CountedRating, Function, Rating, Stage

# Moments and days as themselves: each form of the file writes them in its own way.
Cell = str | int | bool | date | None
Value = Callable[[ReturnSourceView, ReturnRowView], Cell]

_NUMBERS = r"[1-9][0-9]?( [1-9][0-9]?)*"
_REQUIRED = {"required": True}


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `name` is for programs, `title` for people; `type` and `constraints` are Frictionless Table Schema's.

    `source` says where its content comes from.
    """

    name: str
    title: str
    type: str
    description: str
    source: str
    value: Value
    constraints: Mapping[str, Any] = field(default_factory=lambda: _REQUIRED)
    width: int = 13


def return_columns(toolkit: Toolkit) -> tuple[Column, ...]:
    """Every column in the order that scripts rely on; the sections have the titles of this toolkit."""
    return (*_FILE, *_PRISON, *_VERDICT, *map(_rating, toolkit.sections), *_SECTIONS, *_STATEMENT, *_UPDATES)


def return_schema(toolkit: Toolkit) -> dict[str, Any]:
    """The data dictionary of the CSV, as a Frictionless Table Schema; each field has its `source` as well."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": [
            {
                "name": column.name,
                "title": column.title,
                "type": column.type,
                "description": column.description,
                "constraints": dict(column.constraints),
                "source": column.source,
            }
            for column in return_columns(toolkit)
        ],
        "primaryKey": ["month", "code"],
        "missingValues": [""],
    }


def _one_of(*words: str) -> dict[str, Any]:
    return {"required": True, "enum": list(words)}


_COUNT = {"required": True, "minimum": 0, "maximum": 35}

_FILE = (
    Column(
        *("month", "Month", "yearmonth", "The month that the row is about."),
        *("The address that was asked", lambda source, _: str(source.month)),
    ),
    Column(
        *("provisional", "Provisional", "boolean", "True until the month is frozen: the row may still change."),
        *("The service's register of frozen months", lambda source, _: source.is_provisional),
    ),
    Column(
        *("revision", "Revision", "integer", "Which frozen revision of the month this is; empty until it is frozen."),
        *("The service's register of frozen months", lambda source, _: source.revision_number),
        {"required": False, "minimum": 1},
    ),
)
_PRISON = (
    Column(
        *("code", "Prison code", "string", "The prison's NOMIS code."),
        *("The register of prisons", lambda _, row: row.code),
        {"required": True, "pattern": "[A-Z0-9]{3,8}"},
    ),
    Column(
        *("name", "Prison", "string"),
        "The prison's name. In the CSV, text that a spreadsheet would run as a formula has an apostrophe before it.",
        *("The register of prisons", lambda _, row: row.name),
        {"required": True, "maxLength": 101},
        width=28,
    ),
    Column(
        *("region", "Region code", "string", "The region's slug, as addresses have it."),
        *("The register of prisons", lambda _, row: row.region.slug, _one_of(*REGIONS)),
        width=24,
    ),
    Column(
        *("region_name", "Region", "string", "The government office region of the prison."),
        *("The register of prisons", lambda _, row: row.region.name, _one_of(*REGIONS.values())),
        width=24,
    ),
    Column(
        *("function", "Function", "string", "What the prison is for, which decides whether sections 7 and 23 apply."),
        *("The region or the administrator", lambda _, row: row.function, _one_of(*Function)),
    ),
    Column(
        *("toolkit_version", "Toolkit version", "string", "The version of the toolkit that the prison is judged by."),
        *("The register of prisons", lambda _, row: row.toolkit_version),
    ),
)
_VERDICT = (
    Column(
        *("stage", "Stage", "string", "How far the prison has come: the furthest stage that held."),
        *("The verdict, from the ratings and the statement", lambda _, row: row.stage, _one_of(*Stage)),
        width=22,
    ),
    Column(
        *("commissioning_ready", "Commissioning ready", "boolean"),
        "Whether every section that commissioning asks for was GREEN.",
        *("The verdict; toolkit, sections 1, 2, 3, 5, 6, 10 and 11", lambda _, row: row.commissioning_ready),
    ),
    Column(
        *("eligible", "Go-live eligible", "boolean", "Whether every section met its go-live minimum or was exempt."),
        *("The verdict; toolkit, minimum standards for go-live", lambda _, row: row.eligible),
    ),
    Column(
        *("red", "RED sections", "integer", "How many sections were RED, exempt ones left out."),
        *("The prison's ratings", lambda _, row: row.counts.red, _COUNT),
    ),
    Column(
        *("amber", "AMBER sections", "integer", "How many sections were AMBER, exempt ones left out."),
        *("The prison's ratings", lambda _, row: row.counts.amber, _COUNT),
    ),
    Column(
        *("green", "GREEN sections", "integer", "How many sections were GREEN, exempt ones left out."),
        *("The prison's ratings", lambda _, row: row.counts.green, _COUNT),
    ),
    Column(
        *(
            "exempt",
            "Exempt sections",
            "integer",
            "How many sections were exempt. With the three before it, this is 35.",
        ),
        *("The region's exemptions", lambda _, row: len(row.exempt), _COUNT),
    ),
)


def _rating(section: Section) -> Column:
    number = section.number
    words = CountedRating if section.exemptible_for else Rating
    exempt = " EXEMPT where the section does not apply to the prison." if section.exemptible_for else ""
    enough = "GREEN" if section.go_live_minimum is Rating.GREEN else f"{section.go_live_minimum} or better"
    return Column(
        *(f"section_{number}", f"{number}. {section.title}", "string"),
        f"The rating of section {number}.{exempt} Go-live asks for {enough}.",
        f"The prison's rating; toolkit, section {number}",
        lambda _, row: row.ratings[number],
        _one_of(*words),
    )


_LIST = {"required": False, "pattern": _NUMBERS}
_SECTIONS = (
    Column(
        *("blocker_count", "Sections in the way", "integer", "How many sections were below their go-live minimum."),
        *("The verdict", lambda _, row: len(row.blockers), _COUNT),
    ),
    Column(
        *("blockers", "Which are in the way", "string"),
        "The numbers of the sections below their go-live minimum, with a space between them.",
        *("The verdict", lambda _, row: " ".join(map(str, row.blockers)), _LIST),
        width=30,
    ),
    Column(
        *("exempt_sections", "Which are exempt", "string"),
        "The numbers of the exempt sections, with a space between them.",
        *("The region's exemptions", lambda _, row: " ".join(map(str, row.exempt)), _LIST),
    ),
)


def _of_statement(name: str) -> Value:
    return lambda _, row: None if row.statement is None else getattr(row.statement, name)


def _step(name: str, attribute: str, title: str, type_: str, description: str, **constraints: Any) -> Column:
    source, width = "The prison's open Statement of Readiness", 20 if type_ == "datetime" else 18
    limits = {"required": False, **constraints}
    return Column(name, title, type_, description, source, _of_statement(attribute), limits, width)


_STATEMENT = (
    _step("statement_serial", "serial", "Statement", "string", "Its serial number, once it is issued."),
    _step(
        *("statement_status", "status", "Statement status", "string"),
        "raised while it waits for signatures, then issued; empty where no statement is open.",
        enum=["raised", "issued"],
    ),
    _step(
        *("statement_standing", "standing", "Statement standing", "string"),
        "in_breach where a rating has fallen below a minimum since it was issued, in_force otherwise.",
        enum=["in_force", "in_breach"],
    ),
    _step("statement_raised_at", "raised_at", "Statement raised (UTC)", "datetime", "When it was raised."),
    _step("statement_issued_at", "issued_at", "Statement issued (UTC)", "datetime", "When the last signature came."),
    _step("go_live_date", "go_live_date", "Planned go-live", "date", "The go-live date that is planned."),
    Column(
        *("live_on", "Live on", "date", "The day on which the prison went live; empty once its service has ended."),
        *("The prison's register", lambda _, row: row.live_on, {"required": False}, 18),
    ),
)
_UPDATES = (
    Column(
        *("last_update", "Last update (UTC)", "datetime", "When the prison last changed a section; empty if never."),
        *("The history of the sections", lambda _, row: row.last_update, {"required": False}),
        width=20,
    ),
    Column(
        *("stale", "Quiet", "boolean", f"True where the prison had changed no section for {QUIET_DAYS} days."),
        *("The history of the sections", lambda _, row: row.stale),
    ),
)
