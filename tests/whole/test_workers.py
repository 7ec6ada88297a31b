"""Several workers behind one port: what they count, they count together."""

import re
from pathlib import Path

import httpx

from tests.support.processes import free_port, serving

ADMIN = "admin-key-of-the-workers-0123456789"
REQUESTS = 60


def test_metrics_tell_the_requests_of_every_worker(tmp_path: Path):
    port = free_port()
    settings = {"IDTS_DATA_DIR": str(tmp_path), "IDTS_ADMIN_KEY": ADMIN, "IDTS_WORKERS": "2"}
    with serving(settings, port):

        def ask(path: str) -> httpx.Response:
            # A connection each, so that both workers have some.
            headers = {"authorization": f"Bearer {ADMIN}", "connection": "close"}
            return httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers, timeout=60, trust_env=False)

        for _ in range(REQUESTS):
            assert ask("/v1/prisons/LWI/readiness").status_code == 200
        counted = [answered(ask("/metrics").text) for _ in range(12)]
    assert counted == [REQUESTS] * 12


def answered(metrics: str) -> int:
    found = re.search(r'^idts_http_requests_total{(?=.*readiness").*} ([0-9.e+]+)$', metrics, re.MULTILINE)
    assert found is not None, metrics
    return round(float(found[1]))
