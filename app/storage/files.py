"""Files that hold secrets: made for the service's own user alone, and noticed when they are taken away."""

import os
import sqlite3
from pathlib import Path

# What SQLite and the service keep beside the database file.
SIDES = ("-wal", "-shm", "-journal", "-turn", "-waiting", "-probe")


class NotStorable(sqlite3.OperationalError):
    """What would be written could not be kept."""


class FileReplaced(NotStorable):
    """The path leads to another file than the one that was opened: what is written would be lost."""


def private_file(path: Path) -> int:
    """A handle on a file that only this user can read, whatever the umask and whoever made it."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise NotStorable(f"unable to open {path}: {fault.strerror}") from fault


def private_directory(path: Path) -> Path:
    """The directory, made where it is missing; nobody else may look into it, even if it was there before."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_uid == os.geteuid():
        path.chmod(0o700)
    return path


def prepare_database_file(path: Path) -> None:
    """Make the SQLite file, empty and private, where there is none; take other people's rights from one that is.

    SQLite gives its log files the rights of the database file.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(private_file(path))
    for file in (path, *(path.with_name(path.name + side) for side in SIDES)):
        if file.exists() and file.stat().st_uid == os.geteuid():
            file.chmod(0o600)
