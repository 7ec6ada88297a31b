"""Rows of another table as one JSON value, so that one statement brings them along, on either database."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class json_rows(GenericFunction[list[list[Any]]]):  # noqa: N801 - it reads as an SQL function
    """An aggregate: a JSON list of the columns for each row. Dates and moments become text."""

    type = sa.JSON()
    inherit_cache = True


@compiles(json_rows)
def _for_sqlite(element: json_rows, compiler: SQLCompiler, **more: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **more)}))"


@compiles(json_rows, "postgresql")
def _for_postgresql(element: json_rows, compiler: SQLCompiler, **more: Any) -> str:
    return f"coalesce(json_agg(json_build_array({compiler.process(element.clauses, **more)})), '[]')"


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


class json_items(GenericFunction[Any]):  # noqa: N801
    """The items of a JSON list, each as `value` of a row."""

    inherit_cache = True


@compiles(json_items)
def _each(element: json_items, compiler: SQLCompiler, **more: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **more)})"


@compiles(json_items, "postgresql")
def _elements(element: json_items, compiler: SQLCompiler, **more: Any) -> str:
    return f"jsonb_array_elements({compiler.process(element.clauses, **more)})"


def items_of(column: sa.ColumnElement[Any]) -> sa.TableValuedAlias:
    """What a column's JSON list holds, to be joined to its table."""
    value = sa.column("value", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"))
    return json_items(column).table_valued(value)


def rows_of(columns: Sequence[sa.ColumnElement[Any]], *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The columns of the rows of a table, as a JSON list of a list for each row."""
    parts = [json_value(one) if isinstance(one.type, sa.JSON | postgresql.JSONB) else one for one in columns]
    return sa.select(json_rows(*parts)).where(*where)
