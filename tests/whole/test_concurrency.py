"""Many at once over real sockets: nothing is lost, nothing is out of order, nobody waits for ever."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from app.models import ReviewEvent, table_of
from tests.support.service import Clock, Service, running, service_settings
from tests.support.serving import serving

LWI = "/v1/prisons/LWI"
Answer = tuple[int, dict[str, Any]]


@pytest.fixture
def address(database_url: str, tmp_path: Path) -> Iterator[tuple[Service, str]]:
    with running(service_settings(database_url, data_dir=tmp_path), Clock()) as service, serving(service) as url:
        yield service, url


def at_once(service: Service, url: str, count: int, work: Callable[[int, httpx2.Client], list[Answer]]) -> list[Answer]:
    """What `count` callers, let go together and each with a connection of their own, are answered."""
    together = Barrier(count)
    headers = {"authorization": f"Bearer {service.key('prison:LWI')}"}

    def caller(place: int) -> list[Answer]:
        with httpx2.Client(base_url=url, headers=headers, timeout=60) as client:
            client.get("/health/ping")
            together.wait()
            return work(place, client)

    with ThreadPoolExecutor(count) as pool:
        return [answer for answers in pool.map(caller, range(count)) for answer in answers]


def patch(client: httpx2.Client, number: int, body: dict[str, Any], **headers: str) -> Answer:
    answer = client.patch(f"{LWI}/sections/{number}", json=body, headers=headers)
    return answer.status_code, answer.json()


def history(service: Service, number: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = service.get(f"{LWI}/sections/{number}/history?limit=500").json()["items"]
    return items


def test_sixty_writers_of_one_prison_lose_nothing(address: tuple[Service, str]):
    """More than the threads that the server has, all waiting for the same lock."""
    service, url = address

    def write(place: int, client: httpx2.Client) -> list[Answer]:
        return [patch(client, 1 + place % 4, {"comment": f"{place}.{turn}"}) for turn in range(2)]

    answers = at_once(service, url, 60, write)
    assert [status for status, _ in answers] == [200] * 120
    acknowledged: dict[int, dict[int, str]] = defaultdict(dict)
    for _, section in answers:
        acknowledged[section["number"]][section["version"]] = section["comment"]
    for number in range(1, 5):
        kept = history(service, number)
        assert [one["version"] for one in kept] == list(range(30, 0, -1))
        assert {one["version"]: one["comment"] for one in kept} == acknowledged[number]
        # Each version began where the one before it ended.
        ends = [one["changes"][0]["to"] for one in reversed(kept)]
        assert [one["changes"][0]["from"] for one in reversed(kept)] == [None, *ends[:-1]]
        moments = [one["at"] for one in kept]
        assert len(set(moments)) == len(moments)
    present = service.get(f"{LWI}/sections").json()["items"]
    assert [one["comment"] for one in present[:4]] == [history(service, n)[0]["comment"] for n in range(1, 5)]


def test_no_acknowledged_save_is_lost_when_eight_people_save_at_once(address: tuple[Service, str]):
    """Twenty saves each, of one section that they share and of one of their own in turn."""
    service, url = address

    def write(place: int, client: httpx2.Client) -> list[Answer]:
        return [patch(client, (5, 10 + place)[turn % 2], {"comment": f"{place}.{turn}"}) for turn in range(20)]

    answers = at_once(service, url, 8, write)
    assert [status for status, _ in answers] == [200] * 160
    acknowledged: dict[int, dict[int, str]] = defaultdict(dict)
    for _, section in answers:
        acknowledged[section["number"]][section["version"]] = section["comment"]
    assert {number: len(saves) for number, saves in acknowledged.items()} == {5: 80} | dict.fromkeys(range(10, 18), 10)
    for number, saves in acknowledged.items():
        assert {one["version"]: one["comment"] for one in history(service, number)} == saves
        section = service.get(f"{LWI}/sections/{number}").json()
        assert (section["version"], section["comment"]) == max(saves.items())
    entries = service.get("/v1/audit?prison=LWI&limit=500", by="national").json()["items"]
    assert len([one for one in entries if one["action"] == "section.rated"]) == 160
    assert service.get("/v1/audit/verify", by="national").json()["intact"]


def test_of_the_writers_with_one_copy_exactly_one_wins(address: tuple[Service, str]):
    service, url = address
    for turn in range(5):
        tag = service.get(f"{LWI}/sections/5").headers["etag"]

        def write(place: int, client: httpx2.Client, tag: str = tag, turn: int = turn) -> list[Answer]:
            return [patch(client, 5, {"comment": f"{turn}.{place}"}, **{"if-match": tag})]

        answers = at_once(service, url, 2, write)
        assert sorted(status for status, _ in answers) == [200, 412]
        (winner,) = [section["comment"] for status, section in answers if status == 200]
        assert service.get(f"{LWI}/sections/5").json()["comment"] == winner
    assert [one["version"] for one in history(service, 5)] == [5, 4, 3, 2, 1]


def test_readers_see_whole_changes_while_others_write(address: tuple[Service, str]):
    """Sections 1 and 2 always change together, so nobody ever sees them differ."""
    service, url = address
    ratings = ("RED", "AMBER")

    def work(place: int, client: httpx2.Client) -> list[Answer]:
        if place < 4:
            return [write_both(client, ratings[turn % 2]) for turn in range(6)]
        found: list[Answer] = []
        for _ in range(10):
            sections = client.get(f"{LWI}/sections")
            verdict = client.get(f"{LWI}/readiness")
            assert sections.json()["items"][0]["rating"] == sections.json()["items"][1]["rating"]
            assert verdict.json()["counts"]["red"] in (35, 33)
            assert sum(verdict.json()["counts"].values()) == 35
            found += [(sections.status_code, {}), (verdict.status_code, {})]
        return found

    answers = at_once(service, url, 12, work)
    assert {status for status, _ in answers} == {200}


def write_both(client: httpx2.Client, rating: str) -> Answer:
    body = {"sections": [{"number": number, "rating": rating} for number in (1, 2)]}
    answer = client.patch(f"{LWI}/sections", json=body)
    return answer.status_code, answer.json()


def test_writers_of_many_prisons_and_their_verdicts_agree(address: tuple[Service, str]):
    service, url = address
    codes = [one["code"] for one in service.get("/v1/prisons?limit=8&open=true").json()["items"]]
    keys = {code: service.key(f"prison:{code}") for code in codes}

    def write(place: int, client: httpx2.Client) -> list[Answer]:
        code = codes[place % len(codes)]
        path = f"/v1/prisons/{code}/sections/{1 + place // len(codes)}"
        answer = client.patch(path, json={"rating": "AMBER"}, headers={"authorization": f"Bearer {keys[code]}"})
        return [(answer.status_code, answer.json())]

    answers = at_once(service, url, 48, write)
    assert [status for status, _ in answers] == [200] * 48
    for code in codes:
        verdict = service.get(f"/v1/prisons/{code}/readiness").json()
        sections = service.get(f"/v1/prisons/{code}/sections", by="national").json()["items"]
        assert verdict["counts"]["amber"] == sum(one["rating"] == "AMBER" for one in sections) == 6


def test_of_answers_and_closes_at_once_none_is_lost_and_one_close_counts(address: tuple[Service, str]):
    service, url = address
    path, challenge = f"{LWI}/sections/5/reviews", {"kind": "challenged", "text": "Where is it kept?"}
    one = f"{path}/{service.post(path, challenge, by='region:south-east').json()['id']}"
    region = {"authorization": f"Bearer {service.key('region:south-east')}"}

    def say(place: int, client: httpx2.Client) -> list[Answer]:
        if place % 4 == 3:
            answer = client.post(f"{one}/close", json={"text": f"{place}"}, headers=region)
        else:
            answer = client.post(f"{one}/answer", json={"text": f"{place}"})
        return [(answer.status_code, answer.json())]

    answers = at_once(service, url, 16, say)
    closes = [view for status, view in answers if status == 200 and view["closed"]]
    assert len(closes) == 1
    assert {view["code"] for status, view in answers if status != 200} <= {"challenge-closed"}
    stands = service.get(one).json()
    assert stands == closes[0]
    # Every answer that was acknowledged is in the history, and the last of them stands.
    with service.database.write_engine.connect() as connection:
        rows = connection.execute(select(table_of(ReviewEvent)).order_by(table_of(ReviewEvent).c.id)).all()
    said = [row.state["answer"]["text"] for row in rows if row.kind == "answered"]
    assert sorted(said) == sorted(
        view["answer"]["text"] for status, view in answers if status == 200 and not view["closed"]
    )
    assert (stands["answer"] or {}).get("text") == (said[-1] if said else None)
    moments = [row.state["answer"]["at"] for row in rows if row.kind == "answered"]
    assert moments == sorted(set(moments))
