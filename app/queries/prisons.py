"""Prisons: one, many, and what was known of one at a past moment."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, String, and_, bindparam, cast, exists, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import Forbidden, Invalid, NotFound
from app.models import Prison, PrisonChange, ServiceEnd, StatementEvent, StoredVerdict, table_of
from app.models.columns import UtcDateTime, columns_of
from app.queries.keys import with_caller
from app.rules.access import Principal, scope_refusal
from app.rules.moments import london_date
from app.rules.prison import PrisonFacts
from app.rules.regions import REGION_REFS, RegionRef
from app.rules.types import AnyCase, Function


@dataclass(frozen=True, slots=True)
class PrisonView:
    """A prison in the register, and the stage that it has reached. `updated_at` is of its own details."""

    code: str
    name: str
    designation: str
    function: Function
    region: RegionRef
    county: str | None
    postcode: str | None
    gender: str | None
    contracted: bool | None
    categories: list[str]
    opened_on: date | None
    closed_on: str | None
    is_open: bool
    toolkit_version: str
    live_on: date | None
    stage: str
    commissioning_ready: bool
    eligible: bool
    blockers: int
    sections_updated_at: datetime | None
    version: int
    registered_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PrisonFilter:
    """Which prisons to list; None leaves a filter out. `region` is a slug, `is_open` is as of `today`."""

    today: date
    region: str | None = None
    function: Function | None = None
    stage: str | None = None
    text: str | None = None
    is_open: bool | None = None
    is_eligible: bool | None = None


class PrisonSort(AnyCase):
    """By code, by sections in the way, or by when the prison last changed a section (or was registered). A minus
    reverses it."""

    CODE = "code"
    CODE_REVERSED = "-code"
    BLOCKERS = "blockers"
    BLOCKERS_REVERSED = "-blockers"
    UPDATED = "updated"
    UPDATED_REVERSED = "-updated"


@dataclass(frozen=True, slots=True)
class PrisonPosition:
    """Where a page of a list begins: after this code, at this value of what the list is ordered by."""

    code: str
    value: str


def unknown_prison(code: str) -> NotFound:
    return NotFound("not-found", f"No prison {code!r} is registered. GET /v1/prisons lists the codes.")


_PRISON = table_of(Prison)
_FACTS = [_PRISON.c[field.name] for field in fields(PrisonFacts)]
_READ_FACTS = select(*_FACTS).where(_PRISON.c.code == bindparam("of_code"))


Mark = tuple[Any, ...]
# What moves with whatever changes about a prison; its moment as text, which every reader gets alike.
MARK = (
    select(
        col(Prison.code), col(Prison.region), col(Prison.toolkit_version), cast(col(StoredVerdict.latest_at), String)
    )
    .join(StoredVerdict, col(StoredVerdict.prison_id) == col(Prison.id))
    .where(col(Prison.code) == bindparam("code"))
)
PRISON_MARK = with_caller(MARK)


def read_any_prison(session: Session, code: str, as_of: datetime | None = None) -> PrisonFacts:
    """Any prison now, or as it was known at a moment; NotFound if it was not registered then."""
    row = session.execute(_READ_FACTS, {"of_code": code.upper()}).first()
    if row is None:
        raise unknown_prison(code)
    now = PrisonFacts(*_values(row))
    return now if as_of is None else _facts_at(session, now, as_of)


def read_own_prison(session: Session, code: str, by: Principal, as_of: datetime | None = None) -> PrisonFacts:
    """The prison, for a caller who may look closer; Forbidden if it is outside the caller's scope."""
    now = read_any_prison(session, code)
    refuse_out_of_scope(by, now.code, now.region)
    return now if as_of is None else _facts_at(session, now, as_of)


def refuse_out_of_scope(by: Principal, code: str, region: str) -> None:
    """Forbidden where the prison with that code, in that region, is not the caller's to look closer at."""
    if (reason := scope_refusal(by, prison=code, region=region)) is not None:
        raise Forbidden(reason.code, reason.detail)


def _facts_at(session: Session, now: PrisonFacts, as_of: datetime) -> PrisonFacts:
    if as_of < now.registered_at:
        raise NotFound(
            "not-yet-registered",
            f"{now.code} was registered at {now.registered_at:%Y-%m-%dT%H:%M:%SZ}: ask for a later moment.",
        )
    row = session.execute(_READ_THEN, {"of_prison": now.id, "as_of": as_of}).first()
    if row is None:
        raise LookupError(f"prison {now.code} has no history at {as_of}")
    state, live = row
    return PrisonFacts(
        now.id,
        now.code,
        state["name"],
        state["region"],
        Function(state["function"]),
        state["toolkit_version"],
        now.registered_at,
        None if live is None else date.fromisoformat(live["live_on"]),
    )


