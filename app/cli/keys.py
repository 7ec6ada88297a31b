"""`idts keys`: make, list and revoke API keys."""

from typing import Annotated

import typer
from rich.table import Table

from app.cli.common import err, fail, opened_database, operator, out
from app.queries.keys import list_keys
from app.rules.access import Role
from app.services.keys import KeyScope, create_key, revoke_key

keys = typer.Typer(name="keys", help="API keys: make, list, revoke.", no_args_is_help=True)


@keys.command()
def create(
    role: Annotated[Role, typer.Option(help="What the key is for.")],
    name: Annotated[str, typer.Option(help="Whose key it is. Histories show this name.")],
    prison: Annotated[str | None, typer.Option(help="A prison's code, for prison and signatory keys.")] = None,
    region: Annotated[str | None, typer.Option(help="A region's slug, for region keys.")] = None,
    signatory_role: Annotated[str | None, typer.Option(help="The role to sign as, for signatory keys.")] = None,
) -> None:
    """Make a key and print it alone on stdout. It is shown this once; only a hash is stored."""
    name = name.strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise typer.BadParameter("give a name of 1 to 200 characters on one line", param_hint="--name")
    scope = KeyScope(role, prison, region, signatory_role)
    with opened_database() as (_, database), database.session_scope() as session:
        view, secret = create_key(session, name, scope, caller=operator())
    err.print(f"Made key {view.id} for {view.name} ({view.role}). It is not shown again.", markup=False)
    print(secret)


@keys.command("list")
def list_all() -> None:
    """Show every key ever made."""
    with opened_database() as (_, database), database.reading() as session:
        keys_made = list_keys(session)
    table = Table("id", "name", "role", "scope", "made", "revoked", box=None, pad_edge=False, header_style="bold")
    for key in keys_made:
        scope = " ".join(part for part in (key.prison, key.region and key.region.slug, key.signatory_role) if part)
        revoked = f"{key.revoked_at:%Y-%m-%d}" if key.revoked_at else ""
        table.add_row(str(key.id), key.name, key.role, scope, f"{key.created_at:%Y-%m-%d}", revoked)
    out.print(table)


@keys.command()
def revoke(
    key_id: Annotated[int, typer.Argument(metavar="ID", help="The id that `keys list` shows.")],
) -> None:
    """End a key at once."""
    if not 0 < key_id < 2**31:
        raise fail(f"There is no key {key_id}. `idts keys list` shows the keys there are.")
    with opened_database() as (_, database), database.session_scope() as session:
        view = revoke_key(session, key_id, caller=operator())
    err.print(f"Key {view.id} ({view.name}) is revoked.", markup=False)
