"""`idts webhook-key`: rotate the key that the webhooks' secrets are kept under."""

from typing import Annotated

import typer

from app.cli.common import err, opened_database, operator
from app.services.webhooks import reseal_secrets
from app.storage.webhook_key import WebhookKey

webhook_key = typer.Typer(name="webhook-key", help="The key of the webhooks' secrets: rotate.", no_args_is_help=True)


@webhook_key.command()
def rotate(
    lost: Annotated[bool, typer.Option("--lost", help="Go on without the old key; its webhooks end.")] = False,
) -> None:
    """Make a new key and seal every webhook's secret with it. Receivers keep their secrets.

    A webhook whose secret no key in the file opens is ended.
    """
    with opened_database() as (settings, database):
        key = WebhookKey(settings.webhook_key_file)
        if not lost:
            key.check()
        key.add()
        with database.session_scope() as session:
            ended = reseal_secrets(session, key, caller=operator())
        key.keep_newest()
    err.print(f"Webhook secrets are sealed with a new key from now on. Keep a copy of {key.path}.", markup=False)
    if ended:
        err.print(f"Ended {ended} webhook(s) whose secrets could not be read.", markup=False)
