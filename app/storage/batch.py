"""Sending many statements that answer nothing, on PostgreSQL in one round trip."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.exc import DBAPIError

Row = Mapping[str, Any]
# A statement that answers nothing, and the row or rows to fill it in with.
Write = tuple[Executable, Row | Sequence[Row]]


def one_or_many(rows: Sequence[Row]) -> Row | Sequence[Row]:
    """A single row goes as a plain statement: drivers take a longer way for a batch, even of one."""
    return rows[0] if len(rows) == 1 else rows


def send_all(connection: Connection, writes: Sequence[Write]) -> None:
    """Carry out the statements in order. The first that fails is raised, and the transaction with it is lost."""
    if connection.dialect.name != "postgresql":
        _execute(connection, writes)
        return
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline():
            _execute(connection, writes)
    except connection.dialect.loaded_dbapi.Error as fault:
        # What the server answers comes at the end of the pipeline, where SQLAlchemy does not see it.
        raise DBAPIError.instance(
            None,
            None,
            fault,
            connection.dialect.loaded_dbapi.Error,
            connection_invalidated=driver.closed,
            dialect=connection.dialect,
        ) from fault


def _execute(connection: Connection, writes: Sequence[Write]) -> None:
    for statement, rows in writes:
        connection.execute(statement, rows)