_OF_PRISON, _AS_OF = bindparam("of_prison", type_=Integer), bindparam("as_of", type_=UtcDateTime)
_HAS_ENDED = exists().where(
    col(ServiceEnd.prison_id) == _OF_PRISON,
    col(ServiceEnd.at) > col(StatementEvent.at),
    col(ServiceEnd.at) <= _AS_OF,
)
# Since when the prison was live then: its first go-live that no end of its service follows.
_LIVE_THEN = (
    select(col(StatementEvent.state))
    .where(col(StatementEvent.prison_id) == _OF_PRISON, col(StatementEvent.at) <= _AS_OF)
    .where(col(StatementEvent.kind) == "live", ~_HAS_ENDED)
    .order_by(col(StatementEvent.id))
    .limit(1)
)
_READ_THEN = (
    select(col(PrisonChange.state), _LIVE_THEN.scalar_subquery())
    .where(col(PrisonChange.prison_id) == _OF_PRISON, col(PrisonChange.at) <= _AS_OF)
    .order_by(col(PrisonChange.version).desc())
    .limit(1)
)


_VIEW_COLUMNS = (
    *columns_of(Prison, "code name designation function region county postcode gender contracted categories"),
    *columns_of(Prison, "opened_on closed_on closed_by toolkit_version live_on"),
    *columns_of(StoredVerdict, "stage is_commissioning_ready is_eligible blocker_count section_changed_at"),
    *columns_of(Prison, "version registered_at changed_at"),
)
_FROM = select(*_VIEW_COLUMNS).join(StoredVerdict, col(StoredVerdict.prison_id) == col(Prison.id))


def _values(row: Row[*tuple[Any, ...]]) -> list[Any]:
    return list(row)  # without their types, which follow from the columns


def _view(row: Any, today: date) -> PrisonView:
    code, name, designation, function, region, *details, opened_on, closed_on, closed_by = _values(row)[:13]
    is_open = (closed_by is None or closed_by >= today) and (opened_on is None or opened_on <= today)
    ahead = [code, name, designation, function, REGION_REFS[region], *details, opened_on, closed_on, is_open]
    return PrisonView(*ahead, *_values(row)[13:])


def read_prison(session: Session, code: str, at: datetime) -> PrisonView:
    row = session.execute(_FROM.where(col(Prison.code) == code.upper())).first()
    if row is None:
        raise unknown_prison(code)
    return _view(row, london_date(at))


def list_prisons(
    session: Session,
    wanted: PrisonFilter,
    *,
    after: PrisonPosition | None,
    limit: int,
    sort: PrisonSort = PrisonSort.CODE,
) -> list[PrisonView]:
    """Prisons in the order asked for, from the one after `after`; prisons alike in it come in code order."""
    key = _SORT_KEYS[sort.lstrip("-")]
    code = col(Prison.code) if key is _SORT_KEYS["code"] else col(StoredVerdict.code)
    statement = _FROM.where(*_conditions(wanted)).limit(limit)
    is_reversed = sort.startswith("-")
    statement = statement.order_by(*(one.desc() if is_reversed else one for one in dict.fromkeys((key, code))))
    if after is not None:
        value = _value(sort, after)
        beyond, next_code = (key < value, code < after.code) if is_reversed else (key > value, code > after.code)
        statement = statement.where(beyond if key is code else beyond | ((key == value) & next_code))
    return [_view(row, wanted.today) for row in session.execute(statement)]


_SORT_KEYS: dict[str, Any] = {
    "code": col(Prison.code),
    "blockers": col(StoredVerdict.blocker_count),
    "updated": func.coalesce(col(StoredVerdict.section_changed_at), col(Prison.registered_at)),
}


def _count(text: str) -> int:
    if not 0 <= (count := int(text)) <= 35:
        raise ValueError(text)
    return count


def _moment(text: str) -> datetime:
    if (moment := datetime.fromisoformat(text)).tzinfo and 1700 <= moment.year <= 9000:
        return moment
    raise ValueError(text)


_VALUES: dict[str, Callable[[str], Any]] = {"code": str, "blockers": _count, "updated": _moment}


def _value(sort: PrisonSort, after: PrisonPosition) -> Any:
    try:
        return _VALUES[sort.lstrip("-")](after.value)
    except ValueError:
        raise Invalid("invalid-cursor", "Use `next_cursor` exactly as the list gave it.") from None


def position_of(view: PrisonView, sort: PrisonSort) -> PrisonPosition:
    """Where the page after this prison begins."""
    values = {
        "code": view.code,
        "blockers": str(view.blockers),
        "updated": (view.sections_updated_at or view.registered_at).isoformat(),
    }
    return PrisonPosition(view.code, values[sort.lstrip("-")])


def _conditions(wanted: PrisonFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.region is not None:
        found.append(col(Prison.region) == wanted.region)
    if wanted.function is not None:
        found.append(col(Prison.function) == wanted.function)
    if wanted.stage is not None:
        found.append(col(StoredVerdict.stage) == wanted.stage)
    if wanted.is_eligible is not None:
        found.append(col(StoredVerdict.is_eligible).is_(wanted.is_eligible))
    if wanted.text is not None:
        text = wanted.text.strip().lower()
        found.append(
            or_(
                func.lower(col(Prison.name)).contains(text, autoescape=True),
                func.lower(col(Prison.code)) == text,
            )
        )
    if wanted.is_open is not None:
        is_open = and_(
            or_(col(Prison.closed_by).is_(None), col(Prison.closed_by) >= wanted.today),
            or_(col(Prison.opened_on).is_(None), col(Prison.opened_on) <= wanted.today),
        )
        found.append(is_open if wanted.is_open else ~is_open)
    return found
