"""The tests' own PostgreSQL: found, started, copied from a template, and gone afterwards."""

import uuid
from pathlib import Path

import psycopg
import pytest

from tests.support import postgres

pytestmark = pytest.mark.postgres


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def test_without_any_server_it_fails_with_a_sentence_that_says_how_to_get_one():
    with pytest.raises(postgres.PostgresNotFound, match=r"apt-get install postgresql.*IDTS_TEST_"):
        postgres.find_binaries([])


def test_a_folder_with_half_a_server_is_passed_over(tmp_path: Path):
    half, whole = tmp_path / "half", tmp_path / "whole"
    for folder, programs in ((half, ["postgres"]), (whole, ["initdb", "postgres"])):
        folder.mkdir()
        for program in programs:
            (folder / program).touch(mode=0o755)
    assert postgres.find_binaries([half, whole]) == whole


def test_newer_servers_are_preferred():
    folders = [Path(f"/usr/lib/postgresql/{version}/bin") for version in ("9.6", "15", "17")]
    newest_first = sorted(folders, key=postgres._version, reverse=True)
    assert [folder.parent.name for folder in newest_first] == ["17", "15", "9.6"]


def test_a_given_url_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv(postgres.URL_VARIABLE, "postgresql://me@elsewhere:5433/postgres")
    with postgres.postgres_server() as url:
        assert url == "postgresql+psycopg://me@elsewhere:5433/postgres"
    assert postgres.shared_url(tmp_path) == url
    assert not list(tmp_path.iterdir())


def data_directory(url: str) -> Path:
    with connect(url) as connection:
        ((directory, fsync),) = connection.execute(
            "SELECT current_setting('data_directory'), current_setting('fsync')"
        ).fetchall()
    assert fsync == "off"
    return Path(directory)


def fail_with_a_server(seen: list[Path]) -> None:
    with postgres.postgres_server(postgres.installed_folders()) as url:
        seen.append(data_directory(url))
        raise ZeroDivisionError


def test_a_server_started_from_binaries_is_gone_after_the_block_even_if_that_fails():
    seen: list[Path] = []
    with pytest.raises(ZeroDivisionError):
        fail_with_a_server(seen)
    assert not seen[0].exists()
    running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
    assert not [line for line in running if str(seen[0]).encode() in line]


def test_a_database_made_from_a_template_has_its_tables(postgres_admin_url: str):
    template, copy = (f"{word}_{uuid.uuid4().hex}" for word in ("template", "copy"))
    try:
        with connect(postgres.create_database(postgres_admin_url, template)) as connection:
            connection.execute("CREATE TABLE prison (code text)")
            connection.execute("INSERT INTO prison VALUES ('LWI')")
        with connect(postgres.create_database(postgres_admin_url, copy, template)) as connection:
            assert connection.execute("SELECT code FROM prison").fetchall() == [("LWI",)]
    finally:
        for name in (template, copy):
            postgres.drop_database(postgres_admin_url, name)
            postgres.drop_database(postgres_admin_url, name)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connect(postgres_admin_url.rpartition("/")[0] + f"/{copy}")
