"""All that a change of a prison is decided upon, in one statement under the prison's lock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Label,
    Select,
    bindparam,
    func,
    literal_column,
    select,
    true,
    type_coerce,
)

from app.models import (
    AuditHead,
    Evidence,
    EvidenceFile,
    Prison,
    ReturnRevision,
    SectionAssessment,
    Statement,
    StoredVerdict,
    Webhook,
    table_of,
)
from app.models.columns import Hundredths
from app.models.json_rows import items_of, rows_of
from app.queries.evidence import COUNTING_COLUMNS
from app.queries.prisons import unknown_prison
from app.queries.programme.periods import PERIOD, POINT_COLUMNS
from app.queries.reviews import REVIEW_COLUMNS, TOLD, review_of
from app.queries.sections import own_work
from app.queries.statements import standing_of
from app.rules.assessment import Answers, Assessment, Stamp, assessment_from
from app.rules.prison import PrisonFacts
from app.rules.programme import Period, Point
from app.rules.readiness import Situation
from app.rules.review import Review
from app.rules.statement import OPEN, StatementFacts, StatementStatus

_PRISON, _VERDICT, _HEAD = table_of(Prison), table_of(StoredVerdict), table_of(AuditHead)
_SECTION, _STATEMENT, _WEBHOOK = table_of(SectionAssessment), table_of(Statement), table_of(Webhook)
_REVISION = table_of(ReturnRevision)
_EVIDENCE, _FILE, _REVIEW = table_of(Evidence), table_of(EvidenceFile), REVIEW_COLUMNS[0].table


def _names(of: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(of))


_FACTS = _names(PrisonFacts)
_SECTION_COLUMNS = [
    # Inside JSON a column's own type is not applied.
    type_coerce(column, Integer) / 100.0 if isinstance(column.type, Hundredths) else column
    for column in (_SECTION.c[name] for name in (*_names(Assessment), "updated_at", "updated_by"))
]
_STATEMENT_COLUMNS = [
    *(_STATEMENT.c[name] for name in ("raised_at", "issued_at", "id", "serial", "status")),
    *(_STATEMENT.c[name] for name in ("digest", "go_live_date", "attested_go_live_date", "live_on")),
    *(_STATEMENT.c[name] for name in ("breached_sections", "service_ended_on")),
]
_IS_OPEN = _STATEMENT.c.status.in_([literal_column(f"'{status}'") for status in sorted(OPEN)])
# The evidence that the named sections show.
_ITEM = items_of(_SECTION.c.evidence)
_SHOWN = (
    select(_ITEM.c.value["id"].as_string())
    .select_from(_SECTION)
    .join(_ITEM, true())
    .where(_SECTION.c.prison_id == _PRISON.c.id, _SECTION.c.number.in_(bindparam("numbers", expanding=True)))
    .correlate(_PRISON)
)
_WITH_FILES = _EVIDENCE.outerjoin(_FILE, _FILE.c.sha256 == _EVIDENCE.c.sha256)
_LATEST = PERIOD.alias()
_PERIOD_COLUMNS = (PERIOD.c.from_at, *POINT_COLUMNS)

# The latest month whose return is frozen, and whether any webhook is to be told of anything.
_AROUND = (
    select(func.max(_REVISION.c.month)).scalar_subquery().label("frozen_month"),
    select(literal_column("1")).where(_WEBHOOK.c.ended_at.is_(None)).exists().label("has_webhooks"),
)
_READ_AROUND = select(*_AROUND)
_LOCK = select(_PRISON.c.id).where(_PRISON.c.code == bindparam("of_code")).with_for_update()


def _listed(name: str, rows: Select[Any]) -> Label[Any]:
    return rows.correlate(_PRISON).scalar_subquery().label(name)


_READ = (
    select(
        *_PRISON.c,
        _VERDICT.c.updated_at.label("verdict_at"),
        _VERDICT.c.latest_at,
        _HEAD.c.seq.label("chain_seq"),
        _HEAD.c.hash.label("chain_hash"),
        *_AROUND,
        own_work(_PRISON.c.id).correlate(_PRISON).label("worked_at"),
        _listed("sections", rows_of(_SECTION_COLUMNS, _SECTION.c.prison_id == _PRISON.c.id)),
        _listed("statements", rows_of(_STATEMENT_COLUMNS, _STATEMENT.c.prison_id == _PRISON.c.id, _IS_OPEN)),
        _listed("reviews", rows_of(REVIEW_COLUMNS, _REVIEW.c.prison_id == _PRISON.c.id, TOLD)),
        _listed("evidence", rows_of(COUNTING_COLUMNS, _EVIDENCE.c.id.in_(_SHOWN)).select_from(_WITH_FILES)),
        *_PERIOD_COLUMNS,
    )
    .select_from(_PRISON)
    .join(_VERDICT, _VERDICT.c.prison_id == _PRISON.c.id)
    .outerjoin(_HEAD, _HEAD.c.chain == _PRISON.c.code)
    .outerjoin(
        PERIOD,
        (PERIOD.c.prison_id == _PRISON.c.id)
        & (
            PERIOD.c.from_at
            == select(func.max(_LATEST.c.from_at)).where(_LATEST.c.prison_id == _PRISON.c.id).scalar_subquery()
        ),
    )
    .where(_PRISON.c.code == bindparam("of_code"))
)


StatementTimes = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Present:
    """A prison as it stands: its details as they are stored, the situation that its verdict rests on, when its
    statements were raised and issued, how it stands since when, where its audit chain ends, when its verdict last
    changed and when anything last did (None where it is being registered), rows of evidence as `counting_view`
    takes them, and the open challenges with the latest reviews of the named sections.
    """

    details: Mapping[str, Any]
    situation: Situation
    statement_times: Mapping[str, StatementTimes]
    period: Period | None
    chain_end: tuple[int, str] | None
    verdict_at: datetime | None
    latest_at: datetime | None
    frozen_month: str | None
    has_webhooks: bool
    evidence: Sequence[Sequence[Any]] = ()
    reviews: tuple[Review, ...] = ()


def lock_present(connection: Connection, code: str, numbers: Sequence[int] = ()) -> Present:
    """The prison, locked until the transaction ends, with the evidence that the named sections show and their latest
    reviews; NotFound if it is not registered.

    On PostgreSQL the lock is a statement of its own: what one statement reads beside a row that it waits for is as
    old as its beginning. SQLite has one writer at a time.
    """
    of_code = {"of_code": code.upper()}
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, of_code)
    row: Any = connection.execute(_READ, {**of_code, "numbers": list(numbers)}).first()
    if row is None:
        raise unknown_prison(code)
    # In the order in which they were raised.
    taken = [(columns, _statement(columns[2:])) for columns in sorted(row.statements)]
    statements = tuple(one for _, one in taken)
    period = row[-len(_PERIOD_COLUMNS) :]
    details = dict(zip(_PRISON.c.keys(), row, strict=False))
    reviews = tuple(sorted(map(review_of, row.reviews), key=lambda one: one.at))
    challenges = tuple(one for one in reviews if one.is_open)
    return Present(
        details=details,
        situation=Situation(_facts(details), _answers(row.sections, row.worked_at), statements, challenges),
        statement_times={one.id: (_moment(raised), _moment(issued)) for (raised, issued, *_), one in taken},
        period=None if period[0] is None else Period(period[0], Point._make(period[1:])),
        chain_end=None if row.chain_seq is None else (row.chain_seq, row.chain_hash),
        verdict_at=row.verdict_at,
        latest_at=row.latest_at,
        frozen_month=row.frozen_month,
        has_webhooks=row.has_webhooks,
        evidence=row.evidence,
        reviews=reviews,
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _facts(details: Mapping[str, Any]) -> PrisonFacts:
    return PrisonFacts(*(details[name] for name in _FACTS))


def _answers(rows: Sequence[Sequence[Any]], worked_at: datetime | None = None) -> Answers:
    known: dict[int, Assessment] = {}
    stamps: dict[int, Stamp] = {}
    for *columns, at, by in rows:
        one = assessment_from(columns)
        known[one.number] = one
        stamps[one.number] = Stamp(datetime.fromisoformat(at), by)
    return Answers(tuple([known.get(number) or Assessment(number) for number in range(1, 36)]), stamps, worked_at)


def _statement(columns: Sequence[Any]) -> StatementFacts:
    identity, serial, status, digest, go_live_date, attested, live_on, breached, ended_on = columns
    return StatementFacts(
        id=identity,
        serial=serial,
        status=StatementStatus(status),
        standing=standing_of(status, breached),
        digest=digest,
        go_live_date=date.fromisoformat(go_live_date),
        attested_go_live_date=date.fromisoformat(attested),
        live_on=date.fromisoformat(live_on) if live_on else None,
        breached_sections=tuple(breached),
        service_ended_on=date.fromisoformat(ended_on) if ended_on else None,
    )


def first_present(connection: Connection, details: Mapping[str, Any]) -> Present:
    """A prison that is being registered with these columns: nothing has been said of it yet."""
    around: Any = connection.execute(_READ_AROUND).one()
    situation = Situation(_facts(details), _answers([]))
    return Present(details, situation, {}, None, None, None, None, around.frozen_month, around.has_webhooks)
