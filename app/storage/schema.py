"""The database's schema: bring it to the newest version."""

from pathlib import Path

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from app.errors import Refused
from app.settings import Settings
from app.storage.embedded import path_of
from app.storage.faults import Fault, fault_of
from app.storage.files import prepare_database_file

ROOT = Path(__file__).parents[2]


def migrate(settings: Settings) -> None:
    """Bring the schema to the newest version; Refused where a database is missing that was there before.

    Where it is that already, the tool for it is not even loaded.
    """
    if settings.is_embedded:
        file = path_of(settings.database_url)
        if not file.exists() or file.stat().st_size == 0:
            _refuse_a_second_beginning(settings)
        prepare_database_file(file)
    stored = _stored_version(settings)
    if stored == newest_version():
        return
    if stored is None:
        _refuse_a_second_beginning(settings)
    from alembic import command
    from alembic.config import Config

    config = Config(ROOT / "alembic.ini")
    config.attributes |= {"database_url": settings.database_url, "data_dir": settings.data_dir}
    command.upgrade(config, "head")


def newest_version() -> str:
    """The version that the newest migration brings; each file begins with its own."""
    return max(path.name[:4] for path in (ROOT / "migrations" / "versions").glob("[0-9]*.py"))


def _stored_version(settings: Settings) -> str | None:
    """The version that the database has; None where it has no tables."""
    engine = create_engine(settings.database_url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            stored: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return stored
    except SQLAlchemyError as error:
        if fault_of(error) is not Fault.NO_SCHEMA:
            raise
        return None


def _refuse_a_second_beginning(settings: Settings) -> None:
    """Keys or files of an earlier database mean that it was lost: an empty one in its place would hide that."""
    for directory in (settings.signing_keys_dir, settings.evidence_dir):
        if directory and any(path.is_file() for path in directory.rglob("*")):
            raise Refused(
                "database-missing",
                f"The database {settings.database_name} is empty, but {directory} holds files of an earlier one. "
                "Restore the database from a backup; or, to begin anew, set IDTS_DATA_DIR to another directory.",
            )
