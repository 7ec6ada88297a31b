"""The change feed: complete, in one order, and with nothing in it that is not everybody's."""

import json
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import ChangeEvent
from app.models.events import oldest_open_transaction
from app.queries.prisons import read_any_prison
from app.services.events import Announcement, feed_writes
from app.storage.batch import send_all
from app.storage.db import Database
from tests.support.factories import commissioning_ready, note, prison, rated
from tests.support.service import Service
from tests.support.standby import lagging, shared_pair

pytestmark = pytest.mark.also_behind_a_standby
SERVERS = [
    pytest.param("postgresql", marks=pytest.mark.postgres),
    pytest.param("postgresql+standby", marks=[pytest.mark.postgres, pytest.mark.standby]),
]


def end_of_feed(service: Service) -> str:
    """The cursor behind all that has happened so far."""
    until_settled(service)
    cursor = None
    while True:
        page = service.get("/v1/events", params={"limit": 500} | ({"after": cursor} if cursor else {})).json()
        cursor = page["next_cursor"]
        if not page["items"]:
            return str(cursor)


def until_settled(service: Service) -> None:
    """PostgreSQL's own housekeeping writes too now and then, and holds the feed up for that long."""
    deadline = monotonic() + 30
    with service.database.reading_current() as session:
        while session.scalar(select(func.count()).where(col(ChangeEvent.xid) >= oldest_open_transaction())):
            assert monotonic() < deadline, "some transaction never ends"
            session.close()
            sleep(0.01)


def since(service: Service, cursor: str, **filters: Any) -> list[dict[str, Any]]:
    until_settled(service)
    answer = service.get("/v1/events", params={"after": cursor, **filters})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def rate(service: Service, number: int, rating: str = "AMBER", code: str = "LWI", **more: Any) -> None:
    answer = service.patch(f"/v1/prisons/{code}/sections/{number}", rated(number, rating, **more), by=f"prison:{code}")
    assert answer.status_code == 200, answer.text


def announce_in(
    session: Session, service: Service, subject: str, code: str = "LWI", kind: str = "section.rated"
) -> None:
    one = Announcement(kind, read_any_prison(session, code), service.clock(), subject, {})
    send_all(session.connection(), feed_writes(session, [one], has_webhooks=True))


def test_a_rating_is_announced_with_the_verdict_after_it(service: Service):
    start = end_of_feed(service)
    rate(service, 5)
    [event] = since(service, start)
    assert event | {"id": 0, "cursor": ""} == {
        "id": 0,
        "cursor": "",
        "at": "2026-03-02T09:00:00Z",
        "kind": "section.rated",
        "prison": "LWI",
        "region": {"slug": "south-east", "name": "South East"},
        "subject": "/v1/prisons/LWI/sections/5",
        "content": {
            "number": 5,
            "version": 1,
            "rating": {"from": "RED", "to": "AMBER"},
            "stage": "preparing",
            "commissioning_ready": False,
            "eligible": False,
            "counts": {"red": 34, "amber": 1, "green": 0, "exempt": 0},
        },
    }


def test_several_sections_at_once_are_as_many_events_in_order(service: Service):
    start = end_of_feed(service)
    assert service.patch("/v1/prisons/LWI/sections", commissioning_ready()).status_code == 200
    events = since(service, start)
    assert [event["content"]["number"] for event in events] == [1, 2, 3, 5, 6, 10, 11]
    assert {event["content"]["stage"] for event in events} == {"commissioning_ready"}
    assert [event["id"] for event in events] == sorted(event["id"] for event in events)


def test_what_changes_nothing_and_what_is_refused_announces_nothing(service: Service):
    rate(service, 5)
    start = end_of_feed(service)
    rate(service, 5)
    assert service.patch("/v1/prisons/LWI/sections/6", {"rating": "GREEN"}).status_code == 409
    assert since(service, start) == []


def test_exemptions_are_announced_without_their_rationale(service: Service):
    start = end_of_feed(service)
    body = {"rationale": "No second stage unit: the secret rationale"}
    at = "/v1/prisons/FDI/sections/7/exemption"
    region = service.get("/v1/prisons/FDI", by="admin").json()["region"]["slug"]
    assert service.put(at, body, by=f"region:{region}").status_code == 200
    assert service.delete(at, by=f"region:{region}").status_code == 200
    events = since(service, start)
    assert [event["kind"] for event in events] == ["exemption.recorded", "exemption.ended"]
    assert "secret" not in json.dumps(events)


