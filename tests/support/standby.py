"""A PostgreSQL server with a streaming standby: what is written to the one is read from the other."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests.support import postgres

# A commit is acknowledged once the standby has replayed it, so that a test may read what it has just written.
REPLICATES = {"wal_level": "replica", "max_wal_senders": "4"}
PRIMARY = REPLICATES | {"synchronous_commit": "remote_apply"}
STANDBY = REPLICATES | {"hot_standby": "on", "hot_standby_feedback": "on"}
PROGRAMS = ("initdb", "postgres", "pg_basebackup")
STREAMING_SECONDS = 30


@dataclass(frozen=True)
class Pair:
    """The admin URLs of both servers."""

    primary: str
    standby: str

    def on_standby(self, url: str) -> str:
        """Where the standby has the database that `url` names on the primary."""
        there = make_url(self.standby).set(database=make_url(url).database)
        return there.render_as_string(hide_password=False)


def shared_pair(home: Path) -> Pair:
    """The one pair of a test run; whichever worker asks first starts it. `stop_pair` ends it."""
    with (home / "pair.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = home / "pair-urls"
        if not known.exists():
            try:
                pair = _start(home)
            except BaseException:
                stop_pair(home)
                raise
            known.touch(mode=0o600)
            known.write_text(f"{pair.primary}\n{pair.standby}")
        return Pair(*known.read_text().split("\n"))


def stop_pair(home: Path) -> None:
    """Stop both, the standby first: its primary would wait for it."""
    for part in ("standby", "primary"):
        postgres.stop(home / part)


@contextmanager
def lagging(pair: Pair, url: str) -> Iterator[None]:
    """The standby replays nothing inside; new sessions of the database at `url` commit without waiting for it."""
    name = make_url(url).database
    with _connected(pair.primary) as primary, _connected(pair.standby) as standby:
        primary.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = local')
        standby.execute("SELECT pg_wal_replay_pause()")
        try:
            yield
        finally:
            standby.execute("SELECT pg_wal_replay_resume()")
            primary.execute(f'ALTER DATABASE "{name}" RESET synchronous_commit')


def _start(home: Path) -> Pair:
    folders = [postgres.find_binaries(postgres.installed_folders(), PROGRAMS)]
    for part in ("primary", "standby"):
        (home / part).mkdir(mode=0o711, exist_ok=True)
    primary = postgres.start(home / "primary", folders, settings=PRIMARY)
    standby = _start_standby(home / "standby", folders[0], primary)
    with _connected(primary) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        connection.execute("SELECT pg_reload_conf()")
        deadline = time.monotonic() + STREAMING_SECONDS
        while not connection.execute("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'").fetchall():
            if time.monotonic() > deadline:
                raise postgres.PostgresFailed("the standby does not follow its primary")
            time.sleep(0.02)
    return Pair(primary, standby)


def _start_standby(home: Path, folder: Path, primary: str) -> str:
    account = postgres.run_as()
    binaries = postgres.runnable(folder, home, account)
    cluster = postgres.make_cluster_directory(home, in_memory=True)
    if account:
        os.chown(cluster, account.uid, account.gid)
    copied = postgres.run(
        [
            *(binaries / "pg_basebackup", f"--pgdata={cluster}", f"--dbname={postgres.for_driver(primary)}"),
            *("--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync"),
        ],
        account,
    )
    if copied.returncode != 0:
        raise postgres.PostgresFailed(f"pg_basebackup failed:\n{copied.stdout}{copied.stderr}")
    password = make_url(primary).password
    return postgres.serve(home, binaries, str(password), STANDBY)


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres.for_driver(url), autocommit=True) as connection:
        yield connection
