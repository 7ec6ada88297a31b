"""Who asks for a change."""

from dataclasses import dataclass
from datetime import datetime

from app.rules.access import Principal


@dataclass(frozen=True, slots=True)
class Caller:
    """Who changes something, when, and in which request."""

    by: Principal
    at: datetime
    request_id: str | None = None
