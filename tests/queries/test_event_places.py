"""Places in the change feed, and the cursors that stand for them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.queries.events import BEGINNING, Position, position_of

LARGEST = 2**63 - 1
NUMBERS = st.integers(0, LARGEST)


@given(NUMBERS, NUMBERS)
@example(0, 0)
@example(LARGEST, LARGEST)
def test_a_cursor_gives_its_place_back(xid, event_id):
    assert position_of(Position(xid, event_id).cursor) == Position(xid, event_id)


@pytest.mark.parametrize(
    "cursor",
    [
        *(
            "",
            "-",
            "1",
            "1-",
            "-1",
            "1-2-3",
            "a-1",
            "1-b",
            " 1-2",
            "1-2 ",
            "1-2\n",
            "+1-2",
            "1--2",
            "1.0-2",
            "\u0661-2",
        ),
        *(f"{LARGEST + 1}-0", f"0-{LARGEST + 1}", f"{LARGEST}0-0", f"0-{LARGEST}0", "00000000000000000001-1"),
    ],
)
def test_what_the_feed_never_gave_is_no_place(cursor):
    assert position_of(cursor) is None


def test_places_are_in_the_order_of_their_transactions_and_then_of_their_events():
    assert sorted([Position(2, 1), Position(1, 9), Position(1, 2)]) == [Position(1, 2), Position(1, 9), Position(2, 1)]
    assert Position(0, 0) == BEGINNING
