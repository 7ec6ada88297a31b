"""README does what it says: every command in it is run, in order, and what it shows is what comes out."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from app.http.problem_kinds import KINDS
from app.settings import Settings
from tests.support import postgres
from tests.support.processes import ROOT, environment, free_port, server_process

README = (ROOT / "README.md").read_text("utf-8")
ADDRESS = "127.0.0.1:8000"
DATABASE = "postgresql+psycopg://idts:secret@127.0.0.1:5432/idts"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """Commands of one block, and the lines that README shows below them."""

    commands: str
    shown: tuple[str, ...]


def steps() -> Iterator[Step]:
    blocks = BLOCK.findall(README)
    for place, (language, text) in enumerate(blocks):
        if language == "sh":
            after, shown = blocks[place + 1] if place + 1 < len(blocks) else ("", "")
            yield Step(text, tuple(shown.splitlines()) if after == "text" else ())


@dataclass
class Terminal:
    """A shell in a fresh checkout: variables last from block to block, `make run` serves until the next one."""

    home: Path
    port: int
    database: str
    servers: ExitStack
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, commands: str) -> str:
        """What the commands print; a command that fails is a failure."""
        said = ""
        for part in re.split(r"^(make .*)$", commands, flags=re.MULTILINE):
            if part.strip() == "make run":
                self._serve()
            elif part.startswith("make "):
                # Its own suite is not run from within the suite: make only says what it would do.
                said += self._shell(f"{part} --dry-run")
            elif part.strip():
                said += self._shell(part)
        return said

    def _serve(self) -> None:
        self.servers.close()
        settings = self.variables | {"IDTS_PORT": str(self.port)}
        # `-o setup`: what is installed already is not looked at again while tests use it.
        command = ["make", "--no-print-directory", "-o", "setup", "run"]
        self.servers.enter_context(server_process(command, settings, self.port, cwd=self.home))

    def _shell(self, commands: str) -> str:
        for written, here in ((ADDRESS, f"127.0.0.1:{self.port}"), (DATABASE, self.database)):
            commands = commands.replace(written, here)
        kept = self.home / "variables"
        script = f"set -euo pipefail -o allexport\n{commands}\nenv -0 > {shlex.quote(str(kept))}\n"
        ran = subprocess.run(
            ["bash", "-c", script],
            cwd=self.home,
            env=environment(self.variables),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, f"{commands}\n{ran.stdout}\n{ran.stderr}"
        pairs = (one.partition("=") for one in kept.read_text().split("\0") if one)
        self.variables = {name: value for name, _, value in pairs if os.environ.get(name) != value}
        return ran.stdout


@pytest.fixture
def terminal(tmp_path: Path, postgres_admin_url: str) -> Iterator[Terminal]:
    for entry in ROOT.iterdir():
        if entry.name not in ("var", ".git"):
            (tmp_path / entry.name).symlink_to(entry)
    name = f"idts_readme_{uuid4().hex[:12]}"
    url = postgres.create_database(postgres_admin_url, name)
    with ExitStack() as servers:
        yield Terminal(tmp_path, free_port(), url, servers)
    postgres.drop_database(postgres_admin_url, name)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


@pytest.mark.slow
@pytest.mark.postgres
def test_every_command_does_what_readme_shows(terminal: Terminal):
    asked = list(steps())
    assert len(asked) > 8
    for step in asked:
        said = terminal.run(step.commands)
        lines = [squeezed(line) for line in said.splitlines()]
        for shown in step.shown:
            wanted = squeezed(shown.partition("…")[0])
            assert any(wanted in line for line in lines), f"{step.commands}\nshows no line {wanted!r} but\n{said}"
    assert (terminal.home / "var" / "admin-key").exists()


def test_every_setting_is_documented_and_no_other():
    table = README[README.index("## Configuration") :]
    rows = [line for line in table[: table.index("\n## ")].splitlines() if line.startswith("| `IDTS_")]
    documented = [name for row in rows for name in re.findall(r"`(IDTS_[A-Z0-9_]+)`", row.split("|")[1])]
    assert sorted(documented) == sorted(f"IDTS_{name.upper()}" for name in Settings.model_fields)


def test_every_setting_named_anywhere_exists():
    named = set(re.findall(r"IDTS_[A-Z0-9_]+", README))
    assert named - {"IDTS_TEST_POSTGRES_URL"} <= {f"IDTS_{name.upper()}" for name in Settings.model_fields}


def test_every_problem_named_exists():
    named = set(re.findall(r"problems/([a-z-]+)", README)) | set(re.findall(r'"code": "([a-z-]+)"', README))
    assert len(named) >= 3
    assert named <= set(KINDS)


def test_every_file_and_target_named_exists():
    for target in set(re.findall(r"`make ([a-z-]+)", README)):
        assert f"\n{target}: " in (ROOT / "Makefile").read_text(), target
    for path in set(re.findall(r"`((?:app|seed|docs|bench|migrations)/[\w./-]*)`", README)):
        assert (ROOT / path).exists(), path
