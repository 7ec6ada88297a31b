"""How long `idts serve` takes to its first answer on a seeded database, and what a worker takes when it is idle."""

import tempfile
import time
from pathlib import Path
from statistics import median

from bench.report import TITLES, Options, Table
from bench.servers import database_url, service_server, service_settings

SETTLED_SECONDS = 1.0


def run(options: Options) -> list[Table]:
    rows = [_measured(kind, options) for kind in options.databases]
    note = (
        f"One worker; medians of {options.rounds} starts, the database seeded by one before them. The first answer is "
        "that of /health/readiness; processor time is the process's own until then; memory is the resident set "
        f"{SETTLED_SECONDS:g} s later."
    )
    columns = ("database", "first answer, s", "processor time, s", "idle memory, MiB")
    return [Table("Start and idle memory", columns, rows, (note,))]


def _measured(kind: str, options: Options) -> list[str]:
    starts, cpu, memory = [], [], []
    with tempfile.TemporaryDirectory(prefix="idts-bench-") as name, database_url(kind, Path(name)) as database:
        settings = service_settings(database, Path(name))
        with service_server(settings):
            pass
        for _ in range(options.rounds):
            began = time.perf_counter()
            with service_server(settings) as server:
                starts.append(time.perf_counter() - began)
                cpu.append(server.cpu_seconds())
                time.sleep(SETTLED_SECONDS)
                memory.append(server.idle_memory())
    return [TITLES[kind], f"{median(starts):.2f}", f"{median(cpu):.2f}", f"{median(memory):.0f}"]
