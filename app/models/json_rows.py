"""Rows of another table as one JSON value, so that one statement brings them along, on either database."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class json_rows(GenericFunction[list[dict[str, Any]]]):  # noqa: N801 - it reads as an SQL function
    """An aggregate: a JSON object for each row, of names and columns in turn. Moments become text."""

    type = sa.JSON()
    inherit_cache = True


@compiles(json_rows)
def _for_sqlite(element: json_rows, compiler: SQLCompiler, **more: Any) -> str:
    return f"json_group_array(json_object({compiler.process(element.clauses, **more)}))"


@compiles(json_rows, "postgresql")
def _for_postgresql(element: json_rows, compiler: SQLCompiler, **more: Any) -> str:
    return f"coalesce(json_agg(json_build_object({compiler.process(element.clauses, **more)})), '[]')"


class json_value(GenericFunction[Any]):  # noqa: N801
    """A column of JSON inside another JSON value; SQLite keeps it as text and would quote it."""

    type = sa.JSON()
    inherit_cache = True


@compiles(json_value)
def _parsed(element: json_value, compiler: SQLCompiler, **more: Any) -> str:
    return f"json({compiler.process(element.clauses, **more)})"


@compiles(json_value, "postgresql")
def _as_it_is(element: json_value, compiler: SQLCompiler, **more: Any) -> str:
    return compiler.process(element.clauses, **more)


def rows_of(table: sa.Table, names: tuple[str, ...], *where: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    """The named columns of the rows of a table, as a JSON list of objects."""
    parts: list[Any] = []
    for name in names:
        column = table.c[name]
        is_json = isinstance(column.type, sa.JSON | postgresql.JSONB)
        parts += [sa.literal_column(f"'{name}'"), json_value(column) if is_json else column]
    return sa.select(json_rows(*parts)).where(*where).scalar_subquery()
