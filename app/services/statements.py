"""Raising, signing and withdrawing Statements of Readiness, and naming who signs them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import Conflict, FieldFault, Forbidden, Invalid, Refused
from app.models import Signatory, Statement, table_of
from app.queries.attestation import attested_payload
from app.queries.readiness_meetings import MEETING_JSON, newest_meeting
from app.queries.statements import (
    SignatoryView,
    StatementView,
    read_any_statement,
    read_own_statement,
    read_payload,
)
from app.rules.access import Caller, Principal, Role
from app.rules.decision import Change
from app.rules.going_live import has_passed
from app.rules.moments import london_date
from app.rules.raising import (
    may_be_raised,
    missing_signatories,
    target_dates_passed,
)
from app.rules.statement import (
    Standing,
    StatementFacts,
    StatementStatus,
    Step,
    may_be_replaced,
    may_be_signed,
    may_be_withdrawn,
    serial_number,
)
from app.services.open_statements import open_statement, refuse, take_steps
from app.services.opened import OpenedPrison, open_prison
from app.services.raising import refuse_unready
from app.storage.batch import Write

# Given the view of a statement that has all its signatures, the credential (a JWS) over it.
Sealer = Callable[[StatementView, str], str]


@dataclass(frozen=True, slots=True)
class NamedSignatory:
    """A person named for one of the toolkit's roles."""

    role: str
    name: str
    email: str | None


def raise_statement(
    session: Session, code: str, go_live_date: date, people: Sequence[NamedSignatory], *, caller: Caller
) -> StatementView:
    """Freeze what the prison attests, and name those who are to sign it.

    Refused while the prison is not eligible, a statement or a challenge is open, a GREEN section lacks what it rests
    on, an AMBER one does not say what is left to do, or a required role has no person; Invalid for a role that the
    toolkit does not have, one named twice, or a date that has passed.
    """
    opened = open_prison(session, code, caller)
    _refuse_malformed(opened, go_live_date, people)
    go_live = opened.decide(Change()).readiness.go_live
    refuse(may_be_raised(go_live, [one.status for one in opened.statements]), Conflict)
    refuse(missing_signatories(opened.toolkit, [person.role for person in people]))
    refuse_unready(opened)
    meeting = _newest_meeting(session, opened)
    payload, digest = attested_payload(session, opened.situation, go_live_date, opened.at, meeting)
    facts = StatementFacts(
        id=str(uuid4()),
        serial=None,
        status=StatementStatus.RAISED,
        standing=None,
        digest=digest,
        go_live_date=go_live_date,
        attested_go_live_date=go_live_date,
        live_on=None,
        breached_sections=(),
    )
    passed = target_dates_passed(opened.answers.assessments, london_date(opened.at))
    take_steps(
        session,
        opened,
        Step("raised", None, facts, details={"target_dates_passed": passed} if passed else None),
        before=[
            (_RAISE, _statement_row(opened, facts, payload, meeting)),
            (_NAME_SIGNATORY, _signatory_rows(opened, facts.id, people)),
        ],
    )
    return read_any_statement(session, facts.id)


def sign_statement(
    session: Session, statement_id: str, role: str, name: str, digest: str, *, caller: Caller, seal: Sealer
) -> StatementView:
    """Sign one's own role, once; the last signature issues the statement.

    Forbidden for anyone but the signatory of that role at that prison, Refused once it is not open any more.
    `digest` must be the statement's: it says what the signatory was shown.
    """
    view = read_own_statement(session, statement_id, caller.by)
    opened = open_prison(session, view.prison, caller)
    # Read again under the lock: another signature may have come first.
    view = read_any_statement(session, statement_id)
    _refuse_others_role(caller.by, role)
    person = _signatory(view, role)
    refuse(may_be_signed(view.status, person.signed_at is not None), Conflict)
    if digest != view.digest:
        detail = "The digest that you sent is not this statement's. Read the statement again and sign what it shows."
        raise Refused("digest-differs", detail, [FieldFault("/digest", "not the statement's")])
    signed: Write = (_CHANGE_SIGNATORY, {"of_statement": statement_id, "of_role": role} | _signature(opened, name))
    facts = _facts(opened, statement_id)
    steps = [Step("signed", facts, facts, f"{role}: {name}")]
    is_last = all(one.signed_at is not None for one in view.signatories if one.role != role)
    if is_last:
        refuse(has_passed(facts, london_date(opened.at)), Conflict)
        steps += _issuing_steps(session, opened, facts)
    take_steps(session, opened, *steps, before=[signed])
    if is_last:
        _seal(session, facts.id, seal)
    return read_any_statement(session, statement_id)


def replace_signatory(
    session: Session, statement_id: str, person: NamedSignatory, reason: str, *, caller: Caller
) -> StatementView:
    """Name another person for a role that has not signed yet. Who was named before is kept, with the reason."""
    opened, facts = open_statement(session, statement_id, caller)
    view = read_any_statement(session, statement_id)
    before = _signatory(view, person.role)
    refuse(may_be_replaced(view.status, before.signed_at is not None), Conflict)
    named = {"name": person.name, "email": person.email}
    told = {"role": person.role, "from": before.name, "to": person.name}
    step = Step("signatory_replaced", facts, facts, reason, details=told)
    row: Write = (_CHANGE_SIGNATORY, {"of_statement": statement_id, "of_role": person.role} | named)
    take_steps(session, opened, step, before=[row])
    return read_any_statement(session, statement_id)


