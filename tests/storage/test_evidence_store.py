"""The store of evidence files: a directory, and a bucket of a real S3 server that the tests start."""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import boto3  # type: ignore[import-untyped]
import pytest
from moto.server import ThreadedMotoServer
from pydantic import SecretStr, ValidationError

from app.errors import Unavailable
from app.settings import MEBIBYTE, Settings
from app.storage.evidence_store import EvidenceStore
from tests.support import databases, evidence_files
from tests.support.evidence_checks import assert_store_matches_rows, stored_keys, upload
from tests.support.service import running, service_settings

KEYS: dict[str, Any] = {
    "evidence_s3_access_key_id": "tests",
    "evidence_s3_secret_access_key": SecretStr("tests-secret"),
}


@pytest.fixture(scope="module")
def bucket() -> Iterator[dict[str, Any]]:
    """The settings of a new bucket on an S3 server, which runs on a port of its own."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="eu-west-2", aws_access_key_id="t", aws_secret_access_key="t"
    )
    name = f"evidence-{uuid4().hex[:8]}"
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    yield {
        "evidence_url": f"s3://{name}/kept",
        "evidence_s3_endpoint": endpoint,
        "evidence_s3_region": "eu-west-2",
        **KEYS,
    }
    server.stop()


@pytest.fixture(params=["file", "s3"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "file":
        return Settings(data_dir=tmp_path, evidence_url=f"file://{tmp_path}/kept%20here")
    own = request.getfixturevalue("bucket")
    return Settings(data_dir=tmp_path, **own | {"evidence_url": f"{own['evidence_url']}/{tmp_path.name}"})


def read_all(store: EvidenceStore, key: str) -> bytes:
    async def collect() -> bytes:
        return b"".join([piece async for piece in store.read(key)])

    return anyio.run(collect)


@pytest.mark.parametrize("size", [1, 5 * MEBIBYTE, 12 * MEBIBYTE + 1])
def test_what_is_put_is_what_is_read(settings: Settings, size: int):
    store, content = EvidenceStore(settings), os.urandom(size)
    key = store.put(io.BytesIO(content))
    assert read_all(store, key) == content
    assert [found for found, _at in store.all_keys()] == [key]
    store.discard(key)
    assert list(store.all_keys()) == []


def test_keys_tell_nothing_and_never_meet(settings: Settings):
    store = EvidenceStore(settings)
    keys = {store.put(io.BytesIO(b"the same")) for _ in range(5)}
    assert len(keys) == 5
    assert all(len(key) == 33 and key[2] == "/" for key in keys)


def test_a_missing_object_is_told(settings: Settings):
    with pytest.raises(Unavailable):
        EvidenceStore(settings).read("00/nothing")


def test_a_file_that_cannot_be_read_to_its_end_leaves_nothing(settings: Settings):
    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 7 * MEBIBYTE:
                raise OSError("the disk has gone")
            return super().read(size)

    store = EvidenceStore(settings)
    with pytest.raises(Unavailable):
        store.put(Breaking(bytes(9 * MEBIBYTE)))
    assert list(store.all_keys()) == []
    if settings.evidence_url.startswith("file"):
        assert [path for path in settings.data_dir.rglob("*") if path.is_file()] == []


def test_a_store_is_reachable_or_not(settings: Settings, tmp_path: Path):
    assert EvidenceStore(settings).is_reachable()
    (tmp_path / "file").touch()
    away = {
        "file": f"file://{tmp_path}/file/below",
        "s3": "s3://no-such-bucket",
    }[settings.evidence_url.split(":")[0]]
    assert not EvidenceStore(settings.model_copy(update={"evidence_url": away})).is_reachable()


def test_a_server_that_is_away_is_told_within_seconds(tmp_path: Path):
    settings = Settings(
        evidence_url="s3://evidence", evidence_s3_endpoint="http://127.0.0.1:9", evidence_s3_region="x", **KEYS
    )
    store = EvidenceStore(settings)
    assert not store.is_reachable()
    with pytest.raises(Unavailable):
        store.put(io.BytesIO(b"x"))


@pytest.mark.parametrize("url", ["evidence", "http://example.org", "file://host/x", "s3:///x", "file:x", "memory://"])
def test_other_stores_are_refused_at_the_start(url: str):
    with pytest.raises(ValidationError, match="s3://bucket"):
        Settings(evidence_url=url)


def test_the_whole_service_keeps_its_files_in_a_bucket(bucket: dict[str, Any], tmp_path: Path, shared_home: Path):
    content = evidence_files.PDF + os.urandom(11 * MEBIBYTE)
    with databases.fresh_copy("sqlite", shared_home) as url:
        own = bucket | {"evidence_url": f"{bucket['evidence_url']}/{tmp_path.name}"}
        settings = service_settings(url, data_dir=tmp_path, **own)
        with running(settings) as service:
            assert upload(service, content).status_code == 201
            answer = upload(service, content, number=6)
            assert service.get(f"{answer.headers['location']}/content").content == content
            with service.unchanged():
                assert upload(service, evidence_files.REFUSED["tool.exe"]).status_code == 415
            assert len(stored_keys(service)) == 1
            assert service.get("/health", None).json()["components"]["evidence"] == {"status": "UP"}
            assert_store_matches_rows(service)
