"""The service over HTTP at one size of programme: each call beside the floor."""

from pathlib import Path

import httpx

from app.demo.lives import demo_code
from bench.load import Load, changes, measure, raw_request
from bench.programmes import LAST_MONTH, Programme
from bench.report import Options
from bench.servers import ADMIN_KEY, Server, floor_server, prison_keys
from bench.statements import Taken, taken

COLUMNS = ("call", "prisons", "req/s", "p50 ms", "p99 ms", "CPU µs", "SQL", "rows", "bytes")
NOTES = ("One worker, one connection. SQL: statements that reach the driver; rows: what they read; CPU: the worker's.",)
CODE = demo_code(5)
PATHS = {
    "GET readiness": f"/v1/prisons/{CODE}/readiness",
    "GET sections": f"/v1/prisons/{CODE}/sections",
    "GET region dashboard": "/v1/regions/north-east/dashboard",
    "GET national dashboard": "/v1/dashboard",
    "GET national dashboard, as_of": "/v1/dashboard?as_of=2026-04-15",
    "GET regions": "/v1/regions",
    "GET matrix, 500 rows": "/v1/dashboard/matrix?limit=500",
    "GET return, 500 rows": f"/v1/returns/{LAST_MONTH}?limit=500",
    "GET prisons by blockers": "/v1/prisons?sort=blockers",
    "GET events": "/v1/events",
}


def rows(made: Programme, service: Server, directory: Path, options: Options) -> list[list[str]]:
    """A row for each call, the floor last."""
    keys = prison_keys(service.url, [CODE])
    requests = {call: [raw_request("GET", path, ADMIN_KEY)] for call, path in PATHS.items()}
    requests["PATCH section"] = changes(keys)
    cost = taken(made.url, directory, requests, {})
    found = []
    for call, raw in requests.items():
        size = f"{_size(service, PATHS[call]):,}" if call in PATHS else ""
        # The changes that were counted are made already: the measured ones must be new.
        found.append(_row(call, made, service, raw if call in PATHS else changes(keys), cost[call], size, options))
    with floor_server(b"{}", directory) as floor:
        raw = [raw_request("GET", "/v1/prisons/LWI/readiness", ADMIN_KEY)]
        found.append(_row("floor", made, floor, raw, None, "2", options))
    return found


def _row(
    call: str, made: Programme, server: Server, raw: list[bytes], cost: Taken | None, size: str, options: Options
) -> list[str]:
    measure(server.url, raw, connections=1, seconds=min(1.0, options.seconds))
    before = server.cpu_seconds()
    load: Load = measure(server.url, raw, connections=1, seconds=options.seconds * 2)
    cpu = (server.cpu_seconds() - before) / load.requests * 1e6
    times = [f"{load.per_second:,.0f}", f"{load.p50:.2f}", f"{load.p99:.2f}", f"{cpu:,.0f}"]
    return [call, f"{made.prisons:,}", *times, *([str(cost.statements), f"{cost.rows:,}"] if cost else ["", ""]), size]


def _size(service: Server, path: str) -> int:
    headers = {"authorization": f"Bearer {ADMIN_KEY}"}
    answer = httpx.get(service.url + path, headers=headers, trust_env=False, timeout=120).raise_for_status()
    return len(answer.content)
