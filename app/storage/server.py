"""Engines on a PostgreSQL server."""

import select
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError

from app.settings import Settings
from app.storage.turns import WAIT_SECONDS

# A server or a network that says nothing any more is noticed within a minute and a half.
KEEPALIVES = {"keepalives_idle": 45, "keepalives_interval": 15, "keepalives_count": 3, "tcp_user_timeout": 90_000}


def server_engine(url: str, settings: Settings, size: int, *, writes: bool, patient: bool) -> Engine:
    """A pool of `size` connections. Commands are `patient`: what they do may take as long as it takes."""
    statement = 0 if patient else settings.database_statement_seconds
    idle = 0 if patient else settings.database_idle_seconds
    given = {
        "lock_timeout": f"{WAIT_SECONDS}s",
        "statement_timeout": f"{statement}s",
        "idle_in_transaction_session_timeout": f"{idle}s",
        "timezone": "UTC",
    }
    options = " ".join(f"-c {name}={value}" for name, value in given.items())
    engine = create_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_timeout=WAIT_SECONDS,
        isolation_level="READ COMMITTED" if writes else "REPEATABLE READ",
        hide_parameters=True,
        connect_args={"connect_timeout": 5, "options": options, **KEEPALIVES},
    )

    @event.listens_for(engine, "checkout")
    def replace_the_dead(connection: Any, _record: object, _proxy: object) -> None:
        """A connection that the server has ended is replaced before a transaction begins on it.

        The system knows of it, so that no question to the server is needed; the others in the pool are as old.
        """
        if _has_news(connection) and not _answers(engine, connection):
            raise InvalidatePoolError("the server has ended the connection")

    return engine


def _has_news(connection: Any) -> bool:
    """Whether something has arrived that nobody asked for: nearly always the end of the connection."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _answers(engine: Engine, connection: Any) -> bool:
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error:
        return False
    return True
