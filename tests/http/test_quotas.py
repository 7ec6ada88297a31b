"""A quota of requests, told in every answer and kept for each caller."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.main import create_app
from tests.support.service import Clock, Service, running, service_settings


@pytest.fixture
def limited(database_url: str, tmp_path: Path) -> Iterator[Service]:
    with running(service_settings(database_url, data_dir=tmp_path, rate_limit="3/hour")) as found:
        yield found


def test_the_request_beyond_the_quota_is_refused_with_when_to_come_back(limited):
    answers = [limited.get("/v1/prisons/LWI/readiness") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert [one.headers["ratelimit-remaining"] for one in answers] == ["2", "1", "0", "0"]
    refused = answers[-1]
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "too-many-requests"
    assert 3500 < int(refused.headers["retry-after"]) <= 3600
    assert refused.headers["x-request-id"] == refused.json()["request_id"]


def test_each_caller_has_a_quota_of_its_own_and_health_is_not_counted(limited):
    for _ in range(4):
        limited.get("/v1/prisons/LWI/readiness")
    assert limited.get("/v1/prisons/LWI/readiness", by="national").status_code == 200
    assert limited.get("/health", by="prison:LWI").status_code == 200


@pytest.mark.parametrize("header", ["Bearer  {}", "bearer {}", "  Bearer {}", "BEARER   {}  "])
def test_a_key_is_the_same_caller_however_it_is_spaced(limited, header):
    for _ in range(3):
        limited.get("/v1/prisons/LWI/readiness")
    answer = limited.get(
        "/v1/prisons/LWI/readiness", by=None, headers={"authorization": header.format(limited.key("prison:LWI"))}
    )
    assert answer.status_code == 429


def test_whoever_sends_no_key_is_counted_by_address(limited):
    answers = [limited.get("/v1/toolkit", by=None, headers={"authorization": f"Basic {turn}"}) for turn in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]


@pytest.fixture
def guarded(database_url: str, tmp_path: Path) -> Iterator[Service]:
    with running(service_settings(database_url, data_dir=tmp_path, failed_keys_limit="3/hour")) as found:
        yield found


@pytest.mark.parametrize("path", ["/v1/prisons/LWI/readiness", "/v1/prisons/LWI/sections"])
def test_guessing_keys_is_slow(guarded, path):
    answers = [guarded.get(path, by=f"a-guess-{turn}") for turn in range(5)]
    assert [one.status_code for one in answers] == [401, 401, 401, 429, 429]
    assert answers[-1].json()["code"] == "too-many-requests"
    assert 3500 < int(answers[-1].headers["retry-after"]) <= 3600
    # Not even the right key is let in where it could be one of the guesses.
    assert guarded.get(path).status_code == 429


def test_a_key_that_was_let_in_before_goes_on_working_beside_a_program_with_an_old_one(guarded):
    assert guarded.get("/v1/prisons").status_code == 200
    for _ in range(5):
        guarded.get("/v1/prisons", by="an-old-key")
    assert guarded.get("/v1/prisons").status_code == 200


def test_no_address_pays_for_another_one(database_url, tmp_path):
    settings = service_settings(database_url, data_dir=tmp_path, failed_keys_limit="3/hour")
    behind_a_proxy: Any = ProxyHeadersMiddleware(create_app(settings, Clock()), trusted_hosts="10.0.0.1")  # type: ignore[arg-type]

    async def reached_from(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["client"] = (dict(scope["headers"])[b"test-peer"].decode(), 1)
        await behind_a_proxy(scope, receive, send)

    with TestClient(reached_from) as client:

        def status(peer: str, forwarded: str) -> int:
            headers = {"authorization": "Bearer a-guess", "test-peer": peer, "x-forwarded-for": forwarded}
            return client.get("/v1/prisons", headers=headers).status_code

        assert [status("10.0.0.1", "192.0.2.1") for _ in range(4)] == [401, 401, 401, 429]
        assert status("10.0.0.1", "192.0.2.2") == 401
        # Only a proxy that is trusted says whom it speaks for.
        assert [status("10.0.0.2", f"192.0.2.{turn}") for turn in range(3, 7)] == [401, 401, 401, 429]


def test_without_a_quota_nothing_is_counted(service):
    answer = service.get("/v1/prisons/LWI/readiness")
    assert "ratelimit-limit" not in answer.headers


def test_a_quota_that_cannot_be_read_is_refused_at_the_start():
    with pytest.raises(ValidationError, match="600/minute"):
        service_settings("sqlite:///x.db", rate_limit="often")
