"""Load from one process: wrk where it is installed, else raw sockets on an event loop of our own."""

import asyncio
import itertools
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

# Requests lie ready-made in a file, so that the generator does nothing but send them in turn.
LUA = """
local file = io.open("%s", "rb")
local lengths, requests, turn = {}, {}, 0
for length in string.gmatch(file:read("*l"), "%%d+") do lengths[#lengths + 1] = tonumber(length) end
for i = 1, #lengths do requests[i] = file:read(lengths[i]) end
file:close()
request = function()
  turn = turn %% #requests + 1
  return requests[turn]
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests": %%d, "us": %%d, "p50": %%d, "p99": %%d, "errors": %%d}\\n', summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What one measurement found; latencies in milliseconds."""

    requests: int
    per_second: float
    p50: float
    p99: float


def raw_request(method: str, path: str, key: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """One HTTP/1.1 request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {key}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def changes(keys: Mapping[str, str], many: int = 20_000) -> list[bytes]:
    """Changes of section 12 that nobody has made before, to the prisons of the keys in turn; the rating changes too."""
    now, found = time.time_ns(), []
    for (code, key), number in zip(itertools.cycle(keys.items()), range(many), strict=False):
        body = json.dumps({"rating": ("AMBER", "RED")[number // len(keys) % 2], "comment": f"Change {now + number}"})
        found.append(raw_request("PATCH", f"/v1/prisons/{code}/sections/12", key, body=body.encode()))
    return found


def generator() -> str:
    """Which load generator `measure` uses."""
    return "wrk" if shutil.which("wrk") else "raw sockets"


def measure(url: str, requests: Sequence[bytes], *, connections: int, seconds: float) -> Load:
    """Send the requests in turn over that many connections, each waiting for its answer; any failure is an error."""
    if shutil.which("wrk"):
        return _by_wrk(url, requests, connections, seconds)
    return asyncio.run(_by_sockets(url, requests, connections, seconds))


def _by_wrk(url: str, requests: Sequence[bytes], connections: int, seconds: float) -> Load:
    with tempfile.TemporaryDirectory(prefix="idts-bench-") as directory:
        sent, script = Path(directory, "requests"), Path(directory, "load.lua")
        sent.write_bytes(" ".join(str(len(one)) for one in requests).encode() + b"\n" + b"".join(requests))
        script.write_text(LUA % sent)
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(script), url]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(ran.stdout.splitlines()[-1])
    if found["errors"]:
        raise RuntimeError(f"{found['errors']} of {found['requests']} requests failed:\n{ran.stdout}")
    return Load(found["requests"], found["requests"] / found["us"] * 1e6, found["p50"] / 1000, found["p99"] / 1000)


async def _by_sockets(url: str, requests: Sequence[bytes], connections: int, seconds: float) -> Load:
    turns = iter(range(10**12))
    began = time.perf_counter()
    latencies: list[float] = []

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
        while (sent := time.perf_counter()) < began + seconds:
            writer.write(requests[next(turns) % len(requests)])
            head = await reader.readuntil(b"\r\n\r\n")
            if int(head[9:12]) >= 400:
                raise RuntimeError(f"a request failed:\n{head.decode()}")
            if length := re.search(rb"content-length: (\d+)", head, re.IGNORECASE):
                await reader.readexactly(int(length[1]))
            latencies.append(time.perf_counter() - sent)
        writer.close()

    await asyncio.gather(*(one_connection() for _ in range(connections)))
    taken = time.perf_counter() - began
    latencies.sort()
    count = len(latencies)
    return Load(count, count / taken, latencies[count // 2] * 1000, latencies[-count // 100] * 1000)
