"""Evidence items: those that count for a section, one of them with its file, and those withdrawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import NotFound
from app.models import Evidence, EvidenceFile, SectionAssessment
from app.models.columns import columns_of
from app.queries.toolkits import read_book
from app.rules.moments import london_date
from app.rules.prison import PrisonFacts
from app.rules.staleness import is_stale
from app.rules.types import EvidenceKind


@dataclass(frozen=True, slots=True)
class WithdrawalView:
    """Who withdrew an item, when and why, and the sections that it supported until then."""

    at: datetime
    by: str
    reason: str
    sections: list[int]


@dataclass(frozen=True, slots=True)
class CorrectionView:
    """A title that took the place of the one before it, when, and by whom."""

    title: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One piece of evidence. `effective_on` is the day that it is about, `received_at` is when it came.

    The file of an uploaded document has a name for people, its media type by content, its size in bytes and
    its digest; these are null for everything else.
    """

    id: str
    kind: EvidenceKind
    title: str
    reference: str | None
    text: str | None
    effective_on: date | None
    received_at: datetime
    added_by: str
    stale: bool
    file_name: str | None
    media_type: str | None
    size: int | None
    sha256: str | None
    withdrawn: WithdrawalView | None


@dataclass(frozen=True, slots=True)
class EvidenceItemView(EvidenceView):
    """One piece of evidence of a prison, the sections that it supports now, and how its title came about."""

    prison: str
    sections: list[int]
    corrections: list[CorrectionView]

    @property
    def version(self) -> int:
        """What an item's tag begins with: it grows by one with each correction."""
        return len(self.corrections) + 1


@dataclass(frozen=True, slots=True)
class Freshness:
    """By what evidence is reckoned stale: the period that the toolkit sets, on a day in London."""

    months: int
    today: date


@dataclass(frozen=True, slots=True)
class SectionEvidence:
    """Which evidence to list: what counts for a section, and what was withdrawn from it where that is asked for."""

    number: int
    with_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class EvidenceFileView:
    """The file of one item: its name for people, and where and what it is."""

    name: str
    sha256: str
    size: int
    media_type: str
    store_key: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Where a content is kept, and what it is."""

    sha256: str
    size: int
    media_type: str
    store_key: str


_FILE_COLUMNS = columns_of(EvidenceFile, "sha256 size media_type store_key")
_COLUMNS = (
    *columns_of(Evidence, "id kind title reference text effective_on received_at added_by file_name"),
    *columns_of(EvidenceFile, "media_type size"),
    *columns_of(Evidence, "sha256 withdrawn_at withdrawn_by withdrawal_reason withdrawn_from corrections"),
)

_ALL_OF_PRISON = (
    select(*_COLUMNS)
    .outerjoin(EvidenceFile, col(EvidenceFile.sha256) == col(Evidence.sha256))
    .where(col(Evidence.prison_id) == bindparam("of_prison"))
)
_NAMED_OF_PRISON = _ALL_OF_PRISON.where(col(Evidence.id).in_(bindparam("ids", expanding=True)))


def _items(prison_id: int) -> Select[*tuple[Any, ...]]:
    return _ALL_OF_PRISON.params(of_prison=prison_id)


# What a section shows of an item that counts for it.
COUNTING_COLUMNS: list[Any] = list(_COLUMNS[:12])
_COUNTING = tuple(column.key for column in COUNTING_COLUMNS)


def counting_view(columns: Sequence[Any], fresh: Freshness) -> EvidenceView:
    """An item as a section shows it, from `COUNTING_COLUMNS` as JSON has them."""
    values = dict(zip(_COUNTING, columns, strict=True))
    on, received_at = values["effective_on"], datetime.fromisoformat(values["received_at"])
    values |= {"kind": EvidenceKind(values["kind"]), "received_at": received_at}
    values["effective_on"] = date.fromisoformat(on) if on else None
    return added_view(values, fresh)


def added_view(row: Mapping[str, Any], fresh: Freshness) -> EvidenceView:
    """An item as a section shows it, from its row; what the row leaves out it does not have."""
    since = row["effective_on"] or london_date(row["received_at"])
    shown: dict[str, Any] = {name: row.get(name) for name in _COUNTING}
    return EvidenceView(**shown, stale=is_stale(since, fresh.today, fresh.months), withdrawn=None)


def _view(row: Any, fresh: Freshness, *, counts: bool = False) -> EvidenceView:
    """`counts` is for an item as a section shows it: what was withdrawn or corrected since was not so then."""
    view = added_view(row._mapping, fresh)
    if counts:
        return view
    view = titled(view, title_of(row))
    if row.withdrawn_at is None:
        return view
    withdrawn = WithdrawalView(row.withdrawn_at, row.withdrawn_by, row.withdrawal_reason, row.withdrawn_from)
    return replace(view, withdrawn=withdrawn)


def title_of(row: Any) -> str:
    """The title of an item now."""
    return str(row.corrections[-1]["title"] if row.corrections else row.title)


def titled(view: EvidenceView, title: str | None) -> EvidenceView:
    """The item under the title that a section has it by; None for the one that it was recorded with."""
    return view if title is None else replace(view, title=title)


def evidence_of(
    session: Session, prison_id: int, ids: Sequence[str], stale_after_months: int, today: date
) -> dict[str, EvidenceView]:
    """The named items of a prison by id, as they count; one statement, none where no item is named."""
    if not ids:
        return {}
    wanted = sorted(set(ids))
    # The whole prison's evidence is quicker to read than a long list of ids is to send.
    if len(wanted) <= 100:
        rows = session.execute(_NAMED_OF_PRISON, {"of_prison": prison_id, "ids": wanted})
    else:
        rows = session.execute(_ALL_OF_PRISON, {"of_prison": prison_id})
    fresh = Freshness(stale_after_months, today)
    return {row.id: _view(row, fresh, counts=True) for row in rows}


def list_evidence(
    session: Session,
    prison: PrisonFacts,
    of: SectionEvidence,
    *,
    at: datetime,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[EvidenceView]:
    """A section's evidence, newest first, from the one after the item received then with that id."""
    ids = _counting_for(session, prison.id, of.number)
    if of.with_withdrawn:
        ids += _withdrawn_from(session, prison.id, of.number)
    newest_first = (col(Evidence.received_at).desc(), col(Evidence.id).desc())
    statement = _items(prison.id).where(col(Evidence.id).in_(sorted(ids))).order_by(*newest_first).limit(limit)
    if after is not None:
        received_at, item_id = after
        same_moment = and_(col(Evidence.received_at) == received_at, col(Evidence.id) < item_id)
        statement = statement.where(or_(col(Evidence.received_at) < received_at, same_moment))
    fresh = _freshness(session, prison, at)
    return [_view(row, fresh) for row in session.execute(statement)]


