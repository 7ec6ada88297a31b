"""Who asks for a change."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.rules.access import Principal


@dataclass(frozen=True, slots=True)
class Caller:
    """Who changes something, when, and in which request."""

    by: Principal
    at: datetime
    request_id: str | None = None
    clock: Callable[[], datetime] | None = None

    def moment(self) -> datetime:
        """The moment that a change counts from, asked for once its lock is held.

        A request may have waited for its body or for the lock; what it writes must not come to stand at a
        moment that somebody has asked about meanwhile.
        """
        return self.at if self.clock is None else self.clock()
