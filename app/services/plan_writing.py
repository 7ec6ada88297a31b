"""The one way in which a plan is stored, whatever changed it, and how it is opened for that."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import FieldFault, Outdated, Refused, refusal
from app.models import Partnership, Plan, PlanAction, PlanChange, PlanHeading, PlanUpdate, table_of
from app.queries.partnerships import read_members
from app.queries.plans import PlanHead, read_document, read_own_plan
from app.rules.access import Caller
from app.rules.assessment import differences
from app.rules.plan_content import without_source
from app.rules.plan_document import PlanDocument, PlanPart, Row, State, faults_of, is_done
from app.rules.prison import PrisonFacts
from app.rules.types import Reason
from app.services.audit import Act, chain_writes, record_all
from app.services.events import Announcement, feed_writes
from app.services.opened import OpenedPrison, moment_of_change, open_prison
from app.storage.batch import Row as Values
from app.storage.batch import Write, send_all

_PLAN, _HEADING, _ACTION = table_of(Plan), table_of(PlanHeading), table_of(PlanAction)
_TABLES = {PlanPart.SECTION: _HEADING, PlanPart.OBJECTIVE: _HEADING, PlanPart.ACTION: _ACTION}
_ADD_PLAN, _APPEND = insert(_PLAN).inline(), insert(table_of(PlanChange)).inline()
_TELL = insert(table_of(PlanUpdate)).inline()
_CHANGE_PLAN = update(_PLAN).where(_PLAN.c.id == bindparam("of_plan"))
_ADD = {table: insert(table).inline() for table in (_HEADING, _ACTION)}
_OF_ROW = {
    table: (table.c.plan_id == bindparam("of_plan"), table.c.row == bindparam("of_row"))
    for table in (_HEADING, _ACTION)
}
_CHANGE = {table: update(table).where(*where) for table, where in _OF_ROW.items()}
_REMOVE = {table: delete(table).where(*where) for table, where in _OF_ROW.items()}


@dataclass(frozen=True, slots=True)
class PlanOwner:
    """Whose plan it is, locked: a prison, or a partnership with its prisons. `at` is when the change counts from."""

    caller: Caller
    at: datetime
    prisons: Sequence[PrisonFacts]
    prison: OpenedPrison | None = None
    partnership_id: str | None = None


@dataclass(frozen=True, slots=True)
class OpenedPlan:
    """A plan opened for a change, as it is now; `head` is None for one that is being made."""

    id: str
    owner: PlanOwner
    head: PlanHead | None
    plan: PlanDocument

    @property
    def version(self) -> int:
        return 0 if self.head is None else self.head.version


@dataclass(frozen=True, slots=True)
class NewUpdate:
    """What is told of a plan, or of one of its rows."""

    text: str
    on: date | None = None
    row: int | None = None
    provenance: State | None = None


@dataclass(frozen=True, slots=True)
class PlanAct:
    """What is done to a plan: the verb in its history, in the audit trail and in the feed; `subject` is what is
    behind the plan's address."""

    verb: str
    subject: str = ""
    updates: Sequence[NewUpdate] = ()
    pointers: dict[int, str] = field(default_factory=dict)


def owner_of_prison(session: Session, code: str, caller: Caller) -> PlanOwner:
    """A prison, locked; Forbidden where it is out of scope, Conflict where it has closed."""
    opened = open_prison(session, code, caller)
    return PlanOwner(caller, opened.at, [opened.facts], prison=opened)


def owner_of_partnership(session: Session, partnership_id: str, caller: Caller) -> PlanOwner:
    """A partnership, locked. Its scope has been checked by then."""
    session.execute(select(col(Partnership.id)).where(col(Partnership.id) == partnership_id).with_for_update())
    members = read_members(session, partnership_id)
    return PlanOwner(caller, caller.moment(), members, partnership_id=partnership_id)


def open_plan(session: Session, plan_id: str, caller: Caller, versions: frozenset[int] | None) -> OpenedPlan:
    """Lock whoever owns the plan, and read it; Forbidden where it is out of scope, Outdated where the caller's copy is
    of none of the `versions`."""
    head = read_own_plan(session, plan_id, caller.by)
    if head.partnership is not None:
        owner = owner_of_partnership(session, head.partnership.id, caller)
    else:
        owner = owner_of_prison(session, head.prison or "", caller)
    head = read_own_plan(session, plan_id, caller.by)
    refuse_outdated_copy(head.version, versions)
    at = moment_of_change(owner.at, head.changed_at, None)
    owner = PlanOwner(caller, at, owner.prisons, owner.prison, owner.partnership_id)
    return OpenedPlan(head.id, owner, head, read_document(session, head))


