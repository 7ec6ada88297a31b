"""What the history of a section leaves to the rows of its evidence: titles, and what is of substance."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Evidence
from app.models.columns import columns_of
from app.rules.substance import counted_before


def tell_evidence(session: Session, changes: Iterable[Mapping[str, Any]]) -> None:
    """Items in changes of a section as their readers know them: with the title that each had then, and without what
    only the rules look at."""
    told = [change for change in changes if change["field"] == "evidence"]
    items = [item for change in told for item in (*change["from"], *change["to"])]
    if not items:
        return
    wanted = {item["id"] for item in items}
    titles = select(*columns_of(Evidence, "id title")).where(col(Evidence.id).in_(wanted))
    first = {row.id: row.title for row in session.execute(titles)}
    for item in items:
        item.pop("sound", None)
        item.setdefault("title", first[item["id"]])


def fill_in_soundness(session: Session, prison_ids: Sequence[int], states: Iterable[Mapping[str, Any]]) -> None:
    """Whether items are of substance, in states from before that was recorded, from what their rows say."""
    unknown = [item for state in states for item in state["evidence"] if "sound" not in item]
    if not unknown:
        return
    items = select(*columns_of(Evidence, "id kind reference"), col(Evidence.sha256).is_not(None)).where(
        col(Evidence.prison_id).in_(prison_ids)
    )
    rows: Any = session.execute(items)
    sound = {item_id: counted_before(*of_item) for item_id, *of_item in rows}
    for item in unknown:
        item["sound"] = sound[item["id"]]
