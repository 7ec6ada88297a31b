"""Lists of statements: which of them a caller may see, and which of those are asked for."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, String, cast, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import FieldFault, Invalid
from app.models import Signatory, Statement
from app.queries.scope import within_scope
from app.queries.statements import StatementView, select_statements, statement_views
from app.queries.toolkits import role_keys
from app.rules.access import Principal
from app.rules.statement import OPEN, Standing, StatementStatus


@dataclass(frozen=True, slots=True)
class StatementFilter:
    """Which statements to list; None leaves a filter out. `prison` is a code and `region` a slug.

    `awaiting` is a role that a raised statement has no signature of. `is_date_passed` says whether the planned date
    of an open statement lies before `today` and the prison has not gone live.
    """

    today: date
    prison: str | None = None
    region: str | None = None
    status: StatementStatus | None = None
    standing: Standing | None = None
    awaiting: str | None = None
    is_date_passed: bool | None = None


def list_statements(
    session: Session, wanted: StatementFilter, by: Principal, *, after: tuple[datetime, str] | None, limit: int
) -> list[StatementView]:
    """Statements within the caller's scope, newest first, from the one after `after` (its moment and id).

    Forbidden for a prison or a region beyond the scope, Invalid for a role that no toolkit has: an empty list would
    read as if there were none.
    """
    if wanted.awaiting is not None and wanted.awaiting not in (roles := role_keys(session)):
        detail = f"give one of the roles {', '.join(roles)}"
        raise Invalid("invalid-input", f"Correct ?awaiting: {detail}.", [FieldFault("?awaiting", detail)])
    raised_at, identity = col(Statement.raised_at), col(Statement.id)
    scope = within_scope(session, by, prison=wanted.prison, region=wanted.region)
    statement = select_statements().where(*scope, *_conditions(wanted))
    if after is not None:
        at, last = after
        statement = statement.where((raised_at < at) | ((raised_at == at) & (identity < last)))
    rows = session.execute(statement.order_by(raised_at.desc(), identity.desc()).limit(limit))
    return statement_views(session, rows.all())


def _conditions(wanted: StatementFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.status is not None:
        found.append(col(Statement.status) == wanted.status)
    if wanted.standing is not None:
        is_in_force = cast(col(Statement.breached_sections), String) == "[]"
        found.append(col(Statement.status).in_((StatementStatus.ISSUED, StatementStatus.SUPERSEDED)))
        found.append(is_in_force if wanted.standing is Standing.IN_FORCE else ~is_in_force)
    if wanted.awaiting is not None:
        unsigned = (col(Signatory.role) == wanted.awaiting) & col(Signatory.signed_at).is_(None)
        waiting = select(col(Signatory.statement_id)).where(unsigned)
        found.append((col(Statement.status) == StatementStatus.RAISED) & col(Statement.id).in_(waiting))
    if wanted.is_date_passed is not None:
        has_passed = (
            col(Statement.status).in_(sorted(OPEN))
            & (col(Statement.go_live_date) < wanted.today)
            & col(Statement.live_on).is_(None)
        )
        found.append(has_passed if wanted.is_date_passed else ~has_passed)
    return found
