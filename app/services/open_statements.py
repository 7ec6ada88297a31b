"""A statement opened for a step of its life, and the step stored with what it does to the prison's verdict."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import DomainError, FieldFault, Refused
from app.models import Statement
from app.queries.statements import facts_of_statement, read_own_statement
from app.rules.access import Caller
from app.rules.decision import Change
from app.rules.prison import PrisonFacts
from app.rules.statement import StatementFacts, Step
from app.rules.types import Reason
from app.services.opened import Entry, OpenedPrison, open_prison
from app.services.writing import append_change
from app.storage.batch import Write


def open_statement(
    session: Session, statement_id: str, caller: Caller, *, may_be_closed: bool = False
) -> tuple[OpenedPrison, StatementFacts]:
    """The statement's prison, locked, and the statement as it is under that lock."""
    view = read_own_statement(session, statement_id, caller.by)
    opened = open_prison(session, view.prison, caller, may_be_closed=may_be_closed)
    statement = select(Statement).where(col(Statement.id) == statement_id).execution_options(populate_existing=True)
    return opened, facts_of_statement(session.scalars(statement).one())


def take_steps(
    session: Session,
    opened: OpenedPrison,
    *steps: Step,
    prison: PrisonFacts | None = None,
    before: Sequence[Write] = (),
) -> None:
    """Store steps of the prison's statements and what they do to its verdict; `before` is written first.

    `prison` is how the prison is known from now on, where that changes.
    """
    decision = opened.decide(Change(steps=steps, prison=prison))
    append_change(session, opened, decision, [Entry(None, None, before)])


def refuse(reason: Reason | None, kind: type[DomainError] = Refused) -> None:
    """Raise what a rule has against it, if anything."""
    if reason is not None:
        faults = [FieldFault(reason.pointer, reason.detail)] if reason.pointer else []
        raise kind(reason.code, reason.detail, faults)
