"""The database's schema: bring it to the newest version."""

from pathlib import Path

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from app.settings import Settings

ROOT = Path(__file__).parents[2]


def migrate(settings: Settings) -> None:
    """Bring the schema to the newest version. Where it is that already, the tool for it is not even loaded."""
    if settings.is_embedded:
        Path(settings.database_url.removeprefix("sqlite:///")).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _stored_version(settings) == newest_version():
        return
    from alembic import command
    from alembic.config import Config

    config = Config(ROOT / "alembic.ini")
    config.attributes |= {"database_url": settings.database_url, "data_dir": settings.data_dir}
    command.upgrade(config, "head")


def newest_version() -> str:
    """The version that the newest migration brings; each file begins with its own."""
    return max(path.name[:4] for path in (ROOT / "migrations" / "versions").glob("[0-9]*.py"))


def _stored_version(settings: Settings) -> str | None:
    """The version that the database has; None where it has none, or does not say."""
    engine = create_engine(settings.database_url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            stored: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return stored
    except SQLAlchemyError:
        return None
