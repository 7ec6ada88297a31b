"""`idts signing-keys` and `idts verify`: keys rotated, and credentials checked offline as the API checks them."""

import json
from pathlib import Path
from typing import Any

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


def offline(credential: str | bytes, keys: str, directory: Path) -> Result:
    """What `idts verify` says of a credential, with neither database nor service to ask."""
    (directory / "statement.jws").write_bytes(credential if isinstance(credential, bytes) else credential.encode())
    (directory / "jwks.json").write_text(keys)
    env = {"IDTS_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none"}
    arguments = ["verify", str(directory / "statement.jws"), "--keys", str(directory / "jwks.json")]
    return CliRunner().invoke(cli, arguments, env=env)


def credential_of(service: Service, statement: dict[str, Any]) -> str:
    return service.get(f"/v1/statements/{statement['id']}/credential", by="national").text


def key_set(service: Service) -> str:
    return service.get("/.well-known/jwks.json", by=None).text


def flipped(text: str, place: int) -> str:
    other = "-" if text[place] == "." else "A" if text[place] != "A" else "B"
    return text[:place] + other + text[place + 1 :]


def test_an_honest_credential_is_valid_offline_and_every_signature_is_shown(service: Service, tmp_path: Path):
    issued = statements.issued(service)
    ran = offline(credential_of(service, issued), key_set(service), tmp_path)
    assert ran.exit_code == 0, ran.output
    assert "Valid: SOR-LWI-2026-001, Lewes (LWI)." in ran.stdout
    assert f"Digest {issued['digest']}." in ran.stdout
    for one in issued["signatories"]:
        assert f"{one['title']}: {one['name']}, {one['signed_at']}" in ran.stdout
    assert "Ask the service whether the statement is still in force" in ran.stdout
    # As an editor would leave it.
    assert offline(credential_of(service, issued) + "\n", key_set(service), tmp_path).exit_code == 0


def test_offline_and_the_service_agree_on_flipped_bytes(service: Service, tmp_path: Path):
    text = credential_of(service, statements.issued(service))
    keys = key_set(service)
    for place in sorted({*range(0, len(text), 997), *range(len(text) - 10, len(text))}):
        changed = flipped(text, place)
        answer = service.post("/v1/statements/verify", {"credential": changed}, by=None).json()
        ran = offline(changed, keys, tmp_path)
        assert (ran.exit_code, answer["valid"], ran.stdout) == (1, False, ""), place
        named = {line.split(": ")[1] for line in ran.stderr.splitlines()}
        # The service has the issued credential beside it, so it can name more.
        assert named
        assert named <= {one["part"] for one in answer["mismatches"]}, place


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a.b.c", b"\x89PNG\r\n", b"{}"])
def test_what_is_no_credential_is_told_without_a_traceback(service: Service, tmp_path: Path, content: bytes):
    statements.make_signing_key(service)
    ran = offline(content, key_set(service), tmp_path)
    assert (ran.exit_code, type(ran.exception)) == (1, SystemExit)
    assert "Does not match" in ran.stderr


@pytest.mark.parametrize("keys", ["", "{}", "[]", '{"keys": ["x"]}', '{"keys": 5}', "null"])
def test_what_is_no_key_set_is_told_without_a_traceback(tmp_path: Path, keys: str):
    ran = offline("a.b.c", keys, tmp_path)
    assert (ran.exit_code, type(ran.exception)) == (1, SystemExit)
    assert "is not a key set" in ran.stderr


def test_a_credential_is_not_valid_under_another_services_keys(service: Service, tmp_path: Path):
    text = credential_of(service, statements.issued(service))
    ours = json.loads(key_set(service))
    statements.rotate_signing_key(service)
    other = json.loads(key_set(service))["keys"][0]
    for keys, part in (
        ([], "key"),
        ([other], "key"),
        ([other | {"kid": ours["keys"][0]["kid"]}], "signature"),
        ([{"kid": ours["keys"][0]["kid"]}], "signature"),
    ):
        ran = offline(text, json.dumps({"keys": keys}), tmp_path)
        assert ran.exit_code == 1
        assert f"Does not match: {part}:" in ran.stderr, keys
    # Both keys are in the set after the rotation.
    assert offline(text, key_set(service), tmp_path).exit_code == 0


def test_a_rotation_makes_the_key_that_seals_from_then_on(service: Service, tmp_path: Path):
    old = credential_of(service, statements.issued(service))
    before = json.loads(key_set(service))["keys"]
    ran = idts(service, "signing-keys", "rotate")
    assert (ran.exit_code, ran.stdout) == (0, "")
    after = json.loads(key_set(service))["keys"]
    assert after[1:] == before
    assert after[0]["kid"] in ran.stderr
    file = service.settings.signing_keys_dir / f"{after[0]['kid']}.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "d" in json.loads(file.read_text())
    new = credential_of(service, statements.issued(service, "MSI"))
    for text, kid in ((old, before[0]["kid"]), (new, after[0]["kid"])):
        assert f"Signed by key {kid}" in offline(text, key_set(service), tmp_path).stdout


def test_the_key_set_is_shown_as_the_service_gives_it(service: Service):
    statements.make_signing_key(service)
    ran = idts(service, "signing-keys", "show")
    assert ran.exit_code == 0
    assert json.loads(ran.stdout) == json.loads(key_set(service))


def test_a_missing_file_is_told(tmp_path: Path):
    ran = CliRunner().invoke(cli, ["verify", str(tmp_path / "none"), "--keys", str(tmp_path / "none")])
    assert ran.exit_code == 2