def refuse_outdated_copy(version: int, versions: frozenset[int] | None) -> None:
    if versions is not None and version not in versions:
        raise Outdated(
            "outdated-copy",
            "Someone has changed this since you read it. Read it again, look at what changed, and send your change "
            "with the new ETag.",
        )


def store_plan(session: Session, opened: OpenedPlan, after: PlanDocument, act: PlanAct) -> None:
    """Store what is different: the rows, a version of history for each that differs, the audit trail and the feed.

    Where nothing differs nothing is stored. Refused where the plan as a whole would not hold together.
    """
    refuse_plan(faults_of(after, act.pointers))
    changed = list(_changed(opened.plan, after))
    is_moved = opened.head is None or opened.plan.state != after.state
    if not (changed or is_moved or act.updates):
        return
    version, owner = opened.version + 1, opened.owner
    writes = [_plan_write(opened, after, act.verb, version)]
    for number, before, now in changed:
        writes.append(_row_write(opened.id, number, before, now))
    entries = [_entry(opened, act.verb, version, number, before, now) for number, before, now in changed]
    if is_moved:
        old = {} if opened.head is None else opened.plan.state
        entries.insert(0, _plan_entry(opened, act.verb, version, old, after.state))
    entries += [_told(opened, after, version, number) for number in _only_told(act, changed)]
    writes.append((_APPEND, [one | _stamp(owner) for one in entries]))
    if act.updates:
        writes.append((_TELL, [_update(opened, one, version) for one in act.updates]))
    _send(session, opened, after, act, version, writes)


def refuse_plan(reasons: Sequence[Reason]) -> None:
    if reasons:
        raise refusal([FieldFault(reason.pointer or "", reason.detail, reason.code) for reason in reasons])


def refuse_reason(reason: Reason | None) -> None:
    if reason is not None:
        raise Refused(reason.code, reason.detail)


def _changed(before: PlanDocument, after: PlanDocument) -> Iterator[tuple[int, Row | None, Row | None]]:
    """Each row that is new, says something else, or is gone. Those that are gone come first: their references may be
    taken by others."""
    for number in before.rows.keys() - after.rows.keys():
        yield number, before.rows[number], None
    for number, row in after.rows.items():
        old = before.rows.get(number)
        if old is None:
            yield number, None, row
        elif without_source(old.state) != without_source(row.state):
            yield number, old, Row(row.kind, row.state, old.version + 1)


def _plan_write(opened: OpenedPlan, after: PlanDocument, verb: str, version: int) -> Write:
    owner, head = opened.owner, opened.head
    values: dict[str, Any] = {"version": version, "status": after.state["status"], "state": dict(after.state)}
    values |= {"changed_at": owner.at, "changed_by": owner.caller.by.name}
    if verb == "approved":
        values |= {"approved_version": version, "approved_at": owner.at}
    if head is not None:
        return _CHANGE_PLAN, {"of_plan": opened.id, **values}
    prison_id = None if owner.prison is None else owner.prison.facts.id
    whose = {"prison_id": prison_id, "partnership_id": owner.partnership_id}
    return _ADD_PLAN, {"id": opened.id, "created_at": owner.at, **whose, **values}


def _row_write(plan_id: str, number: int, before: Row | None, now: Row | None) -> Write:
    table = _TABLES[(now or before).kind]  # type: ignore[union-attr]
    of_row = {"of_plan": plan_id, "of_row": number}
    if now is None:
        return _REMOVE[table], of_row
    values: dict[str, Any] = {"version": now.version, "state": dict(now.state)}
    values |= _searched(now.state) if now.kind is PlanPart.ACTION else {"kind": now.kind.value}
    if before is None:
        return _ADD[table], {"plan_id": plan_id, "row": number, **values}
    return _CHANGE[table], of_row | values


