"""The change feed: which kinds of change it tells of, and where a reader stands in it."""

import re
from dataclasses import dataclass

KINDS = (
    "prison.registered",
    "prison.corrected",
    "prison.left_region",
    "section.rated",
    "exemption.recorded",
    "exemption.ended",
    "evidence.added",
    "evidence.extended",
    "evidence.withdrawn",
    "statement.raised",
    "statement.signed",
    "statement.issued",
    "statement.lapsed",
    "statement.withdrawn",
    "statement.superseded",
    "statement.breached",
    "statement.recovered",
    "statement.live",
)

_CURSOR = re.compile(r"([0-9]{1,19})-([0-9]{1,19})", re.ASCII)
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the feed: behind everything that committed up to it, in the feed's one order.

    `xid` is the transaction that announced the event (0 on SQLite), `id` the event.
    """

    xid: int = 0
    id: int = 0

    @property
    def cursor(self) -> str:
        return f"{self.xid}-{self.id}"


BEGINNING = Position()


def position_of(cursor: str) -> Position | None:
    """The place that a cursor stands for; None if the feed never gave such a cursor."""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        return None
    xid, event_id = int(found[1]), int(found[2])
    return None if max(xid, event_id) > _LARGEST else Position(xid, event_id)
