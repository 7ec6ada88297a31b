"""What a database needs before the service can run on it: toolkits, prisons and the first keys."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.documents.shipped import shipped_establishments, shipped_toolkits
from app.rules.access import Caller
from app.services.seed import OPERATOR, ensure_admin_key, load_missing_toolkits, register_missing
from app.services.signing_keys import adopt_signing_key, has_signing_key
from app.services.turns import wait_for_turn
from app.settings import Settings
from app.storage.db import Database
from app.storage.key_files import KeyFiles

ADMIN_KEY_FILE = "admin-key"
# Of several services that start on one empty database, one fills it and the others find it filled.
FIRST_START = "first start"


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was added; `admin_key_file` is where a generated key is kept, None where none was made."""

    toolkits: int
    prisons: int
    admin_key_file: Path | None


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
    own_key = settings.admin_key.get_secret_value() if settings.admin_key else None
    with database.session_scope() as session:
        wait_for_turn(session, FIRST_START)
        toolkits = load_missing_toolkits(session, shipped_toolkits(), caller=caller)
        prisons = register_missing(session, shipped_establishments(), caller=caller, on_step=on_step)
        secret = ensure_admin_key(session, own_key, caller=caller)
        # Written before the commit: a key that nobody can find would lock everybody out.
        file = _keep_admin_key(settings.data_dir, secret) if secret is not None and own_key is None else None
    return Seeded(toolkits, prisons, file)


def ensure_signing_key(settings: Settings, database: Database) -> bool:
    """Whether the first signing key was made now; a service that has one keeps it."""
    with database.session_scope() as session:
        wait_for_turn(session, FIRST_START)
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
