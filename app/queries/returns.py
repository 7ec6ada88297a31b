"""The monthly return: one row a prison that was open in the month, as things stood at its end or as frozen."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from heapq import merge

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import ReturnRow
from app.queries.programme.matrix import counts_of, ratings_of
from app.queries.programme.periods import (
    BATCH,
    ProgrammeAt,
    digest_of,
    is_open_within,
    read_page,
    read_point,
    stream_points,
)
from app.queries.return_months import ReturnSourceView, RevisionView
from app.rules.programme import Point, is_open_during, is_quiet, numbers_in
from app.rules.readiness import Counts
from app.rules.regions import REGION_REFS, RegionRef, region_slug
from app.rules.returns import Month
from app.rules.types import CountedRating


@dataclass(frozen=True, slots=True)
class ReturnStatementView:
    """The prison's open statement. Its dates are those of the steps; `go_live_date` is planned."""

    serial: str | None
    status: str
    standing: str | None
    raised_at: datetime | None
    issued_at: datetime | None
    go_live_date: date | None


@dataclass(frozen=True, slots=True)
class ReturnRowView:
    """One prison's row. `stale`: it had changed no section for 28 days; `blockers` and `exempt` are section numbers."""

    code: str
    name: str
    region: RegionRef
    function: str
    toolkit_version: str
    stage: str
    commissioning_ready: bool
    eligible: bool
    counts: Counts
    ratings: dict[int, CountedRating]
    blockers: list[int]
    exempt: list[int]
    live_on: date | None
    statement: ReturnStatementView | None
    last_update: datetime | None
    stale: bool


ROW_JSON = TypeAdapter(ReturnRowView)


def read_rows(session: Session, source: ReturnSourceView, *, after: str | None, limit: int) -> list[tuple[str, bytes]]:
    """Codes and rows as JSON, in code order from the one after `after`."""
    if source.revision is not None:
        return _frozen_rows(session, source.revision, source.region, after, limit)
    points = read_page(session, _programme(source), _open_ones(source), after=after, limit=limit)
    return [(point.code, ROW_JSON.dump_json(row_of(point, source.day))) for point in points]


def _programme(source: ReturnSourceView) -> ProgrammeAt:
    return ProgrammeAt(source.region, source.month.end, source.as_of)


def _open_ones(source: ReturnSourceView) -> ColumnElement[bool]:
    return is_open_within(source.month.first, source.day)


def stream_rows(session: Session, source: ReturnSourceView) -> Iterator[ReturnRowView]:
    """Every row in code order, with a batch of them in memory at a time."""
    if source.revision is None:
        points = stream_points(session, _programme(source), _open_ones(source))
        yield from (row_of(point, source.day) for point in points)
        return
    after = None
    while batch := _frozen_rows(session, source.revision, source.region, after, BATCH):
        yield from (_thawed(content) for _, content in batch)
        after = batch[-1][0]


def rows_digest(session: Session, source: ReturnSourceView) -> str:
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


def _frozen_rows(
    session: Session, revision: RevisionView, region: str | None, after: str | None, limit: int
) -> list[tuple[str, bytes]]:
    statement = (
        select(col(ReturnRow.code), col(ReturnRow.content))
        .where(col(ReturnRow.month) == revision.month, col(ReturnRow.revision) == revision.revision)
        .order_by(col(ReturnRow.code))
        .limit(limit)
    )
    if region is not None:
        statement = statement.where(col(ReturnRow.region) == region)
    if after is not None:
        statement = statement.where(col(ReturnRow.code) > after)
    return [(code, content.encode()) for code, content in session.execute(statement)]


def _thawed(content: bytes) -> ReturnRowView:
    """A frozen row. What is frozen stays as it was: some have their region by its name alone, `live_on` with the
    statement, and the ratings of exempt sections."""
    row = json.loads(content)
    row["ratings"] |= dict.fromkeys(map(str, row["exempt"]), CountedRating.EXEMPT)
    if isinstance(row["region"], str):
        slug = region_slug(row["region"])
        assert slug is not None
        row["region"] = asdict(REGION_REFS[slug])
        row["counts"] = {word.lower(): list(row["ratings"].values()).count(word) for word in CountedRating}
    row.setdefault("live_on", (row["statement"] or {}).get("live_on"))
    return ROW_JSON.validate_python(row)


def row_of(point: Point, day: date) -> ReturnRowView:
    """A prison's row in a return that closes on a day."""
    exempt = numbers_in(point.exempt)
    return ReturnRowView(
        code=point.code,
        name=point.name,
        region=REGION_REFS[point.region],
        function=point.function,
        toolkit_version=point.toolkit_version,
        stage=point.stage,
        commissioning_ready=point.is_commissioning_ready,
        eligible=point.is_eligible,
        counts=counts_of(point),
        ratings=ratings_of(point),
        blockers=numbers_in(point.blocking),
        exempt=exempt,
        live_on=point.live_on,
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
    )
