"""Eight writers at once: how evenly they are served, by one worker and by two on one database."""

import asyncio
import itertools
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from bench.crowd import exchange
from bench.load import raw_request
from bench.report import TITLES, Options, Table
from bench.requests import WRITTEN
from bench.servers import database_url, prison_keys, service_server, service_settings

WORKERS = (1, 2)
# A 99th percentile of eight writers needs some thousand writes.
SECONDS_TO_ROUND = 4
COLUMNS = ("workers", "writes/s", "p50 ms", "p95 ms", "p99 ms", "p99 / p50", "max ms", "writes of each, least..most")


def run(options: Options) -> list[Table]:
    return [_on(kind, options) for kind in options.databases]


def _on(kind: str, options: Options) -> Table:
    seconds = options.seconds * SECONDS_TO_ROUND
    rows = [_row(kind, workers, seconds, options.rounds) for workers in WORKERS]
    notes = (
        f"{len(WRITTEN)} connections, each of which changes a section of a prison of its own as soon as the change "
        f"before is acknowledged; medians of {options.rounds} rounds of {seconds:g} s; the maximum and the "
        "counts are of all rounds.",
        "Every answer follows a durable commit; the generator runs on the same machine.",
    )
    return Table(f"{len(WRITTEN)} writers on {TITLES[kind]}", COLUMNS, rows, notes)


def _row(kind: str, workers: int, seconds: float, rounds: int) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="idts-bench-") as name, database_url(kind, Path(name)) as database:
        settings = service_settings(database, Path(name)) | {"IDTS_WORKERS": str(workers)}
        with service_server(settings) as service:
            keys = prison_keys(service.url, WRITTEN)
            asyncio.run(_round(service.url, keys, seconds / 4))
            found = [asyncio.run(_round(service.url, keys, seconds)) for _ in range(rounds)]
    each = [sum(map(len, writes)) for writes in zip(*found, strict=True)]
    pooled = [sorted(itertools.chain.from_iterable(one)) for one in found]
    p50, p95, p99 = (median(times[len(times) * part // 100] for times in pooled) * 1000 for part in (50, 95, 99))
    a_second = median(len(times) for times in pooled) / seconds
    most = max(times[-1] for times in pooled) * 1000
    figures = (f"{p50:.1f}", f"{p95:.1f}", f"{p99:.1f}", f"{p99 / p50:.1f}", f"{most:.0f}")
    return [str(workers), f"{a_second:,.0f}", *figures, f"{min(each)}..{max(each)}"]


async def _round(url: str, keys: Mapping[str, str], seconds: float) -> Sequence[list[float]]:
    """How long each write of each writer took."""
    until = time.perf_counter() + seconds
    return await asyncio.gather(*(_writer(url, code, key, until) for code, key in keys.items()))


async def _writer(url: str, code: str, key: str, until: float) -> list[float]:
    reader, writer = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
    times: list[float] = []
    for rating in itertools.cycle(("AMBER", "RED")):
        if (began := time.perf_counter()) >= until:
            break
        body = json.dumps({"rating": rating, "comment": f"Change {time.time_ns()}"}).encode()
        status, answer = await exchange(
            reader, writer, raw_request("PATCH", f"/v1/prisons/{code}/sections/12", key, body=body)
        )
        if status != 200:
            raise RuntimeError(f"a write failed: {answer.decode()}")
        times.append(time.perf_counter() - began)
    writer.close()
    return times
