"""The database's schema: bring it to the newest version."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from app.settings import Settings

ROOT = Path(__file__).parents[2]


def migrate(settings: Settings) -> None:
    """Bring the schema to the newest version."""
    if settings.is_embedded:
        Path(settings.database_url.removeprefix("sqlite:///")).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = Config(ROOT / "alembic.ini")
    config.attributes |= {"database_url": settings.database_url, "data_dir": settings.data_dir}
    command.upgrade(config, "head")
