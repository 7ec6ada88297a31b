"""The calls of one prison against the floor: requests per second, latency, SQL statements."""

import itertools
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
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
# The bytes of each answer come ready-made from a floor of their own.
FLOORS = {READ: "floor, the same bytes as readiness", SECTIONS: "floor, the same bytes as sections"}


@dataclass(frozen=True, slots=True)
class Service:
    """A service under measurement with its keys and the ETag of Lewes's verdict."""

    server: Server
    keys: Mapping[str, str]
    etag: str


Requests = Callable[[Service], Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Call:
    """One kind of request. `requests` makes them anew for each measurement; `floor` names what it is held against."""

    name: str
    floor: str
    requests: Requests
    status: int = 200


@dataclass(frozen=True, slots=True)
class Measured:
    """A load, and the processor time that the worker took for each request."""

    load: Load
    cpu_us: float


@dataclass(frozen=True, slots=True)
class Bench:
    """What one database's measurements need. `beside` is the service of another checkout, where one is given."""

    floors: Mapping[str, Server]
    service: Service
    beside: Service | None
    statements: Mapping[str, Taken]


def _readiness(service: Service) -> list[bytes]:
    return [raw_request("GET", READ, service.keys["LWI"])]


def _unchanged(service: Service) -> list[bytes]:
    return [raw_request("GET", READ, service.keys["LWI"], {"If-None-Match": service.etag})]


def _sections(service: Service) -> list[bytes]:
    return [raw_request("GET", SECTIONS, service.keys["LWI"])]


def _changes(service: Service) -> list[bytes]:
    return changes({code: service.keys[code] for code in WRITTEN})


CALLS = (
    Call("GET readiness", READ, _readiness),
    Call("GET readiness, 304", READ, _unchanged, status=304),
    Call("GET sections", SECTIONS, _sections),
    Call("PATCH section", READ, _changes),
)


def run(options: Options) -> list[Table]:
    return [_on(kind, options) for kind in options.databases]


def _on(kind: str, options: Options) -> Table:
    with _prepared(kind, options.beside) as bench:
        rows = _rounds(kind, bench, options)
    notes = (
        "Floor: a bare FastAPI def route that returns the same bytes ready-made; a change is held against readiness's.",
        f"One worker process each, {generator()} on the same machine, medians of {options.rounds} interleaved rounds "
        f"of {options.seconds:g} s; × is the median ratio to the floor of the same round.",
        "PATCH changes a section of eight prisons in turn, really each time; every answer follows a durable commit.",
        "CPU: processor time of the worker for each request, which a busy machine changes least.",
        "SQL: statements that reach the driver, without BEGIN and COMMIT.",
        *(["× other: the median ratio to the other checkout's service in the same round."] if options.beside else []),
    )
    columns = ["call", "SQL"]
    for connections in CONNECTIONS:
        columns += [f"req/s, {connections} conn.", "×", *(["× other"] if options.beside else [])]
        columns += ["p50 ms", "p99 ms", "CPU µs"]
    return Table(f"Requests on {TITLES[kind]}", columns, rows, notes)


@contextmanager
def _prepared(kind: str, checkout: Path | None) -> Iterator[Bench]:
    with ExitStack() as stack:
        service, database, directory = stack.enter_context(_service(kind, None))
        beside = stack.enter_context(_service(kind, checkout))[0] if checkout else None
        requests = {call.name: call.requests(service) for call in CALLS}
        statements = taken(database, directory, requests, {call.name: call.status for call in CALLS})
        floors = {}
        for path in FLOORS:
            answer = httpx.get(service.server.url + path, headers=_bearer(service.keys["LWI"]), trust_env=False)
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="idts-bench-")))
            floors[path] = stack.enter_context(floor_server(answer.content, folder))
        yield Bench(floors, service, beside, statements)


