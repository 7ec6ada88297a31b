"""Alembic's entry: the same migrations on SQLite and on PostgreSQL."""

from alembic import context
from sqlalchemy import create_engine, pool
from sqlmodel import SQLModel

import app.models  # noqa: F401 - fills the metadata
from app.settings import Settings


def run() -> None:
    url = context.config.attributes.get("database_url") or Settings().database_url
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=SQLModel.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
        )
        with context.begin_transaction():
            _one_migrator_at_a_time(connection.dialect.name)
            context.run_migrations()
    engine.dispose()


def _one_migrator_at_a_time(dialect: str) -> None:
    """Workers that start together on PostgreSQL wait for the first to finish."""
    if dialect == "postgresql":
        context.execute("SELECT pg_advisory_xact_lock(4151951)")


if context.is_offline_mode():
    raise SystemExit("Migrations need a database: set IDTS_DATABASE_URL.")
run()
