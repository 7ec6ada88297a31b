"""The `idts` command: parse, call one service or query, print."""

from app.cli.command import main

__all__ = ["main"]
