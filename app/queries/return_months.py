"""Which months have a return, how final each is, and where its rows come from."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import Conflict, FieldFault, Invalid, NotFound
from app.models import Prison, ReturnRevision
from app.rules.moments import london_date
from app.rules.returns import Month, ReturnStatus, month_of, months_back


@dataclass(frozen=True, slots=True)
class RevisionView:
    """A month as it was fixed: by whom, when and why. `digest` is the SHA-256 of its rows, one JSON text a line."""

    month: str
    revision: int
    digest: str
    rows: int
    reason: str | None
    corrections: dict[str, datetime]
    frozen_at: datetime
    frozen_by: str


@dataclass(frozen=True, slots=True)
class ReturnMonthView:
    """A month and how final its return is. `revision` is the latest of `revisions`, which has the newest first."""

    month: str
    status: ReturnStatus
    provisional: bool
    revision: int | None
    revisions: list[RevisionView]


@dataclass(frozen=True, slots=True)
class ReturnSourceView:
    """Where a month's rows come from: a frozen revision, or the programme as of a moment (None: now).

    `region` is a slug where the rows of one region are wanted.
    """

    month: Month
    day: date
    as_of: datetime | None
    is_over: bool
    revision: RevisionView | None
    region: str | None

    @property
    def is_provisional(self) -> bool:
        """Until the month is frozen its rows may still change."""
        return self.revision is None

    @property
    def revision_number(self) -> int | None:
        return None if self.revision is None else self.revision.revision


@dataclass(frozen=True, slots=True)
class ReturnAsked:
    """What is asked of a month's return: all or one region, any state or a frozen one, the latest revision or one."""

    region: str | None = None
    frozen: bool = False
    revision: int | None = None


def list_months(session: Session, *, at: datetime, as_of: datetime | None = None) -> list[ReturnMonthView]:
    """Every month from the first record to the present one, newest first, as known now or at a moment."""
    first, last = _first_month(session), month_of(as_of or at)
    known: dict[str, list[RevisionView]] = defaultdict(list)
    for one in _revisions(session, until=as_of):
        known[one.month].append(one)
    return [
        _month_view(month, month == last, known[str(month)]) for month in (months_back(last, first) if first else ())
    ]


def _month_view(month: Month, is_running: bool, revisions: list[RevisionView]) -> ReturnMonthView:
    latest = revisions[0].revision if revisions else None
    over = ReturnStatus.FROZEN if revisions else ReturnStatus.NOT_FROZEN
    status = ReturnStatus.PROVISIONAL if is_running else over
    return ReturnMonthView(str(month), status, latest is None, latest, revisions)


def _first_month(session: Session) -> Month | None:
    began = session.scalar(select(func.min(col(Prison.registered_at))))
    return month_of(began) if began else None


def find_source(
    session: Session, month: Month, asked: ReturnAsked | None = None, *, at: datetime, as_of: datetime | None = None
) -> ReturnSourceView:
    """The month's return as it is answered now (`at`), or as it was answered at a moment.

    Invalid for a month that was still to come then, NotFound for one before the first record and for a revision that
    there is not, Conflict where only a frozen one will do and it is not.
    """
    asked, moment = asked or ReturnAsked(), as_of or at
    if month > month_of(moment):
        detail = f"{month} has not begun. Ask for the current month or an earlier one."
        raise Invalid("moment-in-future", detail, [FieldFault("month", detail)])
    first = _first_month(session)
    if first is None or month < first:
        begin = f"the programme's records begin with {first}" if first else "nothing is recorded yet"
        raise NotFound("not-found", f"There is no return for {month}: {begin}.")
    frozen = [one for one in list_revisions(session, month, until=moment) if asked.revision in (None, one.revision)]
    if asked.revision is not None and not frozen:
        raise NotFound(
            "not-found", f"{month} has no revision {asked.revision}. GET /v1/returns/{month}/revisions lists them."
        )
    if asked.frozen and not frozen:
        raise _not_frozen(month, is_over=month < month_of(moment))
    if month == month_of(moment):
        return ReturnSourceView(month, london_date(moment), as_of, is_over=False, revision=None, region=asked.region)
    revision = next(iter(frozen), None)
    return ReturnSourceView(month, month.last, month.end, is_over=True, revision=revision, region=asked.region)


def _not_frozen(month: Month, *, is_over: bool) -> Conflict:
    wait = "Ask again once a national key has frozen it" if is_over else f"It can be frozen once {month} is over"
    return Conflict(
        "not-frozen",
        f"{month} is not frozen, so its rows may still change. {wait}, or leave `frozen` out to read it as it stands.",
    )


def list_revisions(session: Session, month: Month, *, until: datetime | None = None) -> list[RevisionView]:
    """A month's revisions, newest first."""
    return _revisions(session, col(ReturnRevision.month) == str(month), until=until)


def _revisions(session: Session, *wanted: ColumnElement[bool], until: datetime | None) -> list[RevisionView]:
    statement = select(ReturnRevision).where(*wanted)
    if until is not None:
        statement = statement.where(col(ReturnRevision.frozen_at) <= until)
    rows = session.scalars(statement.order_by(col(ReturnRevision.revision).desc()))
    return [
        RevisionView(
            month=row.month,
            revision=row.revision,
            digest=row.digest,
            rows=row.row_count,
            reason=row.reason,
            corrections={code: datetime.fromisoformat(text) for code, text in sorted(row.corrections.items())},
            frozen_at=row.frozen_at,
            frozen_by=row.frozen_by,
        )
        for row in rows
    ]
