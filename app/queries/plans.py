"""One plan: as it is now, as it was at a moment or when it was approved, and its history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import NotFound
from app.models import Partnership, Plan, PlanAction, PlanChange, PlanHeading, PlanUpdate, Prison, SectionAssessment
from app.models.columns import columns_of
from app.queries.partnerships import PartnershipRef, covers, not_yours
from app.queries.scope import within_scope
from app.queries.sections import Actor, FieldChange, read_answers
from app.rules.access import Principal
from app.rules.plan_document import PlanDocument, PlanPart, Row


@dataclass(frozen=True, slots=True)
class PlanHead:
    """A plan without its rows; a prison's has a prison, a partnership's a partnership."""

    id: str
    prison_id: int | None
    prison: str | None
    partnership: PartnershipRef | None
    version: int
    state: Mapping[str, Any]
    approved_version: int | None
    approved_at: datetime | None
    created_at: datetime
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class StoredUpdate:
    """What was told of a plan (`row` null) or of one of its rows."""

    row: int | None
    on: date | None
    text: str
    by: str
    at: datetime
    provenance: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class PlanThen:
    """A plan as it was at a moment, with all that its views need."""

    head: PlanHead
    plan: PlanDocument
    updates: Sequence[StoredUpdate]
    exempt: frozenset[int]


HEAD = (
    select(
        *(col(Plan.id), col(Plan.prison_id), col(Prison.code), col(Partnership.id), col(Partnership.name)),
        *columns_of(Plan, "version state approved_version approved_at created_at changed_at changed_by"),
    )
    .outerjoin(Prison, col(Plan.prison_id) == col(Prison.id))
    .outerjoin(Partnership, col(Plan.partnership_id) == col(Partnership.id))
)


def head_of(row: Sequence[Any]) -> PlanHead:
    """A plan's head from a row of `HEAD`."""
    plan_id, prison_id, code, partnership_id, name, *rest = row
    partnership = None if partnership_id is None else PartnershipRef(partnership_id, name)
    return PlanHead(plan_id, prison_id, code, partnership, *rest)


