"""Server-sent events from a real server: resumed where they broke off, bounded, ended cleanly."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from app.background.feed import Feed
from app.http.parts import parts_of
from app.main import create_app
from tests.support.factories import rated
from tests.support.service import ADMIN_KEY, Service, running, service_settings

PATIENCE = httpx.Timeout(60)
# What does not come within so many heartbeats (and looks for news) does not come at all.
MOST_HEARTBEATS = 300


@dataclass
class Listening:
    """A real server of the service, and the service beside it through which tests change things."""

    service: Service
    app: FastAPI
    url: str

    @contextmanager
    def stream(
        self, query: str = "", by: str = "admin", last_event_id: str | None = None
    ) -> Iterator[Iterator[dict[str, str]]]:
        """The fields of each message, as they come in."""
        headers = {"authorization": f"Bearer {self.service.key(by)}"}
        if last_event_id is not None:
            headers["last-event-id"] = last_event_id
        with httpx.stream("GET", f"{self.url}/v1/events/stream{query}", headers=headers, timeout=PATIENCE) as answer:
            assert answer.status_code == 200, answer.read()
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield messages(answer)


def messages(answer: httpx.Response) -> Iterator[dict[str, str]]:
    """Message by message: its fields; a comment is the field ''."""
    fields: dict[str, str] = {}
    for line in answer.iter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        else:
            yield fields
            fields = {}


def started(stream: Iterator[dict[str, str]]) -> str:
    """Where the stream begins, once it has said so."""
    return next(message["id"] for message in stream if "id" in message)


def events(stream: Iterator[dict[str, str]], many: int) -> list[tuple[str, Any]]:
    """So many events: their ids and what they say."""
    found: list[tuple[str, Any]] = []
    quiet = 0
    while len(found) < many:
        message = next(stream)
        if "data" in message:
            found.append((message["id"], json.loads(message["data"])))
        else:
            quiet += 1
            assert quiet < MOST_HEARTBEATS, f"{many} events were to come, and only {found} did"
    return found


def numbers(found: list[tuple[str, Any]]) -> list[int]:
    return [event["content"]["number"] for _, event in found]


def rate(service: Service, *sections: int, code: str = "LWI", rating: str = "AMBER") -> None:
    for number in sections:
        answer = service.patch(f"/v1/prisons/{code}/sections/{number}", rated(number, rating), by=f"prison:{code}")
        assert answer.status_code == 200, answer.text


@contextmanager
def listening(database_url: str, data_dir: Path, **more: Any) -> Iterator[Listening]:
    settings = service_settings(
        database_url,
        data_dir=data_dir,
        **{"event_poll_seconds": 0.02, "event_heartbeat_seconds": 0.2, "event_stream_seconds": 600} | more,
    )
    with running(settings) as service:
        app = create_app(settings, service.clock)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=5))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
            port = server.servers[0].sockets[0].getsockname()[1]
            yield Listening(service, app, f"http://127.0.0.1:{port}")
        finally:
            server.should_exit = True
            thread.join()


def feed_of(live: Listening) -> Feed:
    feed = parts_of(live.app).feed
    assert isinstance(feed, Feed)
    return feed


@pytest.fixture
def live(database_url: str, tmp_path: Path) -> Iterator[Listening]:
    with listening(database_url, tmp_path) as found:
        yield found


def test_events_come_as_they_happen(live: Listening):
    with live.stream() as stream:
        started(stream)
        rate(live.service, 5)
        [(cursor, event)] = events(stream, 1)
        assert event["cursor"] == cursor
        assert (event["kind"], event["subject"]) == ("section.rated", "/v1/prisons/LWI/sections/5")
        rate(live.service, 6)
        assert numbers(events(stream, 1)) == [6]
    polled = live.service.get("/v1/events", params={"limit": 500, "prison": "LWI", "kind": "section.rated"}).json()
    assert polled["items"][0] == event


def test_a_stream_that_broke_off_goes_on_where_it_was(live: Listening):
    with live.stream() as stream:
        started(stream)
        rate(live.service, 1, 2, 3)
        seen = events(stream, 2)
    rate(live.service, 5, 6)
    with live.stream(last_event_id=seen[-1][0]) as stream:
        rate(live.service, 10)
        assert numbers(seen + events(stream, 4)) == [1, 2, 3, 5, 6, 10]


def test_a_stream_that_broke_off_before_its_first_event_misses_nothing(live: Listening):
    with live.stream() as stream:
        start = started(stream)
    rate(live.service, 5)
    with live.stream(last_event_id=start) as stream:
        assert numbers(events(stream, 1)) == [5]


def test_a_stream_can_begin_at_a_cursor_of_the_list(live: Listening):
    rate(live.service, 1, 2, 3)
    page = live.service.get("/v1/events", params={"limit": 500, "kind": "section.rated"}).json()
    with live.stream(f"?after={page['items'][0]['cursor']}") as stream:
        assert numbers(events(stream, 2)) == [2, 3]
    # What a browser sends when it comes back wins over the address that it began with.
    with live.stream(f"?after={page['items'][0]['cursor']}", last_event_id=page["items"][1]["cursor"]) as stream:
        assert numbers(events(stream, 1)) == [3]


@pytest.mark.parametrize("query", ["?region=london", "?prison=bxi", "?prison=BXI&kind=section.rated"])
def test_a_stream_tells_what_was_asked_for(live: Listening, query: str):
    with live.stream(query) as stream:
        started(stream)
        rate(live.service, 1, 2, 3)
        rate(live.service, 5, code="BXI")
        assert [event["prison"] for _, event in events(stream, 1)] == ["BXI"]


def test_many_more_events_than_one_page_all_come(live: Listening):
    start = live.service.get("/v1/events", params={"limit": 1}).json()["items"][0]["cursor"]
    with live.stream(f"?after={start}&kind=prison.registered") as stream:
        found = events(stream, 137)
    assert len({event["prison"] for _, event in found}) == 137


def test_a_quiet_stream_keeps_its_connection_and_moves_its_cursor_on(live: Listening):
    with live.stream("?prison=LWI") as stream:
        start = started(stream)
        rate(live.service, 5, code="MSI")
        while (message := next(stream))["id"] == start:
            assert message[""] == "still here"
        assert "data" not in message


def test_only_so_many_streams_are_served_at_once(database_url: str, tmp_path: Path):
    with listening(database_url, tmp_path, event_streams=2) as live:
        feed = feed_of(live)
        with live.stream() as first, live.stream() as second:
            started(first)
            started(second)
            headers = {"authorization": f"Bearer {ADMIN_KEY}"}
            refused = httpx.get(f"{live.url}/v1/events/stream", headers=headers, timeout=PATIENCE)
            assert (refused.status_code, refused.json()["code"]) == (503, "too-many-streams")
            assert "retry-after" in refused.headers
        # The places of those who left are free again.
        while feed.followers.total():
            threading.Event().wait(0.01)
        with live.stream() as stream:
            started(stream)


def test_one_key_does_not_take_every_place(database_url: str, tmp_path: Path):
    with listening(database_url, tmp_path, event_streams_per_key=1) as live:
        with live.stream(by="prison:LWI") as mine:
            started(mine)
            headers = {"authorization": f"Bearer {live.service.key('prison:LWI')}"}
            refused = httpx.get(f"{live.url}/v1/events/stream", headers=headers, timeout=PATIENCE)
            assert (refused.status_code, refused.json()["code"]) == (503, "too-many-streams")
            assert "Your key has 1 event streams open" in refused.json()["detail"]
            with live.stream(by="prison:MSI") as other:
                started(other)
        while feed_of(live).followers.total():
            threading.Event().wait(0.01)
        with live.stream(by="prison:LWI") as again:
            started(again)


def test_a_waiting_stream_holds_no_connection(database_url: str, tmp_path: Path):
    patient = {"event_poll_seconds": 60, "event_heartbeat_seconds": 60}
    with listening(database_url, tmp_path, **patient) as live, live.stream() as first, live.stream() as second:
        started(first)
        started(second)
        database = parts_of(live.app).database
        while database.read_engine.pool.checkedout():  # type: ignore[attr-defined]
            threading.Event().wait(0.01)
        assert feed_of(live).followers.total() == 2


def test_a_revoked_key_is_told_nothing_more(live: Listening):
    with live.stream(by="prison:LWI") as stream:
        started(stream)
        keys = live.service.get("/v1/keys", by="admin").json()["items"]
        [key] = [key["id"] for key in keys if key["name"] == "prison:LWI"]
        assert live.service.post(f"/v1/keys/{key}/revoke", by="admin").status_code == 200
        assert all("data" not in message for message in stream)


def test_a_stream_ends_after_its_time(database_url: str, tmp_path: Path):
    with listening(database_url, tmp_path, event_stream_seconds=0) as live, live.stream() as stream:
        assert [sorted(message) for message in stream] == [["retry"], ["", "id"]]


def test_a_server_that_stops_ends_its_streams_first(database_url: str, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {"IDTS_DATABASE_URL": database_url, "IDTS_DATA_DIR": str(tmp_path)}
    command = [str(Path(sys.executable).with_name("idts")), "serve", "--port", str(port)]
    server = subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        wait_until_up(server, port)
        headers = {"authorization": f"Bearer {ADMIN_KEY}"}
        url = f"http://127.0.0.1:{port}/v1/events/stream"
        with httpx.stream("GET", url, headers=headers, timeout=PATIENCE) as answer:
            stream = messages(answer)
            started(stream)
            server.send_signal(signal.SIGTERM)
            # A stream that is cut off, and not ended, raises here.
            assert all("data" not in message for message in stream)
        output, _ = server.communicate(timeout=60)
        assert "Cancel" not in output
    finally:
        server.kill()
        server.wait()


def wait_until_up(server: subprocess.Popen[str], port: int) -> None:
    while True:
        assert server.poll() is None, server.communicate()[0]
        try:
            httpx.get(f"http://127.0.0.1:{port}/health/ping")
        except httpx.ConnectError:
            threading.Event().wait(0.05)
        else:
            return
