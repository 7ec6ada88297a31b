"""A quota of requests, told in every answer and kept for each caller."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.support.service import Service, running, service_settings


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


def test_without_a_quota_nothing_is_counted(service):
    answer = service.get("/v1/prisons/LWI/readiness")
    assert "ratelimit-limit" not in answer.headers


def test_a_quota_that_cannot_be_read_is_refused_at_the_start():
    with pytest.raises(ValidationError, match="600/minute"):
        service_settings("sqlite:///x.db", rate_limit="often")