def test_comments_leads_and_evidence_stay_out_of_the_feed(service: Service):
    start = end_of_feed(service)
    rate(service, 5, "GREEN", comment="secret comment", lead="secret lead", evidence=[note("secret minutes")])
    assert "secret" not in service.get("/v1/events", params={"after": start}).text


def test_registering_and_moving_a_prison_is_told_to_both_regions(service: Service):
    start = end_of_feed(service)
    assert service.post("/v1/prisons", prison("ZZA"), by="admin").status_code == 201
    assert service.patch("/v1/prisons/ZZA", {"region": "london", "name": "Zed"}, by="admin").status_code == 200
    told = [(event["kind"], event["region"]["slug"]) for event in since(service, start)]
    assert told == [
        ("prison.registered", "south-east"),
        ("prison.corrected", "london"),
        ("prison.left_region", "south-east"),
    ]
    [left] = since(service, start, kind="prison.left_region")
    assert left["content"] == {"region_now": "london"}
    [corrected] = since(service, start, kind="prison.corrected")
    assert corrected["content"]["changed"] == ["name", "region"]


def test_a_reader_with_a_cursor_gets_each_event_once_whatever_the_page(service: Service):
    start = end_of_feed(service)
    for number in (1, 2, 3, 5, 6, 10, 11):
        rate(service, number)
    everything = since(service, start)
    for limit in (1, 2, 3, 6, 7, 8):
        read: list[dict[str, Any]] = []
        cursor = start
        while items := (page := service.get("/v1/events", params={"after": cursor, "limit": limit})).json()["items"]:
            assert ("link" in page.headers) == (len(read) + len(items) < 7)
            read += items
            cursor = page.json()["next_cursor"]
        assert read == everything


def test_the_link_leads_on_with_the_same_filters(service: Service):
    start = end_of_feed(service)
    for number in (1, 2, 3):
        rate(service, number)
        rate(service, number, code="MSI")
    until_settled(service)
    first = service.get("/v1/events", params={"after": start, "limit": 2, "prison": "lwi"})
    url = first.headers["link"].partition(">")[0].removeprefix("<")
    second = service.get(url)
    numbers = [event["content"]["number"] for page in (first, second) for event in page.json()["items"]]
    assert numbers == [1, 2, 3]
    assert "link" not in second.headers


def test_a_cursor_is_always_there_and_can_be_polled_again(service: Service):
    start = end_of_feed(service)
    for _ in range(3):
        answer = service.get("/v1/events", params={"after": start, "prison": "LWI"})
        assert answer.json() == {"items": [], "next_cursor": start}
    rate(service, 5)
    assert [event["subject"] for event in since(service, start)] == ["/v1/prisons/LWI/sections/5"]


def test_a_cursor_moves_on_past_what_its_filter_leaves_out(service: Service):
    start = end_of_feed(service)
    rate(service, 5, code="MSI")
    until_settled(service)
    answer = service.get("/v1/events", params={"after": start, "prison": "LWI"}).json()
    assert answer["items"] == []
    assert answer["next_cursor"] == end_of_feed(service) != start


def test_filters_choose_by_region_prison_and_kind(service: Service):
    start = end_of_feed(service)
    rate(service, 5)
    rate(service, 5, code="BXI")
    assert [event["prison"] for event in since(service, start, region="south-east")] == ["LWI"]
    assert [event["prison"] for event in since(service, start, region="London")] == ["BXI"]
    assert [event["prison"] for event in since(service, start, prison="bxi")] == ["BXI"]
    assert len(since(service, start, kind=["section.rated", "prison.registered"])) == 2
    assert since(service, start, kind="prison.registered") == []


@pytest.mark.parametrize(
    "cursor", ["", "x", "1", "1-", "-1", "1-2-3", "1-99999999999999999999", "9223372036854775808-1"]
)
def test_a_cursor_that_no_feed_gave_is_refused(service: Service, cursor: str):
    answer = service.get("/v1/events", params={"after": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-cursor")
    assert answer.json()["errors"][0]["pointer"] == "?after"


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "kind=section.painted", "region=atlantis"])
def test_filters_that_mean_nothing_are_refused(service: Service, query: str):
    assert service.get(f"/v1/events?{query}").status_code == 422


def test_every_key_of_the_programme_reads_the_feed_and_nobody_else(service: Service):
    for by in ("prison:LWI", "region:london", "national", "signatory:LWI:governor", "admin"):
        assert service.get("/v1/events?limit=1", by=by).status_code == 200
    assert service.get("/v1/events", by=None).status_code == 401
    assert service.get("/v1/events/stream", by=None).status_code == 401


