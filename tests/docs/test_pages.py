"""The pages do what they say: every command in them is run, in order, and what they show is what comes out."""

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

PAGES = {path.relative_to(ROOT).as_posix(): path for path in (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")))}
ADDRESS = "127.0.0.1:8000"
DATABASE = "postgresql+psycopg://idts:secret@127.0.0.1:5432/idts"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SHELLS = ("sh", "powershell")
# What the lines for PowerShell are in the shell of the tests; they are written so that nothing else differs.
FROM_POWERSHELL = (
    (re.compile(r"^\$env:(\w+) = Get-Content (\S+)$", re.MULTILINE), r"export \1=$(cat \2)"),
    (re.compile(r"^\$env:(\w+) = ", re.MULTILINE), r"export \1="),
    (re.compile(r"^\$(\w+) = Get-Content (\S+)$", re.MULTILINE), r"\1=$(cat \2)"),
    (re.compile(r"^\$(\w+) = ", re.MULTILINE), r"\1="),
    (re.compile(r"^('.*') \| Set-Content -Encoding ascii (\S+)$", re.MULTILINE), r"echo \1 > \2"),
    (re.compile(r"^curl\.exe ", re.MULTILINE), "curl "),
    (re.compile(r"^py ", re.MULTILINE), "python3 "),
)


@dataclass(frozen=True)
class Step:
    """Commands of one block, and the lines that the page shows below them; or a file that it has the reader save."""

    commands: str
    shown: tuple[str, ...] = ()
    file: str = ""


def steps(page: str) -> Iterator[Step]:
    blocks = BLOCK.findall(PAGES[page].read_text("utf-8"))
    for place, (language, text) in enumerate(blocks):
        after, shown = blocks[place + 1] if place + 1 < len(blocks) else ("", "")
        if language in SHELLS:
            commands = text if language == "sh" else in_this_shell(text)
            yield Step(commands, tuple(shown.splitlines()) if after == "text" else ())
        elif language == "python" and (named := re.match(r"# (\w+\.py)\n", text)):
            yield Step(text, file=named[1])


def in_this_shell(commands: str) -> str:
    for pattern, replacement in FROM_POWERSHELL:
        commands = pattern.sub(replacement, commands)
    return commands


WITH_COMMANDS = [page for page in PAGES if any(True for _ in steps(page))]


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
                self.serve()
            elif part.startswith("make "):
                # Its own suite is not run from within the suite: make only says what it would do.
                said += self._shell(f"{part} --dry-run")
            elif part.strip():
                said += self._shell(part)
        return said

    def serve(self) -> None:
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
            timeout=120,
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
    name = f"idts_pages_{uuid4().hex[:12]}"
    url = postgres.create_database(postgres_admin_url, name)
    with ExitStack() as servers:
        yield Terminal(tmp_path, free_port(), url, servers)
    postgres.drop_database(postgres_admin_url, name)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_every_command_does_what_the_page_shows(terminal: Terminal, page: str):
    asked = list(steps(page))
    if not any("make run" in step.commands for step in asked):
        terminal.serve()
    for step in asked:
        if step.file:
            (terminal.home / step.file).write_text(step.commands, "utf-8")
            continue
        said = terminal.run(step.commands)
        lines = [squeezed(line) for line in said.splitlines()]
        for shown in step.shown:
            wanted = squeezed(shown.partition("…")[0])
            assert any(wanted in line for line in lines), f"{step.commands}\nshows no line {wanted!r} but\n{said}"


def test_there_are_commands_on_these_pages():
    assert len(WITH_COMMANDS) >= 8
    assert {"README.md", "docs/guide/prison-lead.md", "docs/guide/integrator.md"} <= set(WITH_COMMANDS)


def test_readme_is_short():
    assert len(PAGES["README.md"].read_text("utf-8").splitlines()) <= 120


def test_every_page_is_in_the_index():
    index = PAGES["docs/README.md"].read_text("utf-8")
    for page in PAGES.keys() - {"README.md", "docs/README.md"}:
        if not page.startswith("docs/adr/"):
            assert f"]({page.removeprefix('docs/')})" in index, page


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str):
    text = PAGES[page].read_text("utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(BLOCK, "", text)):
        if "://" in target:
            continue
        path, _, heading = target.partition("#")
        leads_to = (PAGES[page].parent / path).resolve() if path else PAGES[page]
        assert leads_to.exists(), f"{page}: {target}"
        if heading:
            lines = leads_to.read_text("utf-8").splitlines()
            assert heading in {anchor(line) for line in lines if line.startswith("#")}, f"{page}: {target}"


def anchor(heading: str) -> str:
    return re.sub(r"[^\w-]", "", heading.lstrip("# ").lower().replace(" ", "-"))


@pytest.mark.parametrize("page", PAGES)
def test_everything_that_a_page_names_exists(page: str):
    text = PAGES[page].read_text("utf-8")
    settings = {f"IDTS_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"\bIDTS_[A-Z0-9_]*[A-Z0-9]\b(?!_?…)", text))
    assert named - {"IDTS_TEST_POSTGRES_URL"} <= settings
    codes = set(re.findall(r"problems/([a-z-]+)", text)) | set(re.findall(r'"code": "([a-z-]+)"', text))
    assert codes <= set(KINDS)
    for target in set(re.findall(r"`make ([a-z-]+)", text)):
        assert f"\n{target}: " in (ROOT / "Makefile").read_text(), target
    if not page.startswith("docs/adr/"):
        # A decision names what there was on its day.
        for path in set(re.findall(r"`((?:app|seed|docs|bench|migrations)/[\w./-]*)`", text)):
            assert (ROOT / path).exists(), path
