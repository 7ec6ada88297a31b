"""What the register says of a prison."""

from dataclasses import dataclass
from datetime import date, datetime

from app.rules.types import Function


@dataclass(frozen=True, slots=True)
class PrisonDetails:
    """A prison's own details. `region` is a slug; `closed_on` is a date, or the month or year
    where no more is known."""

    code: str
    name: str
    designation: str
    function: Function
    region: str
    county: str | None = None
    postcode: str | None = None
    gender: str | None = None
    contracted: bool | None = None
    categories: tuple[str, ...] = ()
    opened_on: date | None = None
    closed_on: str | None = None


@dataclass(frozen=True, slots=True)
class PrisonFacts:
    """What the rules and the verdict need to know of a prison. `region` is a slug.

    `live_on` is since when it is live: a fact about the prison, whatever becomes of its statement.
    """

    id: int
    code: str
    name: str
    region: str
    function: Function
    toolkit_version: str
    registered_at: datetime
    live_on: date | None = None
