"""The return over HTTP at one size of programme: how fast the rows come, and what the server's memory does."""

import time
from collections.abc import Iterator

import httpx

from bench.programmes import LAST_MONTH, Programme
from bench.servers import ADMIN_KEY, Server

COLUMNS = ("return", "prisons", "seconds", "rows/s", "MiB", "idle MiB", "above idle MiB")
NOTES = (
    "Read whole over one connection, one worker. Memory: the server's resident set before and at its highest. "
    "The aim for a frozen CSV of 100,000 rows: 20,000 rows a second with less than 100 MiB above idle.",
)


def rows(made: Programme, service: Server) -> Iterator[list[str]]:
    """A row for each form of the last month's return, before and after it is frozen."""
    yield _read("CSV, not frozen", "csv", made, service)
    yield _freeze(made, service)
    for form in ("csv", "xlsx"):
        yield _read(f"{form.upper()}, frozen", form, made, service)


def _read(name: str, form: str, made: Programme, service: Server) -> list[str]:
    idle, began, size = service.idle_memory(), time.perf_counter(), 0
    headers = {"authorization": f"Bearer {ADMIN_KEY}"}
    address = f"{service.url}/v1/returns/{LAST_MONTH}.{form}"
    with httpx.stream("GET", address, headers=headers, trust_env=False, timeout=600) as answer:
        answer.raise_for_status()
        for piece in answer.iter_raw():
            size += len(piece)
    return _row(name, made, service, time.perf_counter() - began, idle, f"{size / 2**20:.1f}")


def _freeze(made: Programme, service: Server) -> list[str]:
    with httpx.Client(base_url=service.url, trust_env=False, timeout=600) as client:
        wanted = {"name": "Bench NDPDU", "role": "national"}
        admin = {"authorization": f"Bearer {ADMIN_KEY}"}
        key = client.post("/v1/keys", json=wanted, headers=admin).raise_for_status().json()["key"]
        idle, began = service.idle_memory(), time.perf_counter()
        national = {"authorization": f"Bearer {key}"}
        client.post(f"/v1/returns/{LAST_MONTH}/freeze", json={}, headers=national).raise_for_status()
        return _row("freeze", made, service, time.perf_counter() - began, idle, "")


def _row(name: str, made: Programme, service: Server, seconds: float, idle: float, size: str) -> list[str]:
    memory = [f"{idle:.0f}", f"{service.peak_memory() - idle:.0f}"]
    return [name, f"{made.prisons:,}", f"{seconds:.2f}", f"{made.prisons / seconds:,.0f}", size, *memory]
