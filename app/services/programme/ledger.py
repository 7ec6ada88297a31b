"""Totals and trends added up from periods in memory, for the many prisons that a rebuild or a demo goes through."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from app.rules.moments import london_date
from app.rules.programme import NOTHING, PRESENT, SHARDS, TREND, Point, added, contribution, taken_off, trend_part
from app.rules.regions import REGIONS
from app.services.programme.periods_and_totals import tally_row

Shard = tuple[str, int]


class Ledger:
    """What each day and month changes in each shard, and the rows of `tally` and `trend_step` that it makes."""

    def __init__(self) -> None:
        self._days: dict[Shard, dict[date, list[int]]] = {
            (region, shard): {} for region in REGIONS for shard in range(SHARDS)
        }
        self._months: dict[tuple[str, str, int], list[int]] = {}

    def add(self, prison_id: int, periods: Sequence[tuple[datetime, Point]]) -> None:
        """Count one prison's periods, oldest first."""
        shard, last = prison_id % SHARDS, None
        for at, point in periods:
            day = london_date(at)
            if last is not None:
                self._shift(last.region, shard, day, last, taken_off)
            self._shift(point.region, shard, day, point, added)
            last = point

    def _shift(self, region: str, shard: int, day: date, point: Point, change: Any) -> None:
        days = self._days[region, shard]
        days[day] = change(days.get(day, NOTHING), contribution(point))
        key = region, f"{day:%Y-%m}", shard
        self._months[key] = change(self._months.get(key, (0,) * len(TREND)), trend_part(point))

    def tally_rows(self, changes: dict[Shard, int]) -> Iterator[dict[str, Any]]:
        """Rows of `tally`; `changes` has the count of changes that each shard's rows are to carry."""
        for (region, shard), days in self._days.items():
            total: Sequence[int] = NOTHING
            count = changes.get((region, shard), 0)
            for day in sorted(days):
                total = added(total, days[day])
                yield tally_row(region, shard, day, day, count, total)
            yield tally_row(region, shard, PRESENT, max(days, default=date.min), count, total)

    def trend_rows(self) -> Iterator[dict[str, Any]]:
        """Rows of `trend_step`; months that change nothing have none."""
        for (region, month, shard), step in sorted(self._months.items()):
            if any(step):
                yield {"region": region, "month": month, "shard": shard, **dict(zip(TREND, step, strict=True))}
