"""Many readers of dashboards and many writers at once, and whether the history holds every acknowledged write."""

import asyncio
import json
import re
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import text

from app.demo.lives import demo_code
from app.storage.db import Database
from bench.load import raw_request
from bench.programmes import programme
from bench.report import Options, Table
from bench.servers import ADMIN_KEY, prison_keys, service_server, service_settings

READERS, WRITERS = 200, 20
LOAD_SECONDS = 60.0


@dataclass(slots=True)
class Seen:
    """What came back while the load ran."""

    statuses: Counter[int] = field(default_factory=Counter)
    reads: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)


def run(options: Options) -> list[Table]:
    prisons = max((size for size in options.prisons if size <= 10_000), default=min(options.prisons))
    with (
        tempfile.TemporaryDirectory(prefix="idts-bench-") as name,
        programme("postgresql", prisons, Path(name), options.keep) as made,
    ):
        settings = service_settings(made.url, Path(name)) | {"IDTS_WORKERS": "2"}
        with service_server(settings) as service:
            codes = [demo_code(place) for place in range(WRITERS)]
            keys = prison_keys(service.url, codes)
            seconds = LOAD_SECONDS if options.seconds >= 1 else 5.0
            seen = asyncio.run(_load(service.url, keys, seconds))
        lost = _lost(made.database, seen.acknowledged)
    rows = [
        ["reads", f"{len(seen.reads) / seconds:,.0f}", *_percentiles(seen.reads)],
        ["writes", f"{len(seen.writes) / seconds:,.0f}", *_percentiles(seen.writes)],
    ]
    worst = sum(count for status, count in seen.statuses.items() if status >= 500)
    notes = (
        f"{READERS} readers of regional and national dashboards and {WRITERS} writers for {seconds:.0f} s on "
        f"PostgreSQL with 2 workers and {prisons:,} prisons, the generator on the same machine.",
        f"Answers by status: {dict(sorted(seen.statuses.items()))}; 5xx: {worst}. "
        f"Acknowledged writes: {len(seen.acknowledged):,}; missing from the history: {lost}.",
    )
    return [Table("Readers and writers at once", ("calls", "a second", "p50 ms", "p99 ms"), rows, notes)]


def _percentiles(times: list[float]) -> list[str]:
    ordered = sorted(times) or [0.0]
    return [f"{ordered[len(ordered) // 2] * 1000:.1f}", f"{ordered[len(ordered) * 99 // 100] * 1000:.1f}"]


async def _load(url: str, keys: dict[str, str], seconds: float) -> Seen:
    seen, until = Seen(), time.perf_counter() + seconds
    regions = ("north-east", "london", "south-east")
    paths = ["/v1/dashboard", *(f"/v1/regions/{region}/dashboard" for region in regions)]
    readers = [_reader(url, paths[place % len(paths)], until, seen) for place in range(READERS)]
    writers = [_writer(url, code, key, until, seen) for code, key in keys.items()]
    await asyncio.gather(*readers, *writers)
    return seen


async def _reader(url: str, path: str, until: float, seen: Seen) -> None:
    reader, writer = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
    request = raw_request("GET", path, ADMIN_KEY)
    while (began := time.perf_counter()) < until:
        status, _ = await exchange(reader, writer, request)
        seen.statuses[status] += 1
        seen.reads.append(time.perf_counter() - began)
    writer.close()


async def _writer(url: str, code: str, key: str, until: float, seen: Seen) -> None:
    reader, writer = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
    number = 0
    while (began := time.perf_counter()) < until:
        number += 1
        comment = f"load {code} {number}"
        body = json.dumps({"comment": comment, "rating": ("RED", "AMBER")[number % 2]}).encode()
        request = raw_request("PATCH", f"/v1/prisons/{code}/sections/12", key, body=body)
        status, _ = await exchange(reader, writer, request)
        seen.statuses[status] += 1
        seen.writes.append(time.perf_counter() - began)
        if status == 200:
            seen.acknowledged.append(comment)
    writer.close()


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> tuple[int, bytes]:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    body = await reader.readexactly(int(length[1])) if length else b""
    return int(head[9:12]), body


def _lost(database: Database, acknowledged: list[str]) -> int:
    """Acknowledged writes that the history does not hold."""
    with database.write_engine.connect() as connection:
        held = set(connection.scalars(text("SELECT state->>'comment' FROM section_change WHERE number = 12")))
    return len(set(acknowledged) - held)
