"""`idts audit`: the trail verified and checkpointed from the command line, as the API has it."""

import pytest
from typer.testing import CliRunner, Result

from app.cli.command import cli
from tests.support import statements
from tests.support.service import Service


def idts(service: Service, *arguments: str) -> Result:
    """The command on the service's database and directory."""
    settings = service.settings
    env = {"IDTS_DATABASE_URL": settings.database_url, "IDTS_DATA_DIR": str(settings.data_dir)}
    return CliRunner().invoke(cli, arguments, env=env)


def alter(service: Service, statement: str) -> None:
    with service.database.write_engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_an_intact_trail_is_told_so_with_what_was_walked(service: Service):
    service.patch("/v1/prisons/LWI/sections/5", {"rating": "AMBER"})
    found = service.get("/v1/audit/verify", by="admin").json()
    ran = idts(service, "audit", "verify")
    assert ran.exit_code == 0, ran.output
    assert ran.stdout == f"Intact: {found['entries']} entries in {found['chains']} chains, 0 signed checkpoints.\n"


def test_an_altered_entry_is_named_and_the_command_fails(service: Service):
    service.patch("/v1/prisons/LWI/sections/5", {"rating": "AMBER"})
    alter(service, "UPDATE audit_entry SET actor_name = 'Nobody' WHERE chain = 'LWI' AND seq = 2")
    alter(service, "DELETE FROM audit_entry WHERE chain = 'MSI' AND seq = 1")
    ran = idts(service, "audit", "verify")
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert "LWI 2: entry 2 was altered" in ran.stderr
    assert "MSI 1: entry 1 is missing" in ran.stderr
    assert "Not intact" in ran.stderr
    found = service.get("/v1/audit/verify", by="admin").json()
    assert found["intact"] is False
    assert [(one["chain"], one["seq"]) for one in found["faults"]] == [("LWI", 2), ("MSI", 1)]
    for one in found["faults"]:
        assert f"{one['chain']} {one['seq']}: {one['detail']}" in ran.stderr


def test_a_checkpoint_is_signed_over_what_grew_and_only_once(service: Service):
    statements.make_signing_key(service)
    first = idts(service, "audit", "checkpoint")
    assert (first.exit_code, first.stderr) == (0, "Signed checkpoint 1.\n")
    with service.unchanged():
        again = idts(service, "audit", "checkpoint")
    assert (again.exit_code, again.stderr) == (0, "Nothing has changed since the last one.\n")
    service.patch("/v1/prisons/LWI/sections/5", {"rating": "AMBER"})
    assert idts(service, "audit", "checkpoint").stderr == "Signed checkpoint 2.\n"
    assert "2 signed checkpoints" in idts(service, "audit", "verify").stdout


@pytest.mark.parametrize("is_made", [False, True])
def test_without_a_readable_key_no_checkpoint_is_signed(service: Service, is_made: bool):
    if is_made:
        statements.make_signing_key(service)
        for file in service.settings.signing_keys_dir.glob("*.json"):
            file.unlink()
    with service.unchanged():
        ran = idts(service, "audit", "checkpoint")
    assert ran.exit_code == 1
    assert "idts signing-keys rotate" in ran.stderr
