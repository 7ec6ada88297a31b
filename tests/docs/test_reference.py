"""The reference pages are what the code says now: every setting, problem, permission and command is in them."""

import pytest

from app.http.problem_kinds import KINDS
from app.rules.access import Permission
from app.settings import Settings
from tests.support.reference_pages import DIRECTORY, pages


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return pages()


def test_every_page_of_the_reference_is_current(written: dict[str, str]):
    on_disk = {file.name: file.read_text("utf-8") for file in DIRECTORY.glob("*.md")}
    stale = sorted(name for name in written.keys() | on_disk.keys() if written.get(name) != on_disk.get(name))
    assert not stale, f"run `make reference`: {stale} differ from the code"


def test_everything_in_the_reference_has_its_text(written: dict[str, str]):
    for name, text in written.items():
        for line in text.splitlines():
            if line.startswith("| ") and name != "permissions.md":
                assert line.removesuffix(" |").rpartition("|")[2].strip(), f"{name}: {line}"


def test_nothing_is_left_out_of_the_reference(written: dict[str, str]):
    for name in Settings.model_fields:
        assert f"\n| `IDTS_{name.upper()}` |" in written["settings.md"]
    for code in KINDS:
        assert f"\n| `{code}` |" in written["problems.md"]
    for permission in Permission:
        assert written["permissions.md"].count(permission.value[1:]) >= 2, f"no call needs: {permission}"
    for command in ("serve", "keys create", "return show MONTH", "return freeze MONTH", "audit verify", "rebuild"):
        assert f"\n## `idts {command}`\n" in written["command.md"]
