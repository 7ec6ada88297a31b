"""Bringing a database to where the service can run on it: migrate, seed, the first key."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config

from app.db import Database
from app.documents.establishments import read_establishments
from app.documents.toolkit_file import read_toolkit
from app.rules.prison import PrisonDetails
from app.rules.toolkit import Toolkit
from app.services.callers import Caller
from app.services.seed import OPERATOR, ensure_admin_key, load_missing_toolkits, register_missing
from app.services.signing_keys import adopt_signing_key, has_signing_key
from app.settings import Settings
from app.signing import KeyFiles

ROOT = Path(__file__).parent.parent
SEED = ROOT / "seed"
ADMIN_KEY_FILE = "admin-key"


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was added; `admin_key_file` is where a generated key is kept, None where none was made."""

    toolkits: int
    prisons: int
    admin_key_file: Path | None


def migrate(settings: Settings) -> None:
    """Bring the schema to the newest version."""
    if settings.is_embedded:
        Path(settings.database_url.removeprefix("sqlite:///")).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = settings.database_url
    command.upgrade(config, "head")


def shipped_toolkits() -> list[Toolkit]:
    """Every toolkit version that comes with the service."""
    return [read_toolkit(path.read_text("utf-8"), name=path.name) for path in sorted((SEED / "toolkit").glob("*.yaml"))]


def shipped_establishments() -> list[PrisonDetails]:
    return read_establishments((SEED / "establishments.csv").read_text("utf-8"))


def seed(
    settings: Settings,
    database: Database,
    on_step: Callable[[int, int], None] | None = None,
    at: datetime | None = None,
) -> Seeded:
    """Load what an empty database lacks, in one transaction; what is there already stays as it is.

    `at` is when that is said to have happened, now if None.
    """
    caller = Caller(OPERATOR, at or datetime.now(UTC))
    given = settings.admin_key.get_secret_value() if settings.admin_key else None
    with database.session_scope() as session:
        toolkits = load_missing_toolkits(session, shipped_toolkits(), caller=caller)
        prisons = register_missing(session, shipped_establishments(), caller=caller, on_step=on_step)
        secret = ensure_admin_key(session, given, caller=caller)
        # Written before the commit: a key that nobody can find would lock everybody out.
        file = _keep_admin_key(settings.data_dir, secret) if secret is not None and given is None else None
    return Seeded(toolkits, prisons, file)


def ensure_signing_key(settings: Settings, database: Database) -> bool:
    """Whether the first signing key was made now; a service that has one keeps it."""
    with database.session_scope() as session:
        if has_signing_key(session):
            return False
        key = KeyFiles(settings.signing_keys_dir).make()
        adopt_signing_key(session, key.as_dict(private=False), caller=Caller(OPERATOR, datetime.now(UTC)))
    return True


def _keep_admin_key(directory: Path, secret: str) -> Path:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / ADMIN_KEY_FILE
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secret + "\n")
    return path
