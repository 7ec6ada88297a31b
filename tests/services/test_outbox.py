"""When deliveries are tried again, and what their messages are known by."""

from datetime import timedelta

import pytest

from app.queries.webhooks import message_id
from app.services.outbox import PAUSES, pause_after


def test_pauses_grow_and_end():
    found = [pause_after(attempts, "msg_1_2") for attempts in range(1, len(PAUSES) + 2)]
    assert found[-1] is None
    pauses = [pause for pause in found if pause is not None]
    assert len(pauses) == 7
    assert pauses == sorted(pauses)
    assert pauses[0] >= timedelta(seconds=5)
    assert pauses[-1] >= timedelta(hours=24)


@pytest.mark.parametrize("attempts", range(1, len(PAUSES) + 1))
def test_a_pause_is_its_nominal_length_or_up_to_a_fifth_longer(attempts: int):
    pauses = {pause_after(attempts, message_id(1, event)) for event in range(200)}
    assert len(pauses) > 100
    for pause in pauses:
        assert pause is not None
        assert PAUSES[attempts - 1] <= pause <= PAUSES[attempts - 1] * 1.2


def test_the_longer_part_of_a_pause_is_spread_over_the_whole_fifth():
    """Receivers that failed together are tried again apart: shares of every size occur, up to the whole."""
    pauses = [pause_after(1, message_id(1, event)) for event in range(2000)]
    shares = sorted((pause / PAUSES[0] - 1) / 0.2 for pause in pauses if pause is not None)
    assert shares[0] < 0.01
    assert 0.45 < shares[1000] < 0.55
    assert 0.99 < shares[-1] < 1


def test_messages_have_names_of_their_own():
    assert len({message_id(hook, event) for hook in range(1, 30) for event in range(1, 30)}) == 29 * 29
