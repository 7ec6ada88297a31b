"""Ten files of the largest size arriving at once: how long it takes, and what the server's memory does."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import boto3  # type: ignore[import-untyped]
import httpx
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

from bench.report import Options, Table
from bench.servers import Server, database_url, free_port, prison_keys, service_server, service_settings

FILES = 10
MEBIBYTE = 1024 * 1024
FILE_BYTES = 25 * MEBIBYTE
AIM_MEBIBYTES = 64
STORES = ("directory", "S3")
_BOUNDARY = "bench"


def run(options: Options) -> list[Table]:
    rows = [row for kind in options.databases for store in STORES for row in _on(kind, store)]
    return [
        Table(
            f"{FILES} files of {FILE_BYTES // MEBIBYTE} MiB arriving at once",
            ("files, store", "seconds", "MiB/s", "idle MiB", "peak MiB", "above idle MiB"),
            rows,
            (
                f"One worker. Memory: the server's resident set; the aim is less than {AIM_MEBIBYTES} MiB above idle.",
                "S3 is a moto server on the same machine, which takes most of that row's time for itself.",
            ),
        )
    ]


def _on(kind: str, store: str) -> Iterator[tuple[str, ...]]:
    with (
        tempfile.TemporaryDirectory(prefix="idts-bench-") as name,
        database_url(kind, Path(name)) as database,
        _store_settings(store) as more,
        service_server(service_settings(database, Path(name)) | more) as server,
    ):
        key = prison_keys(server.url, ["LWI"])["LWI"]
        _send(server.url, key, b"warm-up", 4096)
        for what in ("new", "the same again"):
            yield _measured(server, key, f"{what}, {kind}, {store}")


def _measured(server: Server, key: str, label: str) -> tuple[str, ...]:
    idle = server.idle_memory()
    started = time.perf_counter()
    with ThreadPoolExecutor(FILES) as pool:
        list(pool.map(lambda place: _send(server.url, key, b"file %d" % place, FILE_BYTES), range(FILES)))
    seconds = time.perf_counter() - started
    peak = server.peak_memory()
    speed = FILES * FILE_BYTES / MEBIBYTE / seconds
    return label, f"{seconds:.1f}", f"{speed:.0f}", f"{idle:.0f}", f"{peak:.0f}", f"{peak - idle:.0f}"


def _send(url: str, key: str, name: bytes, size: int) -> None:
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="title"\r\n\r\nScans\r\n'
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="scans.pdf"\r\n\r\n'
    ).encode()
    tail = f"\r\n--{_BOUNDARY}--\r\n".encode()
    opening = b"%PDF-1.7 " + name
    # Each file's own, so that no two are the same; the second time round they are.
    piece = (name * (64 * 1024 // len(name) + 1))[: 64 * 1024]

    def body() -> Iterator[bytes]:
        yield head + opening
        left = size - len(opening)
        while left:
            yield piece[:left]
            left -= min(left, len(piece))
        yield tail

    headers = {
        "authorization": f"Bearer {key}",
        "content-type": f"multipart/form-data; boundary={_BOUNDARY}",
        "content-length": str(len(head) + size + len(tail)),
    }
    address = f"{url}/v1/prisons/LWI/sections/5/evidence"
    answer = httpx.post(address, content=body(), headers=headers, timeout=300, trust_env=False)
    answer.raise_for_status()


@contextmanager
def _store_settings(store: str) -> Iterator[dict[str, str]]:
    if store == "directory":
        yield {}
        return
    port = free_port()
    command = [sys.executable, "-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", str(port)]
    endpoint = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _make_bucket(endpoint)
            yield {
                "IDTS_EVIDENCE_URL": "s3://bench",
                "IDTS_EVIDENCE_S3_ENDPOINT": endpoint,
                "IDTS_EVIDENCE_S3_REGION": "us-east-1",
                "IDTS_EVIDENCE_S3_ACCESS_KEY_ID": "bench",
                "IDTS_EVIDENCE_S3_SECRET_ACCESS_KEY": "bench",
            }
        finally:
            server.terminate()


def _make_bucket(endpoint: str) -> None:
    given = {"region_name": "us-east-1", "aws_access_key_id": "bench", "aws_secret_access_key": "bench"}
    deadline = time.monotonic() + 60
    while True:
        try:
            boto3.client("s3", endpoint_url=endpoint, **given).create_bucket(Bucket="bench")
        except (BotoCoreError, ClientError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
