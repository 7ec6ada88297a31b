"""Checking what somebody holds in their hand against what was issued."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Prison, Statement
from app.queries.statements import standing_of
from app.rules.statement import Standing, StatementStatus


@dataclass(frozen=True, slots=True)
class IssuedFacts:
    """What the service itself knows of an issued statement. `credential` is as it was issued."""

    id: str
    prison: str
    serial: str
    digest: str
    status: StatementStatus
    standing: Standing | None
    breached_sections: Sequence[int]
    issued_at: datetime
    go_live_date: date
    attested_go_live_date: date
    live_on: date | None
    service_ended_on: date | None
    superseded_by: str | None
    withdrawn_at: datetime | None
    credential: str


def issued_by_serial(session: Session, serial: str) -> IssuedFacts | None:
    """The statement that was issued under a serial, whatever became of it since."""
    row = session.execute(
        select(Statement, col(Prison.code))
        .join(Prison, col(Prison.id) == col(Statement.prison_id))
        .where(col(Statement.serial) == serial)
    ).first()
    if row is None:
        return None
    one: Statement = row.Statement
    successor = (
        session.scalar(select(col(Statement.serial)).where(col(Statement.id) == one.superseded_by))
        if one.superseded_by
        else None
    )
    assert one.serial is not None
    assert one.issued_at is not None
    assert one.credential is not None
    return IssuedFacts(
        id=one.id,
        prison=row.code,
        serial=one.serial,
        digest=one.digest,
        status=StatementStatus(one.status),
        standing=standing_of(one.status, one.breached_sections),
        breached_sections=one.breached_sections,
        issued_at=one.issued_at,
        go_live_date=one.go_live_date,
        attested_go_live_date=one.attested_go_live_date,
        live_on=one.live_on,
        service_ended_on=one.service_ended_on,
        superseded_by=successor,
        withdrawn_at=one.ended_at if one.status == StatementStatus.WITHDRAWN else None,
        credential=one.credential,
    )
