"""Partnerships: made, and changed as prisons join and leave."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import Conflict, FieldFault, Forbidden, Invalid, Outdated
from app.models import Partnership, PartnershipPrison, table_of
from app.queries.partnerships import PartnershipView, find_partnership, read_members, read_prisons_named
from app.rules.access import Caller, scope_refusal
from app.rules.prison import PrisonFacts
from app.services.audit import Act, record_all
from app.services.events import Announcement, feed_writes
from app.services.opened import moment_of_change
from app.services.turns import wait_for_turn
from app.storage.batch import send_all

_PARTNERSHIP, _MEMBER = table_of(Partnership), table_of(PartnershipPrison)


def make_partnership(session: Session, name: str, codes: Sequence[str], *, caller: Caller) -> PartnershipView:
    """Make a partnership of these prisons; Forbidden where one of them is out of scope, Conflict where the name is
    taken."""
    prisons = _prisons(session, codes, caller, former=frozenset())
    _take_name(session, name)
    own = {"id": str(uuid4()), "name": name, "region": prisons[0].region, "version": 1}
    at = caller.moment()
    session.execute(insert(_PARTNERSHIP).values(**own, changed_at=at, changed_by=caller.by.name))
    session.execute(insert(_MEMBER), [{"partnership_id": own["id"], "prison_id": one.id} for one in prisons])
    return _told(session, "made", None, str(own["id"]), prisons, caller)


def change_partnership(
    session: Session, named: str, given: dict[str, Any], *, caller: Caller, versions: frozenset[int] | None
) -> PartnershipView:
    """Change a partnership's name, or which prisons it has; what is left out stays."""
    own = find_partnership(session, named, caller.by).id
    session.execute(select(col(Partnership.id)).where(col(Partnership.id) == own).with_for_update())
    before = find_partnership(session, own, caller.by)
    if versions is not None and before.version not in versions:
        raise Outdated("outdated-copy", "Someone has changed the partnership since you read it. Read it again first.")
    name, former = given.get("name", before.name), read_members(session, own)
    prisons = former
    if "prisons" in given:
        prisons = _prisons(session, given["prisons"], caller, former=frozenset(before.prisons))
    if name == before.name and [one.code for one in prisons] == before.prisons:
        return before
    if name != before.name:
        _take_name(session, name)
    values: dict[str, Any] = {"name": name, "version": before.version + 1, "region": prisons[0].region}
    if any(one.region == before.region.slug for one in prisons):
        values["region"] = before.region.slug
    at = moment_of_change(caller.moment(), before.updated_at, None)
    session.execute(
        update(_PARTNERSHIP).where(_PARTNERSHIP.c.id == own).values(**values, changed_at=at, changed_by=caller.by.name)
    )
    session.execute(delete(_MEMBER).where(_MEMBER.c.partnership_id == own))
    session.execute(insert(_MEMBER), [{"partnership_id": own, "prison_id": one.id} for one in prisons])
    # Those that leave are told as well.
    left = [one for one in former if one not in prisons]
    return _told(session, "changed", before, own, [*prisons, *left], caller)


def _prisons(session: Session, codes: Sequence[str], caller: Caller, *, former: frozenset[str]) -> list[PrisonFacts]:
    """The prisons with these codes, each within the caller's scope or in the partnership already."""
    wanted = [code.upper() for code in codes]
    known = read_prisons_named(session, wanted)
    faults = []
    for place, code in enumerate(wanted):
        if code not in known:
            faults.append(
                FieldFault(f"/prisons/{place}", f"no prison {code} is registered: GET /v1/prisons has the codes")
            )
        elif code in wanted[:place]:
            faults.append(FieldFault(f"/prisons/{place}", f"{code} stands here twice: name each prison once"))
    if faults:
        detail = "; ".join(fault.detail for fault in faults[:3])
        raise Invalid("invalid-input", f"Put right the prisons: {detail}.", faults)
    for one in known.values():
        reason = scope_refusal(caller.by, prison=one.code, region=one.region)
        if reason is not None and one.code not in former:
            raise Forbidden(reason.code, reason.detail)
    return [known[code] for code in sorted(wanted)]


def _take_name(session: Session, name: str) -> None:
    wait_for_turn(session, f"partnership {name}")
    if session.scalar(select(col(Partnership.id)).where(col(Partnership.name) == name)) is not None:
        detail = f"There is a partnership {name!r} already. Give this one another name."
        raise Conflict("partnership-exists", detail, [FieldFault("/name", detail)])


def _told(
    session: Session,
    verb: str,
    before: PartnershipView | None,
    own: str,
    prisons: Sequence[PrisonFacts],
    caller: Caller,
) -> PartnershipView:
    view = find_partnership(session, own, caller.by)
    subject, action = f"/v1/partnerships/{own}", f"partnership.{verb}"
    content = {"version": view.version, "prisons": view.prisons}
    events = [Announcement(action, one, view.updated_at, subject, content) for one in prisons]
    send_all(session.connection(), feed_writes(session, events, has_webhooks=True))
    act = Act(action, subject, _document(before), _document(view))
    record_all(session, [act], caller=caller, at=view.updated_at)
    return view


def _document(view: PartnershipView | None) -> dict[str, Any] | None:
    return None if view is None else asdict(view) | {"updated_at": view.updated_at.isoformat()}
