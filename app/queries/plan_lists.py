"""Plans as lists and as figures: which plans have such actions, and how the actions of many plans stand."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from app.models import Plan, PlanAction, SectionAssessment
from app.models.columns import UtcDateTime
from app.queries.partnerships import find_partnership
from app.queries.plan_views import (
    PlanActionView,
    PlanSummaryView,
    SectionCounts,
    StatusCounts,
    status_counts,
    summary_of,
)
from app.queries.plans import HEAD, head_of, is_about
from app.queries.scope import within_scope
from app.rules.access import Principal
from app.rules.plan import DUE_SOON, WITHOUT_DAY, ActionStatus
from app.rules.plan_document import PlanStatus

# The sections from which a prison can be exempt (rule 5), in every combination, as an action names them.
_EXEMPTIBLE = ((7,), (23,), (7, 23))


@dataclass(frozen=True, slots=True)
class ActionFilter:
    """Which actions are meant; None leaves a filter out. They are judged on the day `today`."""

    today: date
    section: int | None = None
    status: ActionStatus | None = None
    owner: str | None = None
    due_before: date | None = None

    def keeps(self, action: PlanActionView) -> bool:
        """The same filter on an action that has been read."""
        due = action.by_when.latest if action.status is not ActionStatus.DONE else None
        return (
            (self.section is None or self.section in action.sections)
            and (self.status is None or action.status is self.status)
            and (self.owner is None or _plain(self.owner) in map(_plain, action.by_whom))
            and (self.due_before is None or (due is not None and due < self.due_before))
        )


def _plain(owner: str) -> str:
    return owner.strip().lower()


@dataclass(frozen=True, slots=True)
class PlanFilter:
    """Which plans to list; None leaves a filter out. `region` is a slug, `prison` a code, `partnership` an id or a
    name; a plan is listed where one of its actions meets all of `actions`."""

    actions: ActionFilter
    prison: str | None = None
    partnership: str | None = None
    region: str | None = None
    status: PlanStatus | None = None


@dataclass(frozen=True, slots=True)
class PlanProgress:
    """How the actions of plans stand: all together, and by the section of the toolkit that they name."""

    plans: int
    counts: StatusCounts
    toolkit_sections: list[SectionCounts]


def list_plans(
    session: Session, wanted: PlanFilter, by: Principal, *, after: tuple[datetime, str] | None, limit: int
) -> list[PlanSummaryView]:
    """Plans within the caller's scope, newest first, from the one after `after`; Forbidden where a filter names what
    lies outside it."""
    order = (col(Plan.created_at), col(Plan.id))
    statement = HEAD.where(*_conditions(session, wanted, by)).order_by(*(one.desc() for one in order)).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(*order) < tuple_(literal(after[0], UtcDateTime()), literal(after[1])))
    heads = [head_of(row) for row in session.execute(statement)]
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    status = status_of(wanted.actions.today).label("status")
    own = col(PlanAction.plan_id).in_([head.id for head in heads])
    for plan_id, stands, number in session.execute(_with_plans(col(PlanAction.plan_id), status).where(own)):
        counts[plan_id][stands] = number
    return [summary_of(head, status_counts(counts[head.id])) for head in heads]


def read_progress(session: Session, wanted: PlanFilter, by: Principal) -> PlanProgress:
    """How the actions of the plans stand that the filter names, within the caller's scope."""
    conditions = _conditions(session, wanted, by)
    status = status_of(wanted.actions.today).label("status")
    found = session.execute(_with_plans(col(PlanAction.sections), status).where(*conditions)).all()
    plans = session.scalar(select(func.count()).select_from(Plan).where(*conditions)) or 0
    together: dict[str, int] = defaultdict(int)
    sections: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for named, stands, number in found:
        together[stands] += number
        for section in filter(None, named.split(",")):
            sections[int(section)][stands] += number
    by_section = [SectionCounts(one, status_counts(sections[one])) for one in sorted(sections)]
    return PlanProgress(plans, status_counts(together), by_section)


def _with_plans(group: Any, status: Any) -> Any:
    """How many actions stand how, within each group."""
    counted = select(group, status, func.count()).join(Plan, col(PlanAction.plan_id) == col(Plan.id))
    return counted.group_by(group, status)


def _conditions(session: Session, wanted: PlanFilter, by: Principal) -> list[ColumnElement[bool]]:
    found = [is_about(within_scope(session, by, prison=wanted.prison, region=wanted.region))]
    if wanted.partnership is not None:
        found.append(col(Plan.partnership_id) == find_partnership(session, wanted.partnership, by).id)
    if wanted.status is not None:
        found.append(col(Plan.status) == wanted.status.value)
    if wanted.actions != ActionFilter(wanted.actions.today):
        own = (col(PlanAction.plan_id) == col(Plan.id), *_of_actions(wanted.actions))
        found.append(select(col(PlanAction.row)).where(*own).correlate(Plan).exists())
    return found


def _of_actions(wanted: ActionFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.section is not None:
        found.append(col(PlanAction.sections).contains(f",{wanted.section},"))
    if wanted.owner is not None:
        found.append(col(PlanAction.owners).contains(f"\n{_plain(wanted.owner)}\n", autoescape=True))
    if wanted.status is not None:
        found.append(status_of(wanted.today) == wanted.status.value)
    if wanted.due_before is not None:
        found += [col(PlanAction.is_done).is_(False), col(PlanAction.latest) < wanted.due_before]
    return found


def status_of(today: date) -> ColumnElement[str]:
    """`action_status` in SQL, over an action and its plan: a test holds the two together."""
    action, latest = PlanAction, col(PlanAction.latest)
    return case(
        (col(action.is_done), ActionStatus.DONE.value),
        (or_(_is_exempt(), _waits()), ActionStatus.BLOCKED.value),
        (col(action.by_when_kind).in_([kind.value for kind in WITHOUT_DAY]), ActionStatus.NO_DATE.value),
        (latest.is_(None), ActionStatus.ON_TRACK.value),
        (latest < today, ActionStatus.OVERDUE.value),
        (latest <= today + DUE_SOON, ActionStatus.DUE_SOON.value),
        else_=ActionStatus.ON_TRACK.value,
    )


def _waits() -> ColumnElement[bool]:
    other = aliased(PlanAction)
    of_plan = (col(other.plan_id) == col(PlanAction.plan_id), col(other.ref) == col(PlanAction.waits_for))
    undone = select(col(other.row)).where(*of_plan, col(other.is_done).is_(False)).correlate(PlanAction).exists()
    return and_(col(PlanAction.waits_for).is_not(None), undone)


def _is_exempt() -> ColumnElement[bool]:
    found: ColumnElement[bool] = false()
    for numbers in _EXEMPTIBLE:
        text = "".join(f",{number}" for number in numbers) + ","
        found = or_(found, and_(col(PlanAction.sections) == text, *map(_has_exemption, numbers)))
    return found


def _has_exemption(number: int) -> ColumnElement[bool]:
    of_prison = (col(SectionAssessment.prison_id) == col(Plan.prison_id), col(SectionAssessment.number) == number)
    statement = select(col(SectionAssessment.number)).where(*of_prison, col(SectionAssessment.exemption).is_not(None))
    return statement.correlate(Plan).exists()
