"""The `idts` command: parse, call one service or query, print."""

import gc


def main() -> None:
    # What is loaded stays, so there is no garbage in it: looking for some would take a fifth of the time.
    gc.disable()
    from app.cli.command import cli

    gc.enable()
    cli()


__all__ = ["main"]