def _freshness(session: Session, prison: PrisonFacts, at: datetime) -> Freshness:
    months = read_book(session, prison.toolkit_version).toolkit.evidence_stale_after_months
    return Freshness(months, london_date(at))


def _counting_for(session: Session, prison_id: int, number: int) -> list[str]:
    """The ids of the items that count for a section now."""
    refs = session.scalar(
        select(col(SectionAssessment.evidence)).where(
            col(SectionAssessment.prison_id) == prison_id, col(SectionAssessment.number) == number
        )
    )
    return [one["id"] for one in refs or ()]


def _withdrawn_from(session: Session, prison_id: int, number: int) -> list[str]:
    """The ids of the items that were withdrawn from a section."""
    rows = session.execute(
        select(col(Evidence.id), col(Evidence.withdrawn_from)).where(
            col(Evidence.prison_id) == prison_id, col(Evidence.withdrawn_at).is_not(None)
        )
    )
    return [item_id for item_id, sections in rows if number in (sections or ())]


def _sections_of(session: Session, prison_id: int, item_id: str) -> list[int]:
    """The sections that an item supports now, in number order."""
    rows = session.execute(
        select(col(SectionAssessment.number), col(SectionAssessment.evidence)).where(
            col(SectionAssessment.prison_id) == prison_id
        )
    )
    return sorted(number for number, refs in rows if any(one["id"] == item_id for one in refs))


def unknown_item(code: str, item_id: str) -> NotFound:
    return NotFound("not-found", f"{code} has no evidence {item_id!r}. Its sections list what there is.")


def read_item(session: Session, prison: PrisonFacts, item_id: str, at: datetime) -> EvidenceItemView:
    """One item of a prison; NotFound if it has none with that id."""
    row = session.execute(_items(prison.id).where(col(Evidence.id) == item_id)).first()
    if row is None:
        raise unknown_item(prison.code, item_id)
    view = _view(row, _freshness(session, prison, at))
    own = {field.name: getattr(view, field.name) for field in fields(EvidenceView)}
    corrections = [
        CorrectionView(one["title"], datetime.fromisoformat(one["at"]), one["by"]) for one in row.corrections or ()
    ]
    sections = _sections_of(session, prison.id, item_id)
    return EvidenceItemView(**own, prison=prison.code, sections=sections, corrections=corrections)


def read_file(session: Session, prison: PrisonFacts, item_id: str) -> EvidenceFileView:
    """The file of an item; NotFound if there is no such item, or if it has no file."""
    row = session.execute(
        select(col(Evidence.file_name), *_FILE_COLUMNS)
        .select_from(Evidence)
        .outerjoin(EvidenceFile, col(EvidenceFile.sha256) == col(Evidence.sha256))
        .where(col(Evidence.prison_id) == prison.id, col(Evidence.id) == item_id)
    ).first()
    if row is None:
        raise unknown_item(prison.code, item_id)
    if row.sha256 is None:
        raise NotFound("not-found", "This item has no file: its title and reference say where the evidence is.")
    name: str = row.file_name or "document"
    return EvidenceFileView(name, row.sha256, row.size, row.media_type, row.store_key)


def stored_file(session: Session, sha256: str) -> StoredFile | None:
    """Where that content is kept, if it is."""
    row = session.execute(select(*_FILE_COLUMNS).where(col(EvidenceFile.sha256) == sha256)).first()
    return None if row is None else StoredFile(*row)


def known_store_keys(session: Session) -> set[str]:
    """Every key of the store that a row refers to."""
    return set(session.scalars(select(col(EvidenceFile.store_key))))
