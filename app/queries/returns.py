"""The monthly return: one row a prison that was open in the month, as things stood at its end or as frozen."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from heapq import merge

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import FieldFault, Invalid, NotFound
from app.models import Prison, ReturnRevision, ReturnRow
from app.queries.programme.matrix import ratings_of
from app.queries.programme.periods import (
    BATCH,
    ProgrammeAt,
    digest_of,
    is_open_within,
    read_page,
    read_point,
    stream_points,
)
from app.rules.moments import london_date
from app.rules.programme import Point, is_open_during, is_quiet, numbers_in
from app.rules.readiness import Counts
from app.rules.regions import REGIONS
from app.rules.returns import Month, month_of
from app.rules.types import Rating


@dataclass(frozen=True, slots=True)
class ReturnStatementView:
    """The prison's open statement. Its dates are those of the steps; `go_live_date` is planned, `live_on` done."""

    serial: str | None
    status: str
    standing: str | None
    raised_at: datetime | None
    issued_at: datetime | None
    go_live_date: date | None
    live_on: date | None


@dataclass(frozen=True, slots=True)
class ReturnRowView:
    """One prison's row. `stale`: no section had changed for 28 days; `blockers` are section numbers."""

    code: str
    name: str
    region: str
    function: str
    toolkit_version: str
    stage: str
    commissioning_ready: bool
    eligible: bool
    counts: Counts
    ratings: dict[int, Rating]
    blockers: list[int]
    exempt: list[int]
    statement: ReturnStatementView | None
    last_update: datetime | None
    stale: bool


ROW_JSON = TypeAdapter(ReturnRowView)


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
class ReturnSource:
    """Where a month's rows come from: a frozen revision, or the programme as of a moment (None: now)."""

    month: Month
    day: date
    as_of: datetime | None
    is_provisional: bool
    revision: RevisionView | None


def find_source(
    session: Session, month: Month, *, at: datetime, as_of: datetime | None = None, revision: int | None = None
) -> ReturnSource:
    """The month's return as it is answered now (`at`), or as it was answered at a moment.

    Invalid for a month that was still to come then, NotFound for one before the first record.
    """
    moment = as_of or at
    if month > month_of(moment):
        detail = f"{month} has not begun. Ask for the current month or an earlier one."
        raise Invalid("moment-in-future", detail, [FieldFault("month", detail)])
    began = session.scalar(select(func.min(col(Prison.registered_at))))
    first = month_of(began) if began else None
    if first is None or month < first:
        begin = f"the programme's records begin with {first}" if first else "nothing is recorded yet"
        raise NotFound("not-found", f"There is no return for {month}: {begin}.")
    found = _revision(session, month, moment, revision)
    if found is None and revision is not None:
        raise NotFound(
            "not-found", f"{month} has no revision {revision}. GET /v1/returns/{month}/revisions lists them."
        )
    if month == month_of(moment):
        return ReturnSource(month, london_date(moment), as_of, is_provisional=True, revision=None)
    return ReturnSource(month, month.last, month.end, is_provisional=False, revision=found)


def read_rows(session: Session, source: ReturnSource, *, after: str | None, limit: int) -> list[tuple[str, bytes]]:
    """Codes and rows as JSON, in code order from the one after `after`."""
    if source.revision is not None:
        return _frozen_rows(session, source.revision, after, limit)
    points = read_page(session, _programme(source), _open_ones(source), after=after, limit=limit)
    return [(point.code, ROW_JSON.dump_json(row_of(point, source.day))) for point in points]


def _programme(source: ReturnSource) -> ProgrammeAt:
    return ProgrammeAt(None, source.month.end, source.as_of)


def _open_ones(source: ReturnSource) -> ColumnElement[bool]:
    return is_open_within(source.month.first, source.day)


def stream_rows(session: Session, source: ReturnSource) -> Iterator[ReturnRowView]:
    """Every row in code order, with a batch of them in memory at a time."""
    if source.revision is None:
        points = stream_points(session, _programme(source), _open_ones(source))
        yield from (row_of(point, source.day) for point in points)
        return
    after = None
    while batch := _frozen_rows(session, source.revision, after, BATCH):
        yield from (ROW_JSON.validate_json(content) for _, content in batch)
        after = batch[-1][0]


