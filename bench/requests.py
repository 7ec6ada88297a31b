"""The calls of one prison against the floor: requests per second, latency, SQL statements."""

import itertools
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
from rich.console import Console
from rich.progress import Progress

from bench.load import Load, changes, generator, measure, raw_request
from bench.report import TITLES, Options, Table
from bench.servers import Server, database_url, floor_server, prison_keys, service_server, service_settings
from bench.statements import Taken, taken

CONNECTIONS = (1, 8)
# LWI is the one that is read; the changes are to others, so that its ETag stays.
WRITTEN = ("BXI", "LEI", "MRI", "PVI", "WII", "WWI", "EXI", "BLI")
READ = "/v1/prisons/LWI/readiness"
SECTIONS = "/v1/prisons/LWI/sections"

Requests = Callable[[], Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Call:
    """One kind of request. `requests` makes them anew for each measurement."""

    name: str
    requests: Requests
    status: int = 200
    is_floor: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """A load, and the processor time that the worker took for each request."""

    load: Load
    cpu_us: float


@dataclass(frozen=True, slots=True)
class Bench:
    """What one database's measurements need: both servers, the calls, and the statements that each takes."""

    floor: Server
    service: Server
    calls: Sequence[Call]
    statements: Mapping[str, Taken]


def run(options: Options) -> list[Table]:
    return [_on(kind, options) for kind in options.databases]


def _on(kind: str, options: Options) -> Table:
    with tempfile.TemporaryDirectory(prefix="idts-bench-") as name, database_url(kind, Path(name)) as database:
        directory = Path(name)
        with service_server(service_settings(database, directory)) as service:
            keys = _prepared(service.url)
            answer = httpx.get(service.url + READ, headers=_bearer(keys["LWI"]), trust_env=False)
            calls = _calls(keys, answer.headers["etag"])
            asked = [one for one in calls if not one.is_floor]
            requests, statuses = {one.name: one.requests() for one in asked}, {one.name: one.status for one in asked}
            statements = taken(database, directory, requests, statuses)
            with floor_server(answer.content, directory) as floor:
                found = _rounds(kind, Bench(floor, service, calls, statements), options)
    notes = (
        f"Floor: a bare FastAPI def route that returns the same {len(answer.content):,} bytes ready-made.",
        f"One worker process each, {generator()} on the same machine, medians of {options.rounds} interleaved rounds "
        f"of {options.seconds:g} s; × is the median ratio to the floor of the same round.",
        "PATCH changes a section of eight prisons in turn, really each time; every answer follows a durable commit.",
        "CPU: processor time of the worker for each request, which a busy machine changes least.",
        "SQL: statements that reach the driver, without BEGIN and COMMIT.",
    )
    columns = ["call", "SQL"]
    for connections in CONNECTIONS:
        columns += [f"req/s, {connections} conn.", "×", "p50 ms", "p99 ms", "CPU µs"]
    return Table(f"Requests on {TITLES[kind]}", columns, found, notes)


def _measured(bench: Bench, call: Call, connections: int, seconds: float) -> Measured:
    server = bench.floor if call.is_floor else bench.service
    before = server.cpu_seconds()
    load = measure(server.url, call.requests(), connections=connections, seconds=seconds)
    return Measured(load, (server.cpu_seconds() - before) / load.requests * 1e6)


def _rounds(kind: str, bench: Bench, options: Options) -> list[list[str]]:
    found: dict[tuple[str, int], list[Measured]] = {}
    ratios: dict[tuple[str, int], list[float]] = {}
    console = Console(file=sys.stderr)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"Measuring on {kind}", total=(options.rounds + 1) * len(CONNECTIONS))
        # The first round only warms up.
        for turn, connections in itertools.product(range(options.rounds + 1), CONNECTIONS):
            one = {call.name: _measured(bench, call, connections, options.seconds) for call in bench.calls}
            progress.advance(task)
            if turn == 0:
                continue
            floor = one[bench.calls[0].name].load.per_second
            for name, measured in one.items():
                found.setdefault((name, connections), []).append(measured)
                ratios.setdefault((name, connections), []).append(measured.load.per_second / floor)
    return [
        [
            call.name,
            "" if call.is_floor else str(bench.statements[call.name].statements),
            *itertools.chain.from_iterable(
                _cells(found[call.name, connections], ratios[call.name, connections]) for connections in CONNECTIONS
            ),
        ]
        for call in bench.calls
    ]


def _cells(found: Sequence[Measured], ratios: Sequence[float]) -> list[str]:
    loads = [one.load for one in found]
    return [
        f"{median(one.per_second for one in loads):,.0f}",
        f"{median(ratios):.2f}",
        f"{median(one.p50 for one in loads):.2f}",
        f"{median(one.p99 for one in loads):.2f}",
        f"{median(one.cpu_us for one in found):,.0f}",
    ]


def _calls(keys: dict[str, str], etag: str) -> list[Call]:
    key = keys["LWI"]
    read = [raw_request("GET", READ, key)]
    same = [raw_request("GET", READ, key, {"If-None-Match": etag})]
    sections = [raw_request("GET", SECTIONS, key)]
    return [
        Call("floor", lambda: read, is_floor=True),
        Call("GET readiness", lambda: read),
        Call("GET readiness, 304", lambda: same, status=304),
        Call("GET sections", lambda: sections),
        Call("PATCH section", lambda: changes({code: keys[code] for code in WRITTEN})),
    ]


def _prepared(service: str) -> dict[str, str]:
    """A key for each prison, and Lewes half way: 7 sections GREEN with evidence, 8 AMBER, 20 RED."""
    keys = prison_keys(service, ["LWI", *WRITTEN])
    with httpx.Client(base_url=service, trust_env=False) as client:
        note = {"kind": "note", "title": "Signed off by the senior management team", "effective_on": "2026-03-02"}
        green = [{"number": number, "rating": "GREEN", "evidence": [note]} for number in (1, 2, 3, 5, 6, 10, 11)]
        amber = [{"number": number, "rating": "AMBER", "comment": "Begun."} for number in (4, 7, 8, 9, 12, 25, 26, 35)]
        rated = client.patch(SECTIONS, json={"sections": green + amber}, headers=_bearer(keys["LWI"]))
        rated.raise_for_status()
    return keys


def _bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}
