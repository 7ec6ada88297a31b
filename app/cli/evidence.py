"""`idts evidence`: whether the store and the database agree on the files of evidence."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from app.cli.common import err, opened_database
from app.queries.evidence import known_store_keys
from app.storage.evidence_store import EvidenceStore

evidence = typer.Typer(name="evidence", help="Files of evidence: check the store.", no_args_is_help=True)

# A younger file without a row may belong to an upload that has not ended.
SETTLED_AFTER = timedelta(days=1)


@evidence.command()
def check(
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove files over a day old that no evidence names.")
    ] = False,
) -> None:
    """Compare the store with the database; the status is 1 if a file is missing.

    A server that is killed while it stores a file can leave one that no evidence names.
    """
    with opened_database() as (settings, database):
        # The rows first: what is stored after them can only be a file too many, never one too few.
        with database.write_session() as session:
            store_keys = known_store_keys(session)
        store = EvidenceStore(settings)
        stored = dict(store.all_keys())
        settled = datetime.now(UTC) - SETTLED_AFTER
        left_over = sorted(key for key, at in stored.items() if key not in store_keys and at < settled)
        missing = sorted(store_keys - stored.keys())
        for word, keys in (("missing", missing), ("left over", left_over)):
            for key in keys:
                print(f"{word}\t{key}")
        if remove:
            for key in left_over:
                store.discard(key)
    removed = ", removed" if remove and left_over else ""
    err.print(
        f"{len(store_keys)} files known, {len(missing)} missing, {len(left_over)} left over{removed}.", markup=False
    )
    if missing:
        raise typer.Exit(1)