def is_about(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Whether a plan is that of a prison that meets the conditions, or of a partnership that has one."""
    if not conditions:
        return true()
    own = col(Plan.prison_id).in_(select(col(Prison.id)).where(*conditions))
    return or_(own, col(Plan.partnership_id).in_(_partnerships(conditions)))


def _partnerships(conditions: Sequence[ColumnElement[bool]]) -> Any:
    return select(col(Partnership.id)).where(covers(col(Partnership.id), conditions))


def read_own_plan(session: Session, plan_id: str, by: Principal) -> PlanHead:
    """The plan, for a caller in whose scope it is; NotFound where there is none, Forbidden where it is not theirs."""
    is_own = is_about(within_scope(session, by)).label("is_own")
    row = session.execute(HEAD.add_columns(is_own).where(col(Plan.id) == plan_id)).first()
    if row is None:
        raise NotFound("not-found", "There is no such plan. GET /v1/plans lists those that you may see.")
    *head, is_in_scope = row
    if not is_in_scope:
        raise not_yours(by, "plan")
    return head_of(head)


def read_plan_then(session: Session, head: PlanHead, *, is_approved: bool, as_of: datetime | None) -> PlanThen:
    """The plan now, at a moment, or as it was last approved; NotFound where there was none yet."""
    moment = head.approved_at if is_approved else as_of
    if is_approved and moment is None:
        raise NotFound("not-found", "No version of this plan has been approved. Read it without `version`.")
    if moment is not None and moment < head.created_at:
        raise NotFound(
            "not-found", f"The plan was made at {head.created_at:%Y-%m-%dT%H:%M:%SZ}: ask for a later moment."
        )
    exempt = read_exempt(session, head.prison_id, as_of)
    if moment is None:
        return PlanThen(head, read_document(session, head), read_updates(session, head.id), exempt)
    then, plan = _past(session, head, moment)
    return PlanThen(then, plan, read_updates(session, head.id, moment), exempt)


def read_document(session: Session, head: PlanHead) -> PlanDocument:
    """A plan with its rows, as it is now."""
    rows = {}
    for row, kind, version, state in session.execute(_own_rows(PlanHeading, "row kind version state", head)):
        rows[row] = Row(PlanPart(kind), state, version)
    for row, version, state in session.execute(_own_rows(PlanAction, "row version state", head)):
        rows[row] = Row(PlanPart.ACTION, state, version)
    return PlanDocument(head.state, rows)


def _own_rows(table: Any, names: str, head: PlanHead) -> Any:
    return select(*columns_of(table, names)).where(table.plan_id == head.id)


def _past(session: Session, head: PlanHead, moment: datetime) -> tuple[PlanHead, PlanDocument]:
    until = (col(PlanChange.plan_id) == head.id, col(PlanChange.at) <= moment)
    newest = select(func.max(col(PlanChange.id))).where(*until).group_by(col(PlanChange.row))
    names = "row kind row_version version state at by_name"
    found = session.execute(select(*columns_of(PlanChange, names)).where(col(PlanChange.id).in_(newest))).all()
    last = max(found, key=lambda one: (one.version, one.at))
    state = next(one.state for one in found if one.row is None)
    rows = {one.row: Row(PlanPart(one.kind), one.state, one.row_version) for one in found if one.row and one.state}
    approved = _approved(session, head, moment)
    own = (head.id, head.prison_id, head.prison, head.partnership, last.version, state)
    return PlanHead(*own, *approved, head.created_at, last.at, last.by_name), PlanDocument(state, rows)


def _approved(session: Session, head: PlanHead, moment: datetime) -> tuple[int | None, datetime | None]:
    """The last version that had been approved by then, and when it was."""
    step = (
        select(col(PlanChange.version), col(PlanChange.at))
        .where(col(PlanChange.plan_id) == head.id, col(PlanChange.step) == "approved", col(PlanChange.at) <= moment)
        .order_by(col(PlanChange.id).desc())
    )
    row = session.execute(step.limit(1)).first()
    return (None, None) if row is None else (row.version, row.at)


def read_updates(session: Session, plan_id: str, until: datetime | None = None) -> list[StoredUpdate]:
    """All that was told of a plan and its rows, in the order in which it was."""
    statement = select(*columns_of(PlanUpdate, "row on text by at provenance")).where(
        col(PlanUpdate.plan_id) == plan_id
    )
    if until is not None:
        statement = statement.where(col(PlanUpdate.at) <= until)
    return [StoredUpdate(*row) for row in session.execute(statement.order_by(col(PlanUpdate.id)))]


def read_exempt(session: Session, prison_id: int | None, as_of: datetime | None = None) -> frozenset[int]:
    """The sections from which the plan's prison is exempt; none for a partnership, whose prisons may differ."""
    if prison_id is None:
        return frozenset()
    if as_of is not None:
        answers = read_answers(session, prison_id, as_of).assessments
        return frozenset(one.number for one in answers if one.exemption is not None)
    numbers: Iterable[int] = session.scalars(
        select(col(SectionAssessment.number)).where(
            col(SectionAssessment.prison_id) == prison_id, col(SectionAssessment.exemption).is_not(None)
        )
    )
    return frozenset(numbers)


@dataclass(frozen=True, slots=True)
class PlanChangeView:
    """One thing that a version of a plan changed: in the plan itself, or in a row, which `ref` names where it has a
    reference. `step` says what was done; `version` is the plan's."""

    version: int
    at: datetime
    by: Actor
    kind: PlanPart
    ref: str | None
    row_version: int
    step: str
    changes: list[FieldChange]
    removed: bool
    provenance: dict[str, Any] | None
    request_id: str | None
    place: int


def read_plan_history(
    session: Session, plan_id: str, *, ref: str | None, before: int | None, limit: int, as_of: datetime | None
) -> list[PlanChangeView]:
    """What every version changed, newest first, from the one before `before` (its place); of one action where `ref`
    is given, and NotFound where the plan never had it."""
    names = "id version at by_id by_name by_role kind ref row_version step changes state request_id"
    statement = select(*columns_of(PlanChange, names)).where(col(PlanChange.plan_id) == plan_id)
    if ref is not None:
        statement = statement.where(col(PlanChange.row).in_(_rows_called(session, plan_id, ref)))
    if before is not None:
        statement = statement.where(col(PlanChange.id) < before)
    if as_of is not None:
        statement = statement.where(col(PlanChange.at) <= as_of)
    return [_change_view(row) for row in session.execute(statement.order_by(col(PlanChange.id).desc()).limit(limit))]


def _change_view(row: Any) -> PlanChangeView:
    by = Actor(row.by_id, row.by_name, row.by_role)
    kind, source = PlanPart(row.kind), (row.state or {}).get("provenance")
    told = (row.step, row.changes, row.state is None, source, row.request_id, row.id)
    return PlanChangeView(row.version, row.at, by, kind, row.ref, row.row_version, *told)


def _rows_called(session: Session, plan_id: str, ref: str) -> list[int]:
    """The rows of the actions that have, or had, this reference."""
    statement = select(col(PlanChange.row)).where(
        col(PlanChange.plan_id) == plan_id, col(PlanChange.kind) == PlanPart.ACTION.value, col(PlanChange.ref) == ref
    )
    rows = [row for row in set(session.scalars(statement)) if row is not None]
    if not rows:
        raise unknown_action(ref)
    return rows


def unknown_action(ref: str) -> NotFound:
    return NotFound("not-found", f"The plan has no action {ref!r}. GET the plan: each action has its `ref`.")
