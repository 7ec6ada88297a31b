"""Sending many statements that answer nothing, past SQLAlchemy: on PostgreSQL in one round trip."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import DBAPIError

Row = Mapping[str, Any]
# A statement that answers nothing, and the row or rows to fill it in with.
Write = tuple[Executable, Row | Sequence[Row]]


def send_all(connection: Connection, writes: Sequence[Write]) -> None:
    """Carry out the statements in order. The first that fails is raised, and the transaction with it is lost.

    The driver is called directly: around it SQLAlchemy takes longer than SQLite does for the whole change.
    """
    dialect, driver = connection.dialect, cast("Any", connection.connection.driver_connection)
    is_server = dialect.name == "postgresql"
    try:
        with driver.pipeline() if is_server else nullcontext():
            cursor = driver.cursor()
            listeners = list(connection.dispatch.before_cursor_execute)
            for statement, given in writes:
                rows = [given] if isinstance(given, Mapping) else given
                sql, filled = _rendered(statement, tuple(rows[0]), dialect)
                for tell in listeners:
                    tell(connection, cursor, sql, rows, None, len(rows) > 1)
                if len(rows) == 1:
                    cursor.execute(sql, filled(rows[0]))
                else:
                    cursor.executemany(sql, [filled(row) for row in rows])
    except dialect.loaded_dbapi.Error as fault:
        is_lost = is_server and driver.closed
        kind = dialect.loaded_dbapi.Error
        raise DBAPIError.instance(None, None, fault, kind, connection_invalidated=is_lost, dialect=dialect) from fault


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
