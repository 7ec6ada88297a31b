"""Freezing a month's return: its rows fixed, with their digest, who did it and when."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import Conflict, FieldFault, Invalid, Refused
from app.models import Prison, ReturnRevision, ReturnRow, StoredVerdict
from app.queries.programme.periods import BATCH
from app.queries.return_months import RevisionView, find_source, list_revisions
from app.queries.returns import ROW_JSON, ReturnRowView, stream_corrected, stream_rows
from app.rules.access import Caller
from app.rules.returns import Month, may_be_frozen
from app.services.audit import record
from app.services.turns import wait_for_turn


@dataclass(frozen=True, slots=True)
class Frozen:
    """The revision that holds now, and whether it was made just now."""

    revision: RevisionView
    is_new: bool


def freeze_return(
    session: Session, month: Month, reason: str | None, corrections: Sequence[str], *, caller: Caller
) -> Frozen:
    """Fix a month's rows as they stood at its end. The prisons in `corrections` are taken as they stand now.

    Rows that are frozen already stay: the same rows again are the same revision, others make the next one,
    for which a reason is needed. Corrections of an earlier revision hold for the later ones. Conflict while
    the month is not over, Refused without a reason, Invalid for an unknown prison.
    """
    if (early := may_be_frozen(month, caller.at)) is not None:
        raise Conflict(early.code, early.detail)
    source = find_source(session, month, at=caller.at)
    wait_for_turn(session, f"return {month}")
    last = next(iter(list_revisions(session, month)), None)
    known = last.corrections if last else {}
    corrected = known | _corrected_now(session, corrections, caller)
    if last is not None:
        # What was frozen in an earlier form is compared as it is read now.
        frozen, now = stream_rows(session, source), stream_corrected(session, month, corrected)
        if _digest(frozen) == _digest(now):
            return Frozen(last, is_new=False)
        _refuse_without_reason(month, last, reason)
    if corrected and last is None:
        _refuse_without_reason(month, last, reason)
    number = last.revision + 1 if last else 1
    _store(session, month, number, reason, corrected, caller)
    revision = list_revisions(session, month)[0]
    record(
        session,
        caller=caller,
        at=caller.at,
        action="return.frozen",
        subject=f"/v1/returns/{month}?revision={number}",
        before=_audited(last) if last else None,
        after=_audited(revision),
    )
    return Frozen(revision, is_new=True)


def _corrected_now(session: Session, given: Sequence[str], caller: Caller) -> dict[str, datetime]:
    """The prisons to correct and the moment that they are taken at, with nothing under way that is dated before it.

    Their rows are locked like a writer's: whoever is changing one of them ends first, and whoever comes after
    is dated after.
    """
    codes = [code.upper() for code in given]
    wanted = select(col(Prison.code), col(StoredVerdict.latest_at)).join(
        StoredVerdict, col(StoredVerdict.prison_id) == col(Prison.id)
    )
    # Both rows are locked, so that both are read as whoever held them left them.
    locked = session.execute(wanted.where(col(Prison.code).in_(codes)).order_by(col(Prison.id)).with_for_update())
    known: dict[str, datetime] = dict(locked.all())
    faults = [
        FieldFault(f"/corrections/{place}", "no such prison") for place, code in enumerate(codes) if code not in known
    ]
    if faults:
        unknown = ", ".join(code for code in codes if code not in known)
        raise Invalid("invalid-input", f"No prison is registered as {unknown}: give the codes of prisons.", faults)
    return dict.fromkeys(codes, max([caller.moment(), *known.values()]))


def _refuse_without_reason(month: Month, last: RevisionView | None, reason: str | None) -> None:
    if reason is None:
        what = f"differs from revision {last.revision}, which stays as it is" if last else "is to be corrected"
        raise Refused(
            "reason-needed",
            f"{month} {what}. Say in `reason` why a corrected return is needed.",
            [FieldFault("/reason", "needed for a correction")],
        )


def _store(
    session: Session, month: Month, number: int, reason: str | None, corrected: dict[str, datetime], caller: Caller
) -> None:
    key = {"month": str(month), "revision": number}
    session.execute(
        insert(ReturnRevision).values(
            **key,
            digest="",
            row_count=0,
            reason=reason,
            corrections={code: moment.isoformat() for code, moment in corrected.items()},
            frozen_at=caller.at,
            frozen_by_id=caller.by.id,
            frozen_by=caller.by.name,
        )
    )
    count, digest = 0, hashlib.sha256()
    rows = stream_corrected(session, month, corrected)
    while batch := [(row, ROW_JSON.dump_json(row)) for row in islice(rows, BATCH)]:
        values = [
            {**key, "code": row.code, "region": row.region.slug, "content": content.decode()} for row, content in batch
        ]
        session.execute(insert(ReturnRow), values)
        count += len(batch)
        for _, content in batch:
            digest.update(content + b"\n")
    session.execute(
        update(ReturnRevision)
        .where(col(ReturnRevision.month) == str(month), col(ReturnRevision.revision) == number)
        .values(digest=digest.hexdigest(), row_count=count)
    )
    session.expire_all()


def _digest(rows: Iterable[ReturnRowView]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(ROW_JSON.dump_json(row) + b"\n")
    return digest.hexdigest()


def _audited(revision: RevisionView) -> dict[str, object]:
    return asdict(revision) | {
        "frozen_at": revision.frozen_at.isoformat(),
        "corrections": {code: moment.isoformat() for code, moment in revision.corrections.items()},
    }