def _searched(state: State) -> dict[str, Any]:
    latest = state["by_when"]["latest"]
    owners = [owner.lower() for owner in state["by_whom"]["owners"]]
    return {
        "ref": state["ref"],
        "by_when_kind": state["by_when"]["kind"],
        "latest": None if latest is None else date.fromisoformat(latest),
        "is_done": is_done(state),
        "waits_for": state["waits_for"],
        "sections": "".join(f",{number}" for number in state["sections"]) + "," if state["sections"] else "",
        "owners": "\n" + "\n".join(owners) + "\n",
    }


def _entry(
    opened: OpenedPlan, verb: str, version: int, number: int, before: Row | None, now: Row | None
) -> dict[str, Any]:
    row = now or before
    assert row is not None
    old = {} if before is None else before.state
    said = {} if now is None else without_source(now.state)
    changes = differences({name: old.get(name) for name in said}, said) if now is not None else []
    step = "removed" if now is None else ("added" if before is None else verb)
    about = {"plan_id": opened.id, "row": number, "ref": _ref(row), "kind": row.kind.value, "step": step}
    state = None if now is None else dict(now.state)
    return about | {"version": version, "row_version": row.version, "changes": changes, "state": state}


def _ref(row: Row) -> str | None:
    ref: str | None = row.state["number"] if row.kind is PlanPart.SECTION else row.state["ref"]
    return ref


# What a plan's own history does not list among its changes: the rows have entries of their own.
_BESIDE = ("outline", "last_row")


def _plan_entry(opened: OpenedPlan, verb: str, version: int, old: State, state: State) -> dict[str, Any]:
    told = {name: value for name, value in state.items() if name not in _BESIDE}
    changes = differences({name: old.get(name) for name in told}, told)
    about = {"plan_id": opened.id, "row": None, "ref": None, "kind": PlanPart.PLAN.value, "step": verb}
    return about | {"version": version, "row_version": version, "changes": changes, "state": dict(state)}


def _only_told(act: PlanAct, changed: Sequence[tuple[int, Row | None, Row | None]]) -> list[int | None]:
    """The rows of which something is told, and that have no entry of this version otherwise."""
    entered = {number for number, *_ in changed}
    return [row for row in dict.fromkeys(one.row for one in act.updates) if row not in entered]


def _told(opened: OpenedPlan, after: PlanDocument, version: int, number: int | None) -> dict[str, Any]:
    row = None if number is None else after.rows[number]
    state, row_version = (after.state, version) if row is None else (row.state, row.version)
    kind = PlanPart.PLAN if row is None else row.kind
    ref = None if row is None else _ref(row)
    about = {"plan_id": opened.id, "row": number, "ref": ref, "kind": kind.value, "step": "update_added"}
    return about | {"version": version, "row_version": row_version, "changes": [], "state": dict(state)}


def _stamp(owner: PlanOwner) -> dict[str, Any]:
    by = owner.caller.by
    who = {"by_id": by.id, "by_name": by.name, "by_role": by.role}
    return {"at": owner.at, "request_id": owner.caller.request_id, **who}


def _update(opened: OpenedPlan, one: NewUpdate, version: int) -> Values:
    source = None if one.provenance is None else dict(one.provenance)
    told = {"row": one.row, "on": one.on, "text": one.text, "provenance": source, "version": version}
    return {"plan_id": opened.id, "by": opened.owner.caller.by.name, "at": opened.owner.at, **told}


def _send(
    session: Session, opened: OpenedPlan, after: PlanDocument, act: PlanAct, version: int, writes: list[Write]
) -> None:
    """The plan's rows with the audit entry, in its prison's chain or the service's, and an event for each prison.

    Everybody may read the feed: it is told which plan moved and how far it is, and nothing that it says.
    """
    owner, subject = opened.owner, f"/v1/plans/{opened.id}{act.subject}"
    old = None if opened.head is None else {"version": opened.version, **opened.plan.state}
    done = Act(f"plan.{act.verb}", subject, old, {"version": version, **after.state})
    content = {"version": version, "status": after.state["status"], "actions": len(after.of_kind(PlanPart.ACTION))}
    told = [Announcement(done.action, one, owner.at, subject, content) for one in owner.prisons]
    if owner.prison is not None:
        present = owner.prison.present
        chain = (owner.prison.facts.code, present.chain_end)
        writes += chain_writes([done], *chain, caller=owner.caller, at=owner.at)
    send_all(session.connection(), writes)
    send_all(session.connection(), feed_writes(session, told, has_webhooks=True))
    if owner.prison is None:
        record_all(session, [done], caller=owner.caller, at=owner.at)
