"""`idts demo`, `idts rebuild` and `idts return`, as they are typed."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.programme import recount
from tests.support.service import Clock, Service, running, service_settings

ROOT = Path(__file__).parents[2]
DEMO = ("demo", "--prisons", "60", "--months", "6", "--until", "2026-06-30", "--seed", "7")


def idts(url: str, directory: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    own = {"IDTS_DATABASE_URL": url, "IDTS_DATA_DIR": str(directory), "PYTHONPATH": str(ROOT)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IDTS_")}
    return subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", *arguments],
        cwd=ROOT,
        env=kept | own,
        capture_output=True,
        check=False,
        timeout=300,
    )


@pytest.fixture
def demo(database_url: str, tmp_path: Path) -> str:
    made = idts(database_url, tmp_path, *DEMO)
    assert made.returncode == 0, made.stderr.decode()
    return database_url


UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def everything(url: str) -> dict[str, list[str]]:
    """All that a demonstration makes, but for when it was made and the ids that the service gave."""
    engine, found = sa.create_engine(url), {}
    metadata = sa.MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            rows = connection.execute(sa.select(table)).all()
            if not table.name.startswith(("audit", "signing")):
                found[table.name] = sorted(UUID.sub("id", repr(tuple(row))) for row in rows)
    engine.dispose()
    return found


def test_a_demonstration_is_what_the_history_says_and_the_audit_trail_holds(demo: str, tmp_path: Path):
    checked = idts(demo, tmp_path, "rebuild", "--check")
    assert checked.returncode == 0, checked.stderr.decode()
    assert b"198 prisons" in checked.stderr
    assert idts(demo, tmp_path, "audit", "verify").returncode == 0
    with running(service_settings(demo, data_dir=tmp_path), Clock(recount.end_of(date(2026, 7, 20)))) as service:
        history = recount.read_history(service.database.read_engine)
        for as_of in ("2026-02-28", "2026-04-15", "2026-06-30"):
            answer = service.get(f"/v1/dashboard?as_of={as_of}", "national").json()
            then = recount.end_of(date.fromisoformat(as_of))
            assert recount.shown(answer) == recount.dashboard(history, None, then)
        final = service.get("/v1/dashboard", "national").json()
        assert final["stages"]["preparing"] > 0
        assert final["commissioning_ready"] > 0
        shown = service.get("/v1/prisons/Z0000/readiness", "national")
        at_end = service.get("/v1/prisons/Z0000/readiness?as_of=2026-07-19", "national")
        assert shown.json()["go_live"] == at_end.json()["go_live"]
        # Life goes on: the made-up prisons are written to like any other.
        rated = service.patch("/v1/prisons/Z0000/sections/1", {"comment": "Seen"}, by="prison:Z0000")
        assert rated.status_code == 200, rated.text
        newcomer = {"code": "ZZZ", "name": "Z", "function": "local", "region": "london"}
        assert service.post("/v1/prisons", newcomer, by="admin").status_code == 201
        rated = service.patch("/v1/prisons/ZZZ/sections/1", {"comment": "Begun"}, by="prison:ZZZ")
        assert rated.status_code == 200, rated.text
    assert idts(demo, tmp_path, "audit", "verify").returncode == 0
    assert idts(demo, tmp_path, "rebuild", "--check").returncode == 0


def test_the_same_seed_makes_the_same_programme(tmp_path: Path):
    first, second = (f"sqlite:///{tmp_path / name}.db" for name in ("one", "two"))
    for place, url in enumerate((first, second)):
        # Keys and files of one database are no others'.
        directory = tmp_path / str(place)
        with_seed = idts(url, directory, "migrate")
        assert with_seed.returncode == 0, with_seed.stderr.decode()
        assert idts(url, directory, *DEMO).returncode == 0
    made = [
        {name: rows for name, rows in everything(url).items() if name.startswith("section")} for url in (first, second)
    ]
    assert made[0] == made[1]
    assert len(made[0]["section_change"]) > 1000


def test_a_demonstration_is_refused_where_sections_are_rated(service: Service, tmp_path: Path):
    service.patch("/v1/prisons/LWI/sections/1", {"rating": "AMBER"})
    with service.unchanged():
        refused = idts(service.settings.database_url, tmp_path, *DEMO)
    assert refused.returncode == 1
    assert b"--anyway" in refused.stderr
    assert idts(service.settings.database_url, tmp_path, *DEMO, "--anyway").returncode == 0
    assert idts(service.settings.database_url, tmp_path, "rebuild", "--check").returncode == 0


def test_rebuild_says_what_differs_and_puts_it_right(service: Service, tmp_path: Path):
    url = service.settings.database_url
    with service.database.write_engine.begin() as connection:
        connection.exec_driver_sql("UPDATE stored_verdict SET blocker_count = 1 WHERE code = 'LWI'")
    found = idts(url, tmp_path, "rebuild", "--check")
    assert found.returncode == 1
    assert b"LWI: the verdict's blocker_count is not what the history says" in found.stderr
    assert idts(url, tmp_path, "rebuild").returncode == 0
    assert idts(url, tmp_path, "rebuild", "--check").returncode == 0


def test_a_return_comes_on_stdout(service: Service, tmp_path: Path):
    url = service.settings.database_url
    answered = idts(url, tmp_path, "return", "2026-02", "--format", "csv")
    assert answered.returncode == 0, answered.stderr.decode()
    assert answered.stdout == service.get("/v1/returns/2026-02.csv").content
    assert len(list(csv.reader(io.StringIO(answered.stdout.decode(), newline="")))) == 112
    assert idts(url, tmp_path, "return", "2026-02", "--format", "json").stdout.count(b"\n") == 111
    assert idts(url, tmp_path, "return", "2026-02", "--format", "xlsx").stdout[:2] == b"PK"
    first = json.loads(idts(url, tmp_path, "return", "show", "2026-02", "--format", "json").stdout.splitlines()[0])
    assert [first[name] for name in ("month", "provisional", "revision")] == ["2026-02", True, None]
    narrowed = idts(url, tmp_path, "return", "--region", "London", "2026-02").stdout
    assert narrowed == service.get("/v1/returns/2026-02.csv?region=london").content


def test_a_return_is_frozen_by_a_command(service: Service, tmp_path: Path):
    url = service.settings.database_url
    refused = idts(url, tmp_path, "return", "--frozen", "2026-02")
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert b"is not frozen" in refused.stderr
    for told in (b"is frozen as revision 1: 111 rows", b"is frozen already, as revision 1"):
        frozen = idts(url, tmp_path, "return", "freeze", "2026-02")
        assert (frozen.returncode, frozen.stdout) == (0, b"1\n"), frozen.stderr.decode()
        assert told in frozen.stderr
    correction = idts(url, tmp_path, "return", "freeze", "2026-02", "--correct", "XXX")
    assert correction.returncode == 1
    assert b"codes" in correction.stderr
    assert idts(url, tmp_path, "return", "--frozen", "2026-02").returncode == 0
    listed = service.get("/v1/returns/2026-02/revisions", by="national").json()["items"]
    assert [(one["revision"], one["frozen_by"]) for one in listed] == [(1, "Service operator")]


@pytest.mark.parametrize("month", ["2026-13", "soon", "2025-01", "2099-01"])
def test_a_return_that_is_not_there_ends_with_one_line(service: Service, tmp_path: Path, month: str):
    refused = idts(service.settings.database_url, tmp_path, "return", month)
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert len(refused.stderr.decode().strip().splitlines()) == 1
