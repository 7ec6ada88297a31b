"""`idts return`: a month's return on stdout, for scripts, and its freezing."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from app.cli.common import err, fail, opened_database, operator
from app.documents.returns.columns import return_columns
from app.documents.returns.csv import render_return_csv
from app.documents.returns.xlsx import render_return_xlsx
from app.queries.return_months import ReturnAsked, find_source
from app.queries.returns import ROW_JSON, stream_rows
from app.queries.toolkits import current_version, read_book
from app.rules.regions import REGIONS, region_slug
from app.rules.returns import Month, month_named
from app.services.returns import freeze_return


class MonthFirst(TyperGroup):
    """`idts return 2026-10` is short for `idts return show 2026-10`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "--help"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


returns = typer.Typer(name="return", help="The monthly return: show, freeze.", no_args_is_help=True, cls=MonthFirst)
NamedMonth = Annotated[str, typer.Argument(metavar="MONTH", help="The month, such as 2026-10.")]


class Form(StrEnum):
    """How the return is written; `json` has one row a line."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


@returns.command()
def show(
    month: NamedMonth,
    form: Annotated[Form, typer.Option("--format", help="csv, xlsx, or json with one row a line.")] = Form.CSV,
    region: Annotated[str | None, typer.Option(help="Only the prisons of a region: its slug or its name.")] = None,
    frozen: Annotated[bool, typer.Option("--frozen", help="Only if the month is frozen.")] = False,
    revision: Annotated[int | None, typer.Option(help="A frozen revision. Left out: the latest.")] = None,
) -> None:
    """Write a month's return to stdout, as GET /v1/returns/{month} answers it. `show` may be left out."""
    wanted, slug = _month(month), None if region is None else region_slug(region)
    if region is not None and slug is None:
        raise fail(f"there is no region {region!r}. The regions are {', '.join(REGIONS)}.")
    if form is Form.XLSX and sys.stdout.isatty():
        raise fail("a workbook is not for a terminal: send it to a file, with > file.xlsx")
    with opened_database() as (_, database), database.reading() as session:
        source = find_source(session, wanted, ReturnAsked(slug, frozen, revision), at=datetime.now(UTC))
        rows = stream_rows(session, source)
        columns = return_columns(read_book(session, current_version(session)).toolkit)
        head = {"month": month, "provisional": source.is_provisional, "revision": source.revision_number}
        if form is Form.JSON:
            begin = json.dumps(head, separators=(",", ":")).encode()[:-1] + b","
            pieces: Iterator[bytes] = (begin + ROW_JSON.dump_json(row)[1:] + b"\n" for row in rows)
        else:
            render = render_return_csv if form is Form.CSV else render_return_xlsx
            pieces = render(source, columns, rows)
        for piece in pieces:
            sys.stdout.buffer.write(piece)


@returns.command()
def freeze(
    month: NamedMonth,
    correct: Annotated[
        list[str] | None, typer.Option("--correct", metavar="CODE", help="A prison whose row is taken as it is now.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why. Needed for a correction.")] = None,
) -> None:
    """Fix a month's rows, and print the revision's number. Freezing the same rows again changes nothing."""
    wanted = _month(month)
    with opened_database() as (_, database), database.session_scope() as session:
        frozen = freeze_return(session, wanted, reason, correct or [], caller=operator())
    one = frozen.revision
    told = "is frozen as" if frozen.is_new else "is frozen already, as"
    err.print(f"{month} {told} revision {one.revision}: {one.rows} rows, SHA-256 {one.digest}.", markup=False)
    print(one.revision)


def _month(text: str) -> Month:
    try:
        return month_named(text)
    except ValueError as fault:
        raise fail(f"{fault}.") from None
