"""`idts return`: a month's return on stdout, for scripts."""

import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from app.cli.common import fail, opened_database
from app.documents.returns.csv import render_return_csv
from app.documents.returns.xlsx import render_return_xlsx
from app.queries.returns import ROW_JSON, find_source, return_notes, stream_rows
from app.rules.returns import month_named


class Form(StrEnum):
    """How the return is written; `json` has one row a line."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


def return_(
    month: Annotated[str, typer.Argument(help="The month, such as 2026-10.")],
    form: Annotated[Form, typer.Option("--format", help="csv, xlsx, or json with one row a line.")] = Form.CSV,
    revision: Annotated[int | None, typer.Option(help="A frozen revision. Left out: the latest.")] = None,
) -> None:
    """Write a month's return to stdout, as GET /v1/returns/{month} answers it."""
    try:
        wanted = month_named(month)
    except ValueError as fault:
        raise fail(f"{fault}.") from None
    if form is Form.XLSX and sys.stdout.isatty():
        raise fail("a workbook is not for a terminal: send it to a file, with > file.xlsx")
    with opened_database() as (_, database), database.reading() as session:
        source = find_source(session, wanted, at=datetime.now(UTC), revision=revision)
        rows = stream_rows(session, source)
        if form is Form.CSV:
            pieces = render_return_csv(month, source.is_provisional, rows)
        elif form is Form.XLSX:
            pieces = render_return_xlsx(month, source.is_provisional, rows, return_notes(source), wanted.end)
        else:
            pieces = (ROW_JSON.dump_json(row) + b"\n" for row in rows)
        for piece in pieces:
            sys.stdout.buffer.write(piece)
