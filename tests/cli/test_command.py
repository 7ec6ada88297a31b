"""The `idts` command as its users run it: a process with settings in its environment."""

import json
import re
import shutil
import sqlite3
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.rules.regions import REGIONS
from tests.support.processes import ROOT, free_port, idts, serving

TOOLKIT = ROOT / "seed" / "toolkit" / "2006-09.2.yaml"


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory as `idts migrate` and `idts seed` leave it."""
    directory = tmp_path_factory.mktemp("seeded") / "var"
    migrated = idts("migrate", data_dir=str(directory))
    assert (migrated.code, migrated.out) == (0, "")
    filled = idts("seed", data_dir=str(directory))
    assert (filled.code, filled.out) == (0, "")
    assert "2 toolkit version(s) and 138 prisons" in filled.err
    return directory


@pytest.fixture
def data_dir(seeded: Path, tmp_path: Path) -> str:
    """A copy that the test may change."""
    shutil.copytree(seeded, tmp_path / "var")
    return str(tmp_path / "var")


def dump(directory: str | Path) -> list[str]:
    """Every statement that would make the database anew."""
    connection = sqlite3.connect(Path(directory) / "idts.db")
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def rows(directory: str | Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(Path(directory) / "idts.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_the_first_admin_key_is_kept_in_a_file_that_only_its_owner_reads(seeded: Path):
    file = seeded / "admin-key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key = file.read_text().strip()
    assert key.startswith("idts_")
    assert len(key) > 40
    assert key not in "\n".join(dump(seeded))
    assert rows(seeded, "SELECT role, name FROM api_key") == [("admin", "Administrator")]


def test_seeding_again_changes_nothing(data_dir: str):
    before = dump(data_dir)
    ran = idts("seed", data_dir=data_dir)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert dump(data_dir) == before


def test_an_admin_key_that_is_given_is_the_admins_and_is_written_nowhere(tmp_path: Path):
    key = "an-admin-key-that-was-given-0123"
    for command in ("migrate", "seed"):
        ran = idts(command, data_dir=str(tmp_path), admin_key=key)
        assert ran.code == 0
        assert key not in ran.out + ran.err
    assert not (tmp_path / "admin-key").exists()
    assert key not in "\n".join(dump(tmp_path))
    assert rows(tmp_path, "SELECT role FROM api_key") == [("admin",)]


def test_a_new_key_is_printed_alone_and_only_its_hash_is_stored(data_dir: str):
    ran = idts("keys", "create", "--role", "prison", "--prison", "lwi", "--name", "Lewes lead", data_dir=data_dir)
    assert ran.code == 0
    (key,) = ran.out.splitlines()
    assert key.startswith("idts_")
    assert key not in ran.err
    assert key not in "\n".join(dump(data_dir))
    assert ("prison", "LWI", "Lewes lead") in rows(data_dir, "SELECT role, prison_code, name FROM api_key")


def test_keys_are_listed_and_revoked(data_dir: str):
    made = idts("keys", "create", "--role", "region", "--region", "South East", "--name", "Lead", data_dir=data_dir)
    assert made.code == 0
    listed = idts("keys", "list", data_dir=data_dir)
    assert listed.code == 0
    assert ["2", "Lead", "region", "south-east"] in [line.split()[:4] for line in listed.out.splitlines()]
    assert made.out.strip() not in listed.out
    revoked = idts("keys", "revoke", "2", data_dir=data_dir)
    assert (revoked.code, revoked.out) == (0, "")
    assert rows(data_dir, "SELECT revoked_at IS NOT NULL FROM api_key WHERE id = 2") == [(1,)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--role", "prison", "--name", "x"], "needs a prison"),
        (["--role", "prison", "--prison", "XXX", "--name", "x"], "'XXX' is not known"),
        (["--role", "region", "--region", "atlantis", "--name", "x"], next(iter(REGIONS))),
        (["--role", "emperor", "--name", "x"], "emperor"),
        (["--role", "national", "--name", " "], "name"),
    ],
)
def test_a_key_that_fits_no_role_is_refused_and_nothing_is_stored(data_dir: str, arguments: list[str], message: str):
    before = dump(data_dir)
    ran = idts("keys", "create", *arguments, data_dir=data_dir)
    assert ran.code != 0
    assert ran.out == ""
    assert message in ran.err
    assert "Traceback" not in ran.err
    assert dump(data_dir) == before


def test_the_verdict_is_told_in_words_and_as_the_json_of_the_api(data_dir: str):
    told = idts("readiness", "lwi", data_dir=data_dir)
    assert told.code == 0
    assert "Lewes (LWI)" in told.out
    assert "35 RED" in told.out
    assert "Next gate: commissioning." in told.out
    assert "Lewes cannot go live until:" in told.out
    assert "\x1b[" not in told.out
    found = json.loads(idts("readiness", "LWI", "--json", data_dir=data_dir).out)
    assert found["prison"]["code"] == "LWI"
    assert [one["section"] for one in found["commissioning"]["blockers"]] == [1, 2, 3, 5, 6, 10, 11]
    assert len(found["go_live"]["blockers"]) == 35
    stored = rows(data_dir, "SELECT body FROM stored_verdict WHERE code = 'LWI'")[0][0]
    assert isinstance(stored, bytes)
    assert found == json.loads(stored)


def test_an_unknown_prison_is_one_line(data_dir: str):
    ran = idts("readiness", "XXX", data_dir=data_dir)
    assert (ran.code, ran.out) == (1, "")
    assert len(ran.err.splitlines()) == 1
    assert "'XXX'" in ran.err
    assert "`idts return` with a month" in ran.err
    assert "/v1/" not in ran.err


def test_refusals_at_a_terminal_name_options_and_commands(data_dir: str):
    ran = idts("return", "freeze", f"{datetime.now(UTC):%Y-%m}", data_dir=data_dir)
    assert (ran.code, ran.out) == (1, "")
    assert "`idts return 20" in ran.err
    assert "/v1/" not in ran.err


def test_a_toolkit_is_loaded_beside_the_others(data_dir: str, tmp_path: Path):
    again = idts("toolkits", "load", str(TOOLKIT), data_dir=data_dir)
    assert (again.code, "already loaded" in again.err) == (0, True)
    newer = tmp_path / "2026-01.yaml"
    text, changed = re.subn(r"(?m)^(version: \W?)2006-09.2", r"\g<1>2026-01", TOOLKIT.read_text("utf-8"))
    assert changed == 1
    newer.write_text(text, "utf-8")
    loaded = idts("toolkits", "load", str(newer), data_dir=data_dir)
    assert (loaded.code, "loaded" in loaded.err) == (0, True)
    lines = [line.split() for line in idts("toolkits", "list", data_dir=data_dir).out.splitlines()]
    assert [(line[0], line[-1]) for line in lines[1:]] == [("2026-01", "yes"), ("2006-09.2", "138"), ("2006-09", "0")]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("number: 2\n", "number: 1\n", "number"),
        ("go_live_minimum: AMBER", "go_live_minimum: PURPLE", "PURPLE"),
        ("- number: 35", "- number: 35\n    numbr: 3", "numbr"),
    ],
)
def test_a_faulty_toolkit_is_refused_with_its_line(data_dir: str, tmp_path: Path, old: str, new: str, fault: str):
    text = TOOLKIT.read_text("utf-8")
    assert old in text
    line = text[: text.index(old)].count("\n") + 1
    file = tmp_path / "faulty.yaml"
    file.write_text(text.replace(old, new, 1), "utf-8")
    before = dump(data_dir)
    ran = idts("toolkits", "load", str(file), data_dir=data_dir)
    assert (ran.code, ran.out) == (1, "")
    assert "faulty.yaml" in ran.err
    assert fault in ran.err
    assert any(f"{near}" in ran.err for near in (line, line + 1)), ran.err
    assert "Traceback" not in ran.err
    assert dump(data_dir) == before


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("port", "99999", "IDTS_PORT"),
        ("port", "eighty", "IDTS_PORT"),
        ("database_url", "mysql://localhost/idts", "IDTS_DATABASE_URL"),
        ("admin_key", "short", "IDTS_ADMIN_KEY"),
        ("log_level", "loud", "IDTS_LOG_LEVEL"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(tmp_path: Path, name: str, value: str, message: str):
    ran = idts("migrate", data_dir=str(tmp_path / "var"), **{name: value})
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert ran.err.startswith(f"{message}: ")
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("command", [["migrate"], ["readiness", "LWI"]])
def test_an_unreachable_database_is_one_line(tmp_path: Path, command: list[str]):
    url = f"postgresql+psycopg://nobody:secret@127.0.0.1:{free_port()}/idts"
    ran = idts(*command, data_dir=str(tmp_path), database_url=url)
    assert (ran.code, ran.out) == (1, "")
    assert len(ran.err.splitlines()) == 1
    assert "postgresql+psycopg://127.0.0.1" in ran.err
    assert "secret" not in ran.err
    assert "Traceback" not in ran.err


def test_a_database_without_its_tables_is_one_line(tmp_path: Path):
    (tmp_path / "idts.db").touch()
    ran = idts("keys", "list", data_dir=str(tmp_path))
    assert (ran.code, ran.out) == (1, "")
    assert len(ran.err.splitlines()) == 1
    assert "idts migrate" in ran.err


def test_a_first_start_does_it_all_and_a_second_changes_nothing(tmp_path: Path):
    directory = tmp_path / "var"
    settings = {"IDTS_DATA_DIR": str(directory)}
    with serving(settings, free_port()) as first:
        pass
    assert any("138 prisons" in line for line in first)
    assert any(str(directory / "admin-key") in line for line in first)
    before, files = dump(directory), {one.name: one.stat().st_mtime_ns for one in directory.glob("admin-key")}
    with serving(settings, free_port()) as second:
        pass
    assert not any("138 prisons" in line or "key" in line for line in second)
    assert dump(directory) == before
    assert {one.name: one.stat().st_mtime_ns for one in directory.glob("admin-key")} == files