def test_an_unchanged_page_is_not_sent_twice(service: Service):
    first = service.get("/v1/events?limit=3")
    again = service.get("/v1/events?limit=3", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("database_kind", SERVERS, indirect=True)
def test_what_commits_late_is_never_skipped(service: Service):
    start = end_of_feed(service)
    database: Database = service.database
    with database.session_scope() as early:
        # Its number is lower than that of the event below; it commits later.
        announce_in(early, service, "/early")
        early.flush()
        rate(service, 5)
        page = service.get("/v1/events", params={"after": start}).json()
        assert (page["items"], page["next_cursor"]) == ([], start)
    assert [event["subject"] for event in since(service, start)] == ["/early", "/v1/prisons/LWI/sections/5"]


@pytest.mark.parametrize("database_kind", SERVERS, indirect=True)
def test_a_late_writer_with_an_earlier_sequence_number_is_not_skipped(service: Service):
    """Transactions begin and draw their event numbers in opposite orders."""
    start = end_of_feed(service)
    database: Database = service.database
    with database.session_scope() as first:
        announce_in(first, service, "/first")
        first.flush()
        with database.session_scope() as second:
            announce_in(second, service, "/second")
            second.flush()
            announce_in(first, service, "/first-again")
            first.flush()
        page = service.get("/v1/events", params={"after": start}).json()
        assert (page["items"], page["next_cursor"]) == ([], start)
    rate(service, 5)
    subjects = [event["subject"] for event in since(service, start)]
    assert subjects == ["/first", "/first-again", "/second", "/v1/prisons/LWI/sections/5"]


@pytest.mark.parametrize("database_kind", SERVERS[1:], indirect=True)
def test_a_standby_that_lags_does_not_hold_the_feed_up(service: Service, shared_home: Path):
    start = end_of_feed(service)
    with lagging(shared_pair(shared_home), service.settings.database_url):
        service.database.write_engine.dispose()
        rate(service, 5)
        assert [event["subject"] for event in since(service, start)] == ["/v1/prisons/LWI/sections/5"]
        # What the standby has is still the old rating: it does lag.
        assert service.get("/v1/prisons/LWI/sections/5").json()["rating"] == "RED"


def test_a_reader_beside_many_writers_misses_nothing(service: Service):
    start = end_of_feed(service)
    codes = ("LWI", "MSI", "BXI", "FDI")

    def write(code: str) -> None:
        with_numbers = (1, 2, 3, 4, 5, 6, 10, 11)
        for number in with_numbers:
            rate(service, number, code=code)

    writers = [Thread(target=write, args=(code,)) for code in codes]
    for writer in writers:
        writer.start()
    read: list[dict[str, Any]] = []
    cursor = start
    while True:
        finished = not any(writer.is_alive() for writer in writers)
        page = service.get("/v1/events", params={"after": cursor, "limit": 3}).json()
        read, cursor = read + page["items"], page["next_cursor"]
        if finished and not page["items"]:
            until_settled(service)
            if not since(service, cursor):
                break
    assert len(read) == 32
    assert len({event["id"] for event in read}) == 32
    for code in codes:
        versions = [event["content"]["number"] for event in read if event["prison"] == code]
        assert versions == [1, 2, 3, 4, 5, 6, 10, 11]


def test_a_change_that_is_rolled_back_leaves_no_event_and_no_delivery(service: Service):
    made = service.post("/v1/webhooks", {"url": "https://example.org/x", "description": "x"}, by="national")
    assert made.status_code == 201
    start = end_of_feed(service)
    with service.unchanged(), service.database.write_session() as session:
        announce_in(session, service, "/lost")
        session.flush()
    assert since(service, start) == []
    assert service.get("/v1/webhooks/1/deliveries", by="national").json()["items"] == []


def test_an_unknown_kind_is_a_fault_of_ours(service: Service):
    with pytest.raises(ValueError, match=r"section\.painted"), service.database.write_session() as session:
        announce_in(session, service, "/x", kind="section.painted")


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_writers_of_other_databases_hold_nothing_up(service: Service, postgres_admin_url: str):
    other = sa.create_engine(postgres_admin_url)
    start = end_of_feed(service)
    with other.begin() as connection:
        connection.execute(sa.text("SELECT pg_current_xact_id()"))
        rate(service, 5)
        assert [event["subject"] for event in since(service, start)] == ["/v1/prisons/LWI/sections/5"]
    other.dispose()
