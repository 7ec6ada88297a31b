"""Whether evidence is of substance, in history from before that was recorded with it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Evidence
from app.models.columns import columns_of
from app.rules.substance import Item, lacks_substance


def fill_in_soundness(session: Session, prison_ids: Sequence[int], states: Iterable[Mapping[str, Any]]) -> None:
    """Whether items are of substance, in states from before that was recorded, from what their rows say."""
    unknown = [item for state in states for item in state["evidence"] if "sound" not in item]
    if not unknown:
        return
    items = select(*columns_of(Evidence, "id kind reference text"), col(Evidence.sha256).is_not(None)).where(
        col(Evidence.prison_id).in_(prison_ids)
    )
    rows: Any = session.execute(items)
    sound = {item_id: lacks_substance(Item(*of_item)) is None for item_id, *of_item in rows}
    for item in unknown:
        item["sound"] = sound[item["id"]]
