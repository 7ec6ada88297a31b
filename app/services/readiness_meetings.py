"""Recording readiness meetings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.errors import FieldFault, Invalid
from app.models import ReadinessMeeting, table_of
from app.queries.readiness_meetings import MEETING_JSON, ReadinessMeetingView, counting_items
from app.rules.access import Caller
from app.rules.decision import Change
from app.rules.moments import london_date
from app.services.audit import Act
from app.services.events import Announcement
from app.services.opened import Entry, OpenedPrison, open_prison
from app.services.writing import append_change

PROGRAMME_BEGAN = date(2006, 4, 1)
_RECORD = insert(table_of(ReadinessMeeting)).inline()


@dataclass(frozen=True, slots=True)
class NewMeeting:
    """What to record: the day on which the meeting was held or why it was not, who took part, ids of its papers."""

    held_on: date | None
    not_held_reason: str | None
    who: Sequence[str]
    evidence: Sequence[str]


def record_meeting(session: Session, code: str, new: NewMeeting, *, caller: Caller) -> ReadinessMeetingView:
    """Keep that a meeting was held, or why none was. The next statement that is raised shows the newest.

    Invalid unless there is either a day or a reason, for a day to come or before the programme, and for papers that
    are not the prison's.
    """
    opened = open_prison(session, code, caller)
    _refuse_malformed(session, opened, new)
    prison, by = opened.facts, caller.by
    view = ReadinessMeetingView(
        id=str(uuid4()),
        prison=prison.code,
        held_on=new.held_on,
        not_held_reason=new.not_held_reason,
        who=list(new.who),
        evidence=list(new.evidence),
        at=opened.at,
        by=by.name,
    )
    row = {name: getattr(view, name) for name in ("id", "held_on", "not_held_reason", "who", "evidence", "at", "by")}
    row |= {"prison_id": prison.id, "by_id": by.id, "by_role": by.role}
    action, subject = "readiness_meeting.recorded", f"/v1/prisons/{prison.code}/readiness-meetings/{view.id}"
    state = MEETING_JSON.dump_python(view, mode="json")
    # Names and reasons stay within the scope; everybody reads the feed.
    event = Announcement(action, prison, opened.at, subject, {"held_on": state["held_on"]})
    entry = Entry(Act(action, subject, None, state), event, [(_RECORD, row)])
    append_change(session, opened, opened.decide(Change()), [entry])
    return view


def _refuse_malformed(session: Session, opened: OpenedPrison, new: NewMeeting) -> None:
    faults = []
    if (new.held_on is None) == (new.not_held_reason is None):
        faults.append(FieldFault("/held_on", "give either the day on which it was held or a not_held_reason"))
    elif new.held_on is not None and new.held_on > london_date(opened.at):
        faults.append(FieldFault("/held_on", "is to come: record the meeting once it has been held"))
    elif new.held_on is not None and new.held_on < PROGRAMME_BEGAN:
        faults.append(FieldFault("/held_on", "is before 1 April 2006, when the programme began: give the right day"))
    who = [" ".join(name.casefold().split()) for name in new.who]
    faults += [
        FieldFault(f"/{field}/{place}", "given twice: once is enough")
        for field, given in (("who", who), ("evidence", new.evidence))
        for place, one in enumerate(given)
        if one in given[:place]
    ]
    known = counting_items(session, opened.facts.id, list(new.evidence)) if new.evidence else set()
    faults += [
        FieldFault(f"/evidence/{place}", "is no evidence of this prison, or was withdrawn: add it to a section first")
        for place, item in enumerate(new.evidence)
        if item not in known
    ]
    if faults:
        raise Invalid("invalid-input", "Put right what the pointers name and record the meeting again.", faults)
