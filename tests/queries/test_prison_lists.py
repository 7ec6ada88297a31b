"""A list on a dashboard names some of the prisons and counts them all."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.queries.programme.prison_lists import (
    LONG,
    breaching_of,
    challenges_of,
    eligible_without_statement,
    nearest_of,
    overdue_of,
    passed_of,
    planned_of,
)
from app.rules.programme import Point, mask_of, targets_of

DAY = date(2026, 3, 2)


def points(count: int = 2 * LONG, **more: Any) -> list[Point]:
    plain: dict[str, Any] = dict.fromkeys(Point._fields) | {"name": "Zedham", "region": "london", "open_challenges": 0}
    plain |= {"blocking": mask_of([4]), "blocker_count": 1, "quiet_since": datetime(2026, 3, 1, tzinfo=UTC)}
    return [Point(**(plain | {"code": f"Z{place:02}"} | more)) for place in range(count)][::-1]


@pytest.mark.parametrize(
    ("found", "first"),
    [
        (eligible_without_statement(points(is_eligible=True)), "Z00"),
        (breaching_of(points(statement_standing="in_breach")), "Z00"),
        (challenges_of(points(open_challenges=2)), "Z00"),
        (overdue_of(points(targets=targets_of([(date(2026, 3, 1), 4)])), DAY), "Z00"),
        (planned_of(points(go_live_date=DAY), DAY), "Z00"),
        (passed_of(points(go_live_date=date(2026, 3, 1)), DAY), "Z00"),
    ],
    ids=["eligible", "in breach", "challenged", "overdue", "planned", "passed"],
)
def test_a_list_names_fifty_and_counts_all(found: Any, first: str):
    assert (found.prisons, len(found.items), found.items[0].code) == (2 * LONG, LONG, first)


def test_the_worst_come_first():
    many, few = ([(date(2026, 2, day), day) for day in range(1, count + 1)] for count in (3, 2))
    prisons = [
        *points(1, code="ZZA", targets=targets_of(few)),
        *points(1, code="ZZB", targets=targets_of(many)),
        *points(1, code="ZZC", targets=targets_of([(date(2026, 3, 3), 1)])),
    ]
    found = overdue_of(prisons, DAY)
    assert (found.prisons, found.sections) == (2, 5)
    assert [(one.code, one.sections, one.earliest) for one in found.items] == [
        ("ZZB", [1, 2, 3], date(2026, 2, 1)),
        ("ZZA", [1, 2], date(2026, 2, 1)),
    ]


def test_a_prison_that_is_live_is_neither_planned_nor_late_nor_without_a_statement():
    live = points(3, live_on=date(2026, 2, 1), go_live_date=date(2026, 2, 1), is_eligible=True)
    assert (planned_of(live, DAY).prisons, passed_of(live, DAY).prisons) == (0, 0)
    assert eligible_without_statement(live).prisons == 0


def test_a_prison_that_is_live_is_not_on_its_way_there():
    assert nearest_of(points(3, live_on=date(2026, 2, 1))) == []
    assert [near.code for near in nearest_of(points(2))] == ["Z00", "Z01"]
