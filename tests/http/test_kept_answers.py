"""Kept answers: worked out once for all who ask at once, and never from before the question."""

import asyncio
import gc
import threading
from collections.abc import Callable

from app.http.kept import Kept, KeptAnswers
from tests.support import factories
from tests.support.service import Service, seen_by

LWI = "/v1/prisons/LWI"


class Work:
    """Work that notes how far the world had come when it began, and goes on when it is let."""

    def __init__(self) -> None:
        self.world = 0
        self.begun: list[int] = []
        self.may_end = threading.Event()

    def __call__(self) -> Kept:
        seen = self.world
        self.begun.append(seen)
        assert self.may_end.wait(5)
        return Kept(str(seen).encode(), "")


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.001)


def test_who_asks_meanwhile_shares_the_next_answer_and_none_is_from_before_the_question():
    async def asking() -> None:
        kept, work = KeptAnswers(), Work()
        first = asyncio.create_task(kept.together("q", work))
        await until(lambda: work.begun == [0])
        work.world = 1
        later = [asyncio.create_task(kept.together("q", work)) for _ in range(50)]
        await asyncio.sleep(0)
        work.world = 2
        work.may_end.set()
        assert (await first).body == b"0"
        assert {(await one).body for one in later} == {b"2"}
        assert work.begun == [0, 2]
        assert (await kept.together("q", work)).body == b"2"
        assert work.begun == [0, 2, 2]

    asyncio.run(asking())


def test_different_questions_do_not_wait_for_each_other():
    async def asking() -> None:
        kept, work = KeptAnswers(), Work()
        both = [asyncio.create_task(kept.together(question, work)) for question in ("one", "other")]
        await until(lambda: len(work.begun) == 2)
        work.may_end.set()
        await asyncio.gather(*both)

    asyncio.run(asking())


def test_a_failure_reaches_all_who_wait_and_nobody_after_them():
    async def asking() -> None:
        kept = KeptAnswers()

        def fails() -> Kept:
            raise RuntimeError("the database is away")

        found = await asyncio.gather(*(kept.together("q", fails) for _ in range(3)), return_exceptions=True)
        assert [str(one) for one in found] == ["the database is away"] * 3
        assert (await kept.together("q", lambda: Kept(b"back", ""))).body == b"back"

    asyncio.run(asking())


def test_one_who_goes_away_does_not_take_the_answer_from_the_others():
    async def asking() -> None:
        kept, work = KeptAnswers(), Work()
        first, second = (asyncio.create_task(kept.together("q", work)) for _ in range(2))
        await until(lambda: len(work.begun) == 1)
        first.cancel()
        await asyncio.sleep(0)
        work.may_end.set()
        assert (await second).body == b"0"
        assert first.cancelled()

    asyncio.run(asking())


def test_what_is_kept_has_a_limit_and_the_oldest_goes_first():
    kept = KeptAnswers(most_bytes=100)
    for name in "abcd":
        kept.keep(name, b"x" * 30)
        kept.find("a")
    assert [name for name in "abcd" if kept.find(name)] == ["a", "c", "d"]
    kept.keep("d", b"y" * 90)
    assert [name for name in "abcd" if kept.find(name)] == ["d"]


def test_a_verdict_with_evidence_grown_stale_is_kept_for_the_day_and_follows_every_change(service: Service):
    ask = f"{LWI}/readiness"
    service.patch(f"{LWI}/sections/5", factories.rated(5, evidence=[factories.note(effective_on="2026-01-15")]))
    service.clock.set("2027-02-01T10:00:00Z")
    stale = service.get(ask)
    assert [one["section"] for one in stale.json()["warnings"]] == [5]
    with seen_by(service.database.read_engine) as statements:
        again = service.get(ask)
    assert not statements
    assert (again.content, again.headers["etag"]) == (stale.content, stale.headers["etag"])
    service.clock.tick()
    service.patch(f"{LWI}/sections/6", factories.rated(6, evidence=[factories.note(effective_on="2025-01-15")]))
    changed = service.get(ask)
    assert [one["section"] for one in changed.json()["warnings"]] == [5, 6]
    assert changed.json()["counts"]["green"] == stale.json()["counts"]["green"] + 1
    service.clock.set("2027-02-02T10:00:00Z")
    assert service.get(ask).json() == changed.json()


def test_a_kept_verdict_follows_a_change_from_before_midnight_that_is_stored_after(service: Service):
    old = [factories.note(effective_on="2025-03-05")]
    service.patch(f"{LWI}/sections/5", factories.rated(5, evidence=old))
    service.clock.set("2026-03-06T00:00:00.1Z")
    assert [one["section"] for one in service.get(f"{LWI}/readiness").json()["warnings"]] == [5]
    service.clock.set("2026-03-05T23:59:59.99Z")
    service.patch(f"{LWI}/sections/6", {"evidence": old})
    service.clock.set("2026-03-06T00:10:00Z")
    assert [one["section"] for one in service.get(f"{LWI}/readiness").json()["warnings"]] == [5, 6]


def test_a_failure_that_nobody_waits_for_any_more_is_not_complained_of():
    complaints: list[object] = []

    async def asking() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, told: complaints.append(told))
        kept, begun, may_end = KeptAnswers(), threading.Event(), threading.Event()

        def fails() -> Kept:
            begun.set()
            assert may_end.wait(5)
            raise RuntimeError("the database is away")

        asker = asyncio.create_task(kept.together("q", fails))
        await until(begun.is_set)
        asker.cancel()
        may_end.set()
        await asyncio.gather(asker, return_exceptions=True)
        assert (await kept.together("q", lambda: Kept(b"back", ""))).body == b"back"

    asyncio.run(asking())
    gc.collect()
    assert complaints == []
