"""Answers that are kept in memory: never an old one, and no more of them than there is room for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.http.kept import Kept, KeptAnswers
from tests.support.factories import note, rated
from tests.support.service import Clock, Service, running, service_settings

pytestmark = pytest.mark.also_behind_a_standby

SECTIONS = "/v1/prisons/LWI/sections"


@pytest.fixture
def two(database_url: str, tmp_path: Path) -> Iterator[tuple[Service, Service]]:
    """Two workers on one database: one that writes, and one that has read before."""
    settings, clock = service_settings(database_url, data_dir=tmp_path), Clock()
    with running(settings, clock) as writer, running(settings, clock) as reader:
        yield writer, reader


def is_current(writer: Service, reader: Service) -> bytes:
    """What the reader answers, which is what is read anew."""
    answer = reader.get(SECTIONS)
    # Any query goes the whole way, past the memory.
    anew = writer.get(SECTIONS, params={"as_of": writer.clock().isoformat()})
    assert answer.status_code == 200
    assert (answer.content, answer.headers["etag"]) == (anew.content, anew.headers["etag"])
    assert reader.get(SECTIONS, headers={"if-none-match": anew.headers["etag"]}).status_code == 304
    return answer.content


def test_sections_are_those_of_the_database_after_every_kind_of_change(two):
    writer, reader = two
    seen = [is_current(writer, reader)]

    def changed(answer) -> None:
        assert answer.status_code in (200, 201), answer.text
        writer.clock.tick()
        seen.append(is_current(writer, reader))
        assert seen[-1] not in seen[:-1]

    changed(writer.patch(f"{SECTIONS}/5", rated(5, "GREEN")))
    changed(writer.patch(f"{SECTIONS}/5", {"evidence": [note("Another")]}))
    items = writer.get(f"{SECTIONS}/5/evidence").json()["items"]
    changed(writer.post(f"/v1/prisons/LWI/evidence/{items[0]['id']}/withdraw", {"reason": "Sent by mistake."}))
    assert writer.patch("/v1/prisons/LWI", {"function": "trainer"}, by="admin").status_code == 200
    changed(writer.put(f"{SECTIONS}/7/exemption", {"rationale": "Not a local prison."}, by="region:south-east"))
    changed(writer.delete(f"{SECTIONS}/7/exemption", by="region:south-east"))
    # By the calendar alone.
    writer.clock.set("2028-03-02T00:00:00Z")
    changed(writer.get(SECTIONS))


def test_what_one_key_has_read_is_not_shown_to_another_one(service):
    assert service.get(SECTIONS).status_code == 200
    assert service.get(SECTIONS, by="prison:MSI").status_code == 403
    assert service.get(SECTIONS, by="region:london").status_code == 403
    assert service.get(SECTIONS, by="not-a-key").status_code == 401
    assert service.get("/v1/prisons/lwi/sections").content == service.get(SECTIONS).content


def test_the_least_used_answers_make_room():
    answers = KeptAnswers(most_bytes=10)
    for subject in ("a", "b", "c"):
        answers.keep(subject, Kept((1,), b"1234", '"x"'))
    assert [bool(answers.find(subject, (1,))) for subject in "abc"] == [False, True, True]
    answers.find("b", (1,))
    answers.keep("d", Kept((1,), b"1234", '"x"'))
    assert [bool(answers.find(subject, (1,))) for subject in "bcd"] == [True, False, True]
    assert answers.find("b", (2,)) is None
    answers.keep("b", Kept((2,), b"12345678901", '"y"'))
    assert [bool(answers.find(subject, (2,))) for subject in "bcd"] == [False, False, False]