def withdraw_statement(session: Session, statement_id: str, reason: str, *, caller: Caller) -> StatementView:
    """Take back a statement that is raised or issued, with the reason. Signatures and history stay.

    A prison takes back what has not been issued; afterwards its region does.
    """
    opened, facts = open_statement(session, statement_id, caller, may_be_closed=True)
    refuse(may_be_withdrawn(facts.status, by_prison=caller.by.role is Role.PRISON), Conflict)
    after = replace(facts, status=StatementStatus.WITHDRAWN, standing=None)
    take_steps(session, opened, Step("withdrawn", facts, after, reason))
    return read_any_statement(session, statement_id)


def _issuing_steps(session: Session, opened: OpenedPrison, facts: StatementFacts) -> list[Step]:
    """Number the fully signed statement, and let it take the place of an earlier one."""
    code, year = opened.facts.code, london_date(opened.at).year
    count = session.scalar(
        select(func.count()).select_from(Statement).where(col(Statement.serial).like(f"SOR-{code}-{year}-%"))
    )
    earlier = next((one for one in opened.statements if one.status is StatementStatus.ISSUED), None)
    after = replace(
        facts,
        status=StatementStatus.ISSUED,
        standing=Standing.IN_FORCE,
        serial=serial_number(code, year, (count or 0) + 1),
        # A prison that is live stays live when its statement is renewed.
        live_on=opened.facts.live_on,
    )
    issued = Step("issued", facts, after, columns={"issued_at": opened.at})
    if earlier is None:
        return [issued]
    ended = replace(earlier, status=StatementStatus.SUPERSEDED)
    reason = f"superseded by {after.serial}"
    return [Step("superseded", earlier, ended, reason, {"superseded_by": facts.id}), issued]


def _seal(session: Session, statement_id: str, seal: Sealer) -> None:
    """Keep the credential over a statement that has just been issued."""
    view = read_any_statement(session, statement_id)
    payload = read_payload(session, statement_id)
    session.execute(update(Statement).where(col(Statement.id) == statement_id).values(credential=seal(view, payload)))


def _signatory(view: StatementView, role: str) -> SignatoryView:
    for person in view.signatories:
        if person.role == role:
            return person
    named = ", ".join(person.role for person in view.signatories)
    fault = FieldFault("/role", f"give one of {named}")
    raise Invalid("invalid-input", f"The role {role!r} is not named on this statement.", [fault])


def _facts(opened: OpenedPrison, statement_id: str) -> StatementFacts:
    """The statement, locked with its prison."""
    return next(one for one in opened.statements if one.id == statement_id)


_RAISE = insert(table_of(Statement)).inline()
_NAME_SIGNATORY = insert(table_of(Signatory)).inline()
_CHANGE_SIGNATORY = update(table_of(Signatory)).where(
    table_of(Signatory).c.statement_id == bindparam("of_statement"), table_of(Signatory).c.role == bindparam("of_role")
)


def _newest_meeting(session: Session, opened: OpenedPrison) -> dict[str, Any] | None:
    """As the statement shows and attests it."""
    found = newest_meeting(session, opened.facts.id)
    return MEETING_JSON.dump_python(found, mode="json") if found else None


def _statement_row(
    opened: OpenedPrison, facts: StatementFacts, payload: str, meeting: dict[str, Any] | None
) -> dict[str, Any]:
    return {
        "id": facts.id,
        "prison_id": opened.facts.id,
        "status": facts.status,
        "toolkit_version": opened.facts.toolkit_version,
        "go_live_date": facts.go_live_date,
        "attested_go_live_date": facts.attested_go_live_date,
        "payload": payload,
        "digest": facts.digest,
        "breached_sections": [],
        "readiness_meeting": meeting,
        "raised_at": opened.at,
        "raised_by": opened.caller.by.name,
        "version": 0,
    }


def _signature(opened: OpenedPrison, name: str) -> dict[str, Any]:
    return {"signed_at": opened.at, "signed_as": name, "signed_by": opened.caller.by.id}


def _signatory_rows(opened: OpenedPrison, statement_id: str, people: Sequence[NamedSignatory]) -> list[dict[str, Any]]:
    by_role = {person.role: person for person in people}
    named = [role for role in opened.toolkit.signatory_roles if role.key in by_role]
    return [
        {
            "statement_id": statement_id,
            "role": role.key,
            "position": place,
            "title": role.title,
            "name": by_role[role.key].name,
            "email": by_role[role.key].email,
        }
        for place, role in enumerate(named, start=1)
    ]


def _refuse_malformed(opened: OpenedPrison, go_live_date: date, people: Sequence[NamedSignatory]) -> None:
    roles = {role.key for role in opened.toolkit.signatory_roles}
    faults = []
    if go_live_date < london_date(opened.at):
        faults.append(FieldFault("/go_live_date", "has passed: give the planned date, today or later"))
    for place, person in enumerate(people):
        if person.role not in roles:
            faults.append(FieldFault(f"/signatories/{place}/role", f"give one of {', '.join(sorted(roles))}"))
        elif person.role in [one.role for one in people[:place]]:
            faults.append(FieldFault(f"/signatories/{place}/role", "named twice: one person for each role"))
    if faults:
        raise Invalid("invalid-input", "Put right what the pointers name and raise the statement again.", faults)


def _refuse_others_role(by: Principal, role: str) -> None:
    if by.signatory_role != role:
        detail = f"This key signs as {by.signatory_role}, and nobody can sign for another role."
        raise Forbidden("not-your-signature", detail, [FieldFault("/role", f"give {by.signatory_role}")])
