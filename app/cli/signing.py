"""`idts signing-keys` and `idts verify`: rotate the key that seals statements, check a credential offline."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.common import err, fail, opened_database, operator, out
from app.queries.signing_keys import public_keys
from app.services.credentials import read_credential
from app.services.signing_keys import adopt_signing_key
from app.storage.key_files import KeyFiles

signing_keys = typer.Typer(name="signing-keys", help="Keys that seal statements: rotate, show.", no_args_is_help=True)


@signing_keys.command()
def rotate() -> None:
    """Make a new signing key. What older keys signed still verifies."""
    with opened_database() as (settings, database), database.session_scope() as session:
        key = KeyFiles(settings.signing_keys_dir).make()
        adopt_signing_key(session, key.as_dict(private=False), caller=operator())
    err.print(f"Statements are sealed with the key {key.kid} from now on.", markup=False)


@signing_keys.command()
def show() -> None:
    """Print the public key set, as /.well-known/jwks.json gives it."""
    with opened_database() as (_, database), database.reading() as session:
        print(json.dumps({"keys": public_keys(session)}, indent=2))


def verify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A credential, as the API gives it.")],
    keys: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="A saved /.well-known/jwks.json.")],
) -> None:
    """Check a credential offline: that one of the saved keys signed it and nothing in it was changed.

    Only the service knows what has become of the statement since (withdrawn, superseded, in breach).
    """
    try:
        jwks = [dict(key) for key in json.loads(keys.read_text("utf-8"))["keys"]]
    except (ValueError, KeyError, TypeError):
        raise fail(f"{keys} is not a key set. Save /.well-known/jwks.json from the service.") from None
    read = read_credential(file.read_bytes().decode("utf-8", "replace"), jwks)
    if read.mismatches or read.content is None:
        for mismatch in read.mismatches:
            err.print(f"Does not match: {mismatch.part}: {mismatch.detail}", markup=False)
        raise typer.Exit(1)
    statement = read.content["statement"]
    prison = statement["prison"]
    out.print(f"Valid: {read.content['serial']}, {prison['name']} ({prison['code']}).", markup=False)
    out.print(f"Signed by key {read.kid} on {read.content['issued_at']}.", markup=False)
    out.print(f"Digest {read.content['digest']}.", markup=False)
    for signature in read.content["signatures"]:
        out.print(f"  {signature['title']}: {signature['name']}, {signature['signed_at']}", markup=False)
    checked = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    out.print(f"Checked offline at {checked}. Ask the service whether the statement is still in force.", markup=False)
