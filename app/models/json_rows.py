"""Rows of another table as one JSON value, so that one statement brings them along, on either database."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class _Told(GenericFunction[Any]):
    """An SQL function that each database has in words of its own, around the arguments."""

    type = sa.JSON()
    on_sqlite: str
    on_postgresql: str


class json_rows(_Told):  # noqa: N801 - it reads as an SQL function
    """An aggregate: a JSON list of the columns for each row. Dates and moments become text."""

    inherit_cache = True
    on_sqlite = "json_group_array(json_array({}))"
    on_postgresql = "coalesce(json_agg(json_build_array({})), '[]')"


class json_value(_Told):  # noqa: N801
    """A column of JSON inside another JSON value; SQLite keeps it as text and would quote it."""

    inherit_cache = True
    on_sqlite = "json({})"
    on_postgresql = "{}"


class json_items(_Told):  # noqa: N801
    """The items of a JSON list, each as `value` of a row."""

    inherit_cache = True
    on_sqlite = "json_each({})"
    on_postgresql = "jsonb_array_elements({})"


@compiles(_Told)
def _in_its_words(element: _Told, compiler: SQLCompiler, **more: Any) -> str:
    words = element.on_postgresql if compiler.dialect.name == "postgresql" else element.on_sqlite
    return words.format(compiler.process(element.clauses, **more))


def items_of(column: sa.ColumnElement[Any]) -> sa.TableValuedAlias:
    """What a column's JSON list holds, to be joined to its table."""
    value = sa.column("value", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"))
    return json_items(column).table_valued(value)


def rows_of(columns: Sequence[sa.ColumnElement[Any]], *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The columns of the rows of a table, as a JSON list of a list for each row."""
    parts = [json_value(one) if isinstance(one.type, sa.JSON | postgresql.JSONB) else one for one in columns]
    return sa.select(json_rows(*parts)).where(*where)
