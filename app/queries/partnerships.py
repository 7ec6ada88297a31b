"""Partnerships: one, those within a caller's scope, and the prisons of one."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import Forbidden, NotFound
from app.models import Partnership, PartnershipPrison, Prison, table_of
from app.models.columns import columns_of
from app.queries.scope import within_scope
from app.rules.access import BOUND_TO_PRISON, Principal
from app.rules.prison import PrisonFacts
from app.rules.regions import REGION_REFS, RegionRef


@dataclass(frozen=True, slots=True)
class PartnershipRef:
    """A partnership, by its id and its name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class PartnershipView:
    """Prisons that plan together. `region` is the one that looks after the partnership."""

    id: str
    name: str
    region: RegionRef
    prisons: list[str]
    version: int
    updated_at: datetime
    updated_by: str


PARTNERSHIP_JSON = TypeAdapter(PartnershipView)
_COLUMNS = columns_of(Partnership, "id name region version changed_at changed_by")
_FACTS = [table_of(Prison).c[field.name] for field in fields(PrisonFacts)]


def unknown_partnership(named: str) -> NotFound:
    return NotFound(
        "not-found", f"There is no partnership {named!r}. GET /v1/partnerships lists those that you may see."
    )


def not_yours(by: Principal, what: str) -> Forbidden:
    own = f"the prison {by.prison}" if by.role in BOUND_TO_PRISON else f"the region {by.region}"
    return Forbidden(
        "out-of-scope", f"This key is for {own}; this {what} is outside it. Use a key whose scope covers it."
    )


def covers(partnership_id: Any, conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Whether a partnership has a prison that meets the conditions (on columns of the prison)."""
    members = select(col(PartnershipPrison.partnership_id)).join(
        Prison, col(PartnershipPrison.prison_id) == col(Prison.id)
    )
    covered: ColumnElement[bool] = partnership_id.in_(members.where(and_(true(), *conditions)))
    return covered


def find_partnership(session: Session, named: str, by: Principal) -> PartnershipView:
    """A partnership by its id or its name; NotFound where there is none, Forbidden where it is out of scope."""
    is_own = covers(col(Partnership.id), scope) if (scope := within_scope(session, by)) else true()
    wanted = or_(col(Partnership.id) == named, col(Partnership.name) == named)
    row = session.execute(select(*_COLUMNS, is_own.label("is_own")).where(wanted)).first()
    if row is None:
        raise unknown_partnership(named)
    if not row.is_own:
        raise not_yours(by, "partnership")
    return _views(session, [tuple(row)[:-1]])[0]


def list_partnerships(session: Session, by: Principal, *, after: str | None, limit: int) -> list[PartnershipView]:
    """The partnerships within the caller's scope, by name, from the one after `after`."""
    statement = select(*_COLUMNS).order_by(col(Partnership.name)).limit(limit)
    if scope := within_scope(session, by):
        statement = statement.where(covers(col(Partnership.id), scope))
    if after is not None:
        statement = statement.where(col(Partnership.name) > after)
    return _views(session, [tuple(row) for row in session.execute(statement)])


def _views(session: Session, rows: Sequence[Any]) -> list[PartnershipView]:
    codes: dict[str, list[str]] = {row[0]: [] for row in rows}
    members = (
        select(col(PartnershipPrison.partnership_id), col(Prison.code))
        .join(Prison, col(PartnershipPrison.prison_id) == col(Prison.id))
        .where(col(PartnershipPrison.partnership_id).in_(codes))
        .order_by(col(Prison.code))
    )
    for partnership_id, code in session.execute(members):
        codes[partnership_id].append(code)
    return [PartnershipView(own, name, REGION_REFS[region], codes[own], *rest) for own, name, region, *rest in rows]


def read_members(session: Session, partnership_id: str) -> list[PrisonFacts]:
    """The prisons of a partnership, in the order of their codes."""
    statement = (
        select(*_FACTS)
        .join(PartnershipPrison, col(PartnershipPrison.prison_id) == col(Prison.id))
        .where(col(PartnershipPrison.partnership_id) == partnership_id)
    )
    return [PrisonFacts(*row) for row in session.execute(statement.order_by(col(Prison.code)))]


def read_prisons_named(session: Session, codes: Sequence[str]) -> dict[str, PrisonFacts]:
    """The prisons with these codes; those that are not registered are left out."""
    rows = session.execute(select(*_FACTS).where(col(Prison.code).in_(codes)))
    return {one.code: one for one in (PrisonFacts(*row) for row in rows)}
