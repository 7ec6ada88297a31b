"""Where a period of time has its place in a tree over days, so that those around one moment are found quickly."""

# A relational interval tree (Kriegel, Pötke and Seidl, VLDB 2000): each period is kept at one node, the day in
# it that is divisible by the highest power of two. All periods that contain a moment lie at a few dozen nodes.

from datetime import UTC, datetime
from typing import NamedTuple

# 2^17 days are 358 years: more than the span of any history here.
_LEVELS = 17
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Where periods that have not ended are kept; no ended period is ever at it.
CURRENT_NODE = 0


class Ancestors(NamedTuple):
    """Nodes at which a period around a moment can be: before the moment's day, on it, after it."""

    before: list[int]
    on: int
    after: list[int]


def day_number(at: datetime) -> int:
    """Days since the start of 1970, UTC."""
    return (at - _EPOCH).days


def node_of(from_at: datetime, to_at: datetime) -> int:
    """The node of a period that has ended."""
    first, last = day_number(from_at), day_number(to_at)
    level = ((first - 1) ^ last).bit_length() - 1
    return (last >> level) << level


def ancestors(at: datetime) -> Ancestors:
    """Every node at which a period that contains the moment can be."""
    day = day_number(at)
    before = {(day >> level) << level for level in range(_LEVELS)} - {day}
    after = {((day >> level) + 1) << level for level in range(_LEVELS)}
    return Ancestors(sorted(before - {CURRENT_NODE}), day, sorted(after))
