"""`idts evidence check`: files without rows and rows without files, told and put right."""

import io
import os
import time

from typer.testing import CliRunner, Result

from app.cli.command import cli
from tests.support import evidence_files as files
from tests.support.evidence_checks import store_of, stored_keys, upload
from tests.support.service import Service


def check(service: Service, *arguments: str) -> Result:
    settings = service.settings
    env = {"IDTS_DATABASE_URL": settings.database_url, "IDTS_DATA_DIR": str(settings.data_dir)}
    return CliRunner().invoke(cli, ["evidence", "check", *arguments], env=env)


def leave_over(service: Service, *, days: float) -> str:
    """A file as a killed server leaves it: in the store, without a row."""
    key = store_of(service).put(io.BytesIO(b"left over"))
    path = service.settings.data_dir / "evidence" / key
    then = time.time() - days * 86_400
    os.utime(path, (then, then))
    return key


def test_a_store_that_agrees_is_told_so(service: Service):
    upload(service, files.PDF)
    found = check(service)
    assert (found.exit_code, found.stdout) == (0, "")
    assert found.stderr == "1 files known, 0 missing, 0 left over.\n"


def test_what_a_killed_server_left_is_named_and_removed_when_asked(service: Service):
    upload(service, files.PDF)
    (kept,) = stored_keys(service)
    young, old = leave_over(service, days=0.5), leave_over(service, days=2)
    found = check(service)
    assert (found.exit_code, found.stdout) == (0, f"left over\t{old}\n")
    assert stored_keys(service) == {kept, young, old}
    assert check(service, "--remove").exit_code == 0
    assert stored_keys(service) == {kept, young}


def test_a_missing_file_is_named_and_the_command_fails(service: Service):
    upload(service, files.PDF)
    (key,) = stored_keys(service)
    (service.settings.data_dir / "evidence" / key).unlink()
    found = check(service, "--remove")
    assert (found.exit_code, found.stdout) == (1, f"missing\t{key}\n")