@contextmanager
def _service(kind: str, checkout: Path | None) -> Iterator[tuple[Service, str, Path]]:
    with (
        tempfile.TemporaryDirectory(prefix="idts-bench-") as name,
        database_url(kind, Path(name)) as database,
        service_server(service_settings(database, Path(name)), checkout) as server,
    ):
        keys = _rated(server.url)
        answer = httpx.get(server.url + READ, headers=_bearer(keys["LWI"]), trust_env=False)
        yield Service(server, keys, answer.headers["etag"]), database, Path(name)


def _measured(server: Server, requests: Sequence[bytes], connections: int, seconds: float) -> Measured:
    before = server.cpu_seconds()
    load = measure(server.url, requests, connections=connections, seconds=seconds)
    return Measured(load, (server.cpu_seconds() - before) / load.requests * 1e6)


# What one round found, by the name of the call (a floor's too), of ours and of the other checkout.
Round = dict[str, tuple[Measured, Measured | None]]


def _rounds(kind: str, bench: Bench, options: Options) -> list[list[str]]:
    found: dict[int, list[Round]] = {connections: [] for connections in CONNECTIONS}
    console = Console(file=sys.stderr)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"Measuring on {kind}", total=(options.rounds + 1) * len(CONNECTIONS))
        # The first round only warms up.
        for turn, connections in itertools.product(range(options.rounds + 1), CONNECTIONS):
            measured = _round(bench, connections, options.seconds)
            progress.advance(task)
            if turn > 0:
                found[connections].append(measured)
    floors = [_row(name, None, "", found, bench) for name in FLOORS.values()]
    calls = [
        _row(call.name, FLOORS[call.floor], str(bench.statements[call.name].statements), found, bench) for call in CALLS
    ]
    return floors + calls


def _round(bench: Bench, connections: int, seconds: float) -> Round:
    found: Round = {}
    for path, name in FLOORS.items():
        found[name] = _measured(bench.floors[path], _readiness(bench.service), connections, seconds), None
    for call in CALLS:
        ours = _measured(bench.service.server, call.requests(bench.service), connections, seconds)
        other = bench.beside
        theirs = _measured(other.server, call.requests(other), connections, seconds) if other else None
        found[call.name] = ours, theirs
    return found


def _row(name: str, floor: str | None, statements: str, found: Mapping[int, list[Round]], bench: Bench) -> list[str]:
    row = [name, statements]
    for connections in CONNECTIONS:
        rounds = found[connections]
        ours = [one[name][0] for one in rounds]
        speeds = [one.load.per_second for one in ours]
        row.append(f"{median(speeds):,.0f}")
        row.append(_ratio(speeds, [one[floor or name][0].load.per_second for one in rounds]))
        if bench.beside:
            theirs = [other.load.per_second for one in rounds if (other := one[name][1])]
            row.append(_ratio(speeds, theirs) if theirs else "")
        row.append(f"{median(one.load.p50 for one in ours):.2f}")
        row.append(f"{median(one.load.p99 for one in ours):.2f}")
        row.append(f"{median(one.cpu_us for one in ours):,.0f}")
    return row


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    return f"{median(one / other for one, other in zip(ours, theirs, strict=True)):.2f}"


def _rated(service: str) -> dict[str, str]:
    """A key for each prison, and Lewes half way: 7 sections GREEN with evidence, 8 AMBER, 20 RED."""
    keys = prison_keys(service, ["LWI", *WRITTEN])
    with httpx.Client(base_url=service, trust_env=False) as client:
        note = {"kind": "note", "title": "Signed off by the senior management team", "effective_on": "2026-03-02"}
        note["text"] = "Seen by the steering group and signed off on 2 March 2026."
        done = {"rating": "GREEN", "outcomes": {"*": "met"}, "evidence": [note]}
        green = [{"number": number, **done} for number in (1, 2, 3, 5, 6, 10, 11)]
        amber = [{"number": number, "rating": "AMBER", "comment": "Begun."} for number in (4, 7, 8, 9, 12, 25, 26, 35)]
        rated = client.patch(SECTIONS, json={"sections": green + amber}, headers=_bearer(keys["LWI"]))
        rated.raise_for_status()
    return keys


def _bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}
