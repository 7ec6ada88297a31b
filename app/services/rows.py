"""Rows for one statement."""

from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]


def one_or_many(rows: Sequence[Row]) -> Row | Sequence[Row]:
    """A single row goes as a plain statement: drivers take a longer way for a batch, even of one."""
    return rows[0] if len(rows) == 1 else rows