def rows_digest(session: Session, source: ReturnSource) -> str:
    """A fingerprint of all that the rows of a month that is not frozen rest on."""
    return digest_of(source.day, stream_points(session, _programme(source), _open_ones(source)))


def stream_corrected(session: Session, month: Month, corrections: dict[str, datetime]) -> Iterator[ReturnRowView]:
    """The rows of a month at its end, with the prisons named in `corrections` as they stood at those moments."""
    wanted = is_open_within(month.first, month.last)
    at_its_end = stream_points(session, ProgrammeAt(None, month.end, month.end), wanted)
    as_it_was = (one for one in at_its_end if one.code not in corrections)
    later = [read_point(session, code, moment) for code, moment in sorted(corrections.items())]
    open_ones = [one for one in later if one and is_open_during(one.opened_on, one.closed_by, month.first, month.last)]
    return (row_of(point, month.last) for point in merge(as_it_was, open_ones, key=lambda point: point.code))


def list_revisions(session: Session, month: Month, *, until: datetime | None = None) -> list[RevisionView]:
    """A month's revisions, newest first."""
    statement = select(ReturnRevision).where(col(ReturnRevision.month) == str(month))
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


def _revision(session: Session, month: Month, at: datetime, revision: int | None) -> RevisionView | None:
    """The revision asked for, or the latest, among those that were there at the moment."""
    known = list_revisions(session, month, until=at)
    return next((one for one in known if revision in (None, one.revision)), None)


def _frozen_rows(session: Session, revision: RevisionView, after: str | None, limit: int) -> list[tuple[str, bytes]]:
    statement = (
        select(col(ReturnRow.code), col(ReturnRow.content))
        .where(col(ReturnRow.month) == revision.month, col(ReturnRow.revision) == revision.revision)
        .order_by(col(ReturnRow.code))
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(col(ReturnRow.code) > after)
    return [(code, content.encode()) for code, content in session.execute(statement)]


def row_of(point: Point, day: date) -> ReturnRowView:
    """A prison's row in a return that closes on a day."""
    return ReturnRowView(
        code=point.code,
        name=point.name,
        region=REGIONS[point.region],
        function=point.function,
        toolkit_version=point.toolkit_version,
        stage=point.stage,
        commissioning_ready=point.is_commissioning_ready,
        eligible=point.is_eligible,
        counts=Counts(*(point.ratings.count(letter) for letter in "RAG")),
        ratings=ratings_of(point.ratings),
        blockers=numbers_in(point.blocking),
        exempt=numbers_in(point.exempt),
        statement=_statement_of(point),
        last_update=point.section_changed_at,
        stale=is_quiet(point.quiet_since, day),
    )


def _statement_of(point: Point) -> ReturnStatementView | None:
    if point.statement_status is None:
        return None
    return ReturnStatementView(
        serial=point.statement_serial,
        status=point.statement_status,
        standing=point.statement_standing,
        raised_at=point.statement_raised_at,
        issued_at=point.statement_issued_at,
        go_live_date=point.go_live_date,
        live_on=point.live_on,
    )


def return_notes(source: ReturnSource) -> list[str]:
    """What a reader of the workbook should know."""
    frozen = source.revision
    if frozen is not None:
        corrected = ", ".join(frozen.corrections)
        state = [
            f"Frozen as revision {frozen.revision} at {frozen.frozen_at:%Y-%m-%dT%H:%M:%SZ} by {frozen.frozen_by}.",
            f"SHA-256 of the rows: {frozen.digest}.",
            *([f"Reason: {frozen.reason}"] if frozen.reason else []),
            *([f"Rows of corrected prisons: {corrected}."] if corrected else []),
        ]
    elif source.is_provisional:
        state = [f"Provisional: {source.month} is not over, and this is how things stood on {source.day}."]
    else:
        state = [f"As things stood at the end of {source.month.last} in London; not frozen yet."]
    return [
        f"Integrated Drug Treatment System: national status return for {source.month}.",
        *state,
        "One row for each prison that was open on at least one day of the month.",
        "section_1 to section_35: RED, AMBER or GREEN. The word counts; the colour only helps to find it.",
        "blockers: the sections below their go-live minimum; exempt: sections that do not apply to the prison.",
        "Times are UTC. stale: no section of the prison had changed for 28 days.",
    ]
