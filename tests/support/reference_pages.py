"""`python -m tests.support.reference_pages` writes docs/reference anew; a test compares it with the code."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from annotated_types import Ge, Gt, Le
from typer.main import get_command

from app.cli.command import cli
from app.documents.returns.columns import Column, return_columns
from app.http.openapi import permissions_of
from app.http.problem_kinds import KINDS
from app.main import create_app
from app.rules.access import GRANTS, Permission, Role
from app.settings import Settings
from tests.support.route_walk import routes
from tests.support.service import service_settings
from tests.support.shipped import shipped_toolkit

DIRECTORY = Path(__file__).resolve().parents[2] / "docs" / "reference"
MADE = "<!-- `make reference` writes this page from the code. -->"
ROLES = (Role.PRISON, Role.REGION, Role.NATIONAL, Role.SIGNATORY, Role.ADMIN)


def pages() -> dict[str, str]:
    """Each page of docs/reference by its file name."""
    return {
        "settings.md": settings_page(),
        "problems.md": problems_page(),
        "permissions.md": permissions_page(),
        "command.md": command_page(),
        "return.md": return_page(),
    }


def page(title: str, introduction: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", MADE, introduction, *parts)) + "\n"


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def settings_page() -> str:
    rows = [
        (f"`IDTS_{name.upper()}`", default_of(field), limits_of(field), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    return page(
        "Settings",
        "The service and the command read their settings from environment variables. "
        "If one is wrong, nothing starts: one line names it and says what it takes.",
        table(("variable", "default", "limits", "what it sets"), rows),
    )


def default_of(field: Any) -> str:
    if field.default in (None, ""):
        return "none"
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    return f"`{field.default:g}`" if isinstance(field.default, float) else f"`{field.default}`"


def limits_of(field: Any) -> str:
    words = []
    for limit in field.metadata:
        match limit:
            case Ge(ge):
                words.append(f"at least {ge}")
            case Gt(gt):
                words.append(f"more than {gt}")
            case Le(le):
                words.append(f"at most {le}")
    return ", ".join(words)


def problems_page() -> str:
    rows = [(f"`{code}`", kind.title, kind.explanation) for code, kind in sorted(KINDS.items())]
    return page(
        "Problems",
        "Every error is an `application/problem+json` (RFC 9457). Its `code` is one of these, its `type` is "
        "`/problems/` and the code, and its `detail` says what happened and what to do. "
        "`GET /problems` on a running service lists them too.",
        table(("code", "title", "what to do"), rows),
    )


def permissions_page() -> str:
    with tempfile.TemporaryDirectory() as directory:
        app = create_app(service_settings(f"sqlite:///{directory}/none.db", data_dir=Path(directory)))
    matrix = [
        (permission.capitalize(), *("yes" if permission in GRANTS[role] else "" for role in ROLES))
        for permission in Permission
    ]
    calls = [
        (f"`{method} {path}`", " or ".join(sorted(set(permissions_of(route)))) or "no key needed")
        for (method, path), route in sorted(routes(app).items(), key=lambda item: (item[0][1], item[0][0]))
        if getattr(route, "include_in_schema", False)
    ]
    return page(
        "Permissions",
        "A key has one role, and a role has a scope: a prison or signatory key reaches one prison, a region key "
        "one region, national and admin keys all prisons.",
        "## What each role may do, within its scope",
        table(("", *(role.value for role in ROLES)), matrix),
        "## What each call needs",
        table(("call", "permission"), calls),
    )


def command_page() -> str:
    return page(
        "The command",
        "`make run` installs it as `.venv/bin/idts`. It reads the same [settings](settings.md) as the service. "
        "Results go to stdout, everything else to stderr; the status is 0 unless something is wrong.",
        *(part for words, command in commands(get_command(cli), "idts") for part in described(words, command)),
    )


def return_page() -> str:
    rows = [
        (f"`{one.name}`", one.title, one.type, limits_of_column(one), one.source, one.description)
        for one in return_columns(shipped_toolkit())
    ]
    return page(
        "The monthly return",
        "The columns of `GET /v1/returns/{month}.csv` and of the workbook, in this order. `GET /v1/returns/schema` has "
        "the same as a Frictionless Table Schema, and the workbook in the notes at its headings. They describe the CSV "
        "and the workbook alone: the JSON of a return is described in `/openapi.json`. A cell is never empty unless "
        "the limits say that it may be. [The guide](../guide/monthly-return.md) shows how to read it.",
        table(("column", "heading in the workbook", "type", "limits", "where it comes from", "what it says"), rows),
    )


def limits_of_column(column: Column) -> str:
    words = [] if column.constraints["required"] else ["may be empty"]
    for name, limit in column.constraints.items():
        if name == "enum":
            words.append("one of " + ", ".join(f"`{word}`" for word in limit))
        elif name == "pattern":
            words.append(f"matches `{limit}`")
        elif name != "required":
            words.append(
                {"minimum": "at least", "maximum": "at most", "maxLength": "length at most"}[name] + f" {limit}"
            )
    return ", ".join(words)


# Typer brings its own click, which has no types that can be named here.
def commands(group: Any, words: str) -> Iterator[tuple[str, Any]]:
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from commands(command, f"{words} {name}")
        else:
            yield f"{words} {name}", command


def described(words: str, command: Any) -> Iterator[str]:
    options = [parameter for parameter in command.params if "--help" not in parameter.opts]
    arguments = [name_of(one) for one in options if one.param_type_name == "argument"]
    yield f"## `{' '.join((words, *arguments))}`"
    yield " ".join((command.help or "").split())
    if options:
        rows = [(f"`{name_of(one)}`", default_of(one).removeprefix("none"), help_of(one)) for one in options]
        yield table(("argument or option", "default", "what it is"), rows)


def name_of(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return parameter.metavar or str(parameter.name).upper()
    return str(parameter.opts[0])


def help_of(parameter: Any) -> str:
    return (
        f"{parameter.help or ''}{' Required.' if parameter.required and parameter.param_type_name == 'option' else ''}"
    )


def main() -> None:
    DIRECTORY.mkdir(exist_ok=True)
    for name, text in pages().items():
        (DIRECTORY / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
