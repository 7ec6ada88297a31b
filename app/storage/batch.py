"""Sending many statements that answer nothing, on PostgreSQL in one round trip."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
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
        if isinstance(rows, Mapping):
            sql, filled = _rendered(statement, tuple(rows), connection.dialect)
            connection.exec_driver_sql(sql, filled(rows))
        else:
            connection.execute(statement, rows)


Rendered = tuple[str, Callable[[Row], Any]]
_RENDERED: dict[tuple[str, Any, tuple[str, ...]], Rendered] = {}


def _rendered(statement: Any, columns: tuple[str, ...], dialect: Dialect) -> Rendered:
    """The statement as the driver takes it, and what makes a row into its parameters; both are made once.

    SQLAlchemy would look both up anew for each row, which takes longer than the database does.
    """
    key = dialect.name, statement, columns
    if key not in _RENDERED:
        _RENDERED[key] = _render(statement, columns, dialect)
    return _RENDERED[key]


def _render(statement: Any, columns: tuple[str, ...], dialect: Dialect) -> Rendered:
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    binds = {name: bind for bind, name in compiled.bind_names.items()}
    names: list[str] = compiled.positiontup or list(binds)
    fixed = {name: value for name, value in compiled.params.items() if name not in columns}
    processors = [binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
    pairs = list(zip(names, processors, strict=True))

    def values(row: Row) -> list[Any]:
        whole = {**fixed, **row}
        return [whole[name] if ready is None else ready(whole[name]) for name, ready in pairs]

    if compiled.positiontup:
        return str(compiled), lambda row: tuple(values(row))
    return str(compiled), lambda row: dict(zip(names, values(row), strict=True))
