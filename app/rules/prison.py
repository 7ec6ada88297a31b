"""What the register says of a prison."""

from dataclasses import dataclass
from datetime import date

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
