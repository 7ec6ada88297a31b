"""House rules that a linter does not know: each check names every offender with file and line."""

import ast
import io
import re
import shutil
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FUNCTION = 40
LONGEST_MODULE = 300
# Below the edge the time comes in as an argument.
CLOCKLESS = ("app/rules/", "app/models/", "app/queries/", "app/services/", "app/documents/")
CLOCKS = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.monotonic"),
    *("time.time_ns", "time.perf_counter", "time.sleep", "datetime.datetime.now", "datetime.date.today"),
}
WORLDLY_MODULES = {
    *("asyncio", "http", "io", "logging", "multiprocessing", "os", "random", "secrets", "shutil", "socket"),
    *("sqlite3", "subprocess", "sys", "tempfile", "threading", "time", "urllib"),
}
# Written backwards, so that this file does not name them either.
REGISTRY_HOSTS = [
    backwards[::-1]
    for backwards in (
        *("gro.ipyp", "gro.detsohnohtyp", "gro.sjmpn", "gro.adnocana", "gro.smegybur", "gro.nevam", "gro.naibed.bed"),
        *("moc.sjmpn", "moc.gkpnray", "moc.rviledsj", "moc.gkpnu", "ten.rviledsj"),
        *("oi.setarc", "oi.rekcod", "oi.rchg", "oi.rcg", "oi.yauq", "oi.yruf"),
    )
]

Offence = tuple[int, str]
Check = Callable[[str, str], Iterator[Offence]]


def dotted(node: ast.AST) -> str:
    """`a.b.c` for such an expression, else an empty string."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := dotted(node.value)):
        return f"{owner}.{node.attr}"
    return ""


def calls(source: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))


def commits_elsewhere(source: str, file: str) -> Iterator[Offence]:
    for call in calls(source):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name in {"commit", "rollback"} and file != "app/storage/db.py":
            yield call.lineno, f".{name}( belongs in app/storage/db.py alone"


def environment_read_elsewhere(source: str, file: str) -> Iterator[Offence]:
    if file == "app/settings.py":
        return
    readers = {"environ", "environb", "getenv"}
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name in readers:
                yield node.lineno, "only app/settings.py reads the environment"
            case ast.ImportFrom(module="os", names=names) if readers & {alias.name for alias in names}:
                yield node.lineno, "only app/settings.py reads the environment"
            case ast.keyword(arg="envvar"):
                yield node.lineno, "only app/settings.py reads the environment"


def long_functions(source: str, file: str) -> Iterator[Offence]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield node.lineno, f"{node.name} has {length} lines, more than {LONGEST_FUNCTION}"


def long_modules(source: str, file: str) -> Iterator[Offence]:
    length = len(source.splitlines())
    if length > LONGEST_MODULE:
        yield length, f"the module has {length} lines, more than {LONGEST_MODULE}"


def ignores_without_code(source: str, file: str) -> Iterator[Offence]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and re.search(r"type:\s*ignore(?!\[)", token.string):
            yield token.start[0], "an ignored type error names its code"


def missing_docstrings(source: str, file: str) -> Iterator[Offence]:
    if not source.strip() and file.endswith("__init__.py"):
        return
    docstring = ast.get_docstring(ast.parse(source))
    if not docstring or "\n" in docstring:
        yield 1, "the module opens with a docstring of one line"


def clocks_below_the_edge(source: str, file: str) -> Iterator[Offence]:
    if file.startswith(CLOCKLESS):
        for call in calls(source):
            if dotted(call.func) in CLOCKS:
                yield call.lineno, f"{dotted(call.func)}() below the edge: the time is an argument"


def imported_modules(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""


def impure_rules(source: str, file: str) -> Iterator[Offence]:
    if not file.startswith("app/rules/"):
        return
    for line, name in imported_modules(source):
        top = name.split(".")[0]
        if top in WORLDLY_MODULES or (top != "app" and top not in sys.stdlib_module_names):
            yield line, f"rules may not import {name}"
    for call in calls(source):
        if dotted(call.func) in {"open", "print", "input", "exec", "eval", "__import__"}:
            yield call.lineno, f"rules may not call {dotted(call.func)}()"


def scopes_left_out(source: str, file: str) -> Iterator[Offence]:
    """Whoever answers a caller takes what it is about from app/http/resolve.py, which checks the caller's scope."""
    if not file.startswith(("app/api/", "app/web/")):
        return
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) if name.startswith(("read_any_", "read_own_")):
                yield node.lineno, f"{name} is for app/http/resolve.py and services: take what it resolves"


CHECKS: list[Check] = [
    commits_elsewhere,
    environment_read_elsewhere,
    long_functions,
    long_modules,
    ignores_without_code,
    missing_docstrings,
    clocks_below_the_edge,
    impure_rules,
    scopes_left_out,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_app_keeps_the_rule(check: Check):
    files = sorted((ROOT / "app").rglob("*.py"))
    assert files
    found = [
        f"{name}:{line} {why}"
        for file in files
        for name in [file.relative_to(ROOT).as_posix()]
        for line, why in check(file.read_text(), name)
    ]
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize(
    ("check", "file", "source", "line"),
    [
        (commits_elsewhere, "app/services/a.py", "def f(s):\n    s.commit()", 2),
        (commits_elsewhere, "app/api/a.py", "s.session.rollback()", 1),
        (environment_read_elsewhere, "app/main.py", "import os\nos.environ['A']", 2),
        (environment_read_elsewhere, "app/main.py", "import os\nos.getenv('A')", 2),
        (environment_read_elsewhere, "app/main.py", "from os import environ", 1),
        (environment_read_elsewhere, "app/cli.py", "typer.Option(envvar='A')", 1),
        (long_functions, "app/a.py", "x = 1\ndef f():\n" + "    x = 1\n" * 40, 2),
        (long_modules, "app/a.py", "x = 1\n" * 301, 301),
        (ignores_without_code, "app/a.py", "x = 1\ny = 2  # type: ignore", 2),
        (missing_docstrings, "app/a.py", "x = 1", 1),
        (missing_docstrings, "app/a.py", '"""One.\n\nTwo."""', 1),
        (missing_docstrings, "app/a.py", "", 1),
        (clocks_below_the_edge, "app/services/a.py", "at = datetime.now(UTC)", 1),
        (clocks_below_the_edge, "app/rules/a.py", "import time\n\ntime.time()", 3),
        (impure_rules, "app/rules/a.py", "import sqlalchemy", 1),
        (impure_rules, "app/rules/a.py", "from os.path import join", 1),
        (impure_rules, "app/rules/a.py", "x = 1\nopen('x')", 2),
        (impure_rules, "app/rules/a.py", "print('x')", 1),
        (scopes_left_out, "app/api/a.py", "x = 1\nread_any_prison(session, code)", 2),
        (scopes_left_out, "app/web/a.py", "prisons.read_any_prison(session, code)", 1),
    ],
)
def test_the_check_sees_the_fault(check: Check, file: str, source: str, line: int):
    assert [found for found, _why in check(source, file)] == [line]


@pytest.mark.parametrize(
    ("check", "file", "source"),
    [
        (commits_elsewhere, "app/storage/db.py", "session.commit()"),
        (environment_read_elsewhere, "app/settings.py", "import os\nos.environ['A']"),
        (environment_read_elsewhere, "app/main.py", "from os import sep"),
        (long_functions, "app/a.py", "def f():\n" + "    x = 1\n" * 39),
        (long_modules, "app/a.py", "x = 1\n" * 300),
        (ignores_without_code, "app/a.py", "x = 1  # type: ignore[misc]"),
        (missing_docstrings, "app/a.py", '"""What it is."""\n'),
        (missing_docstrings, "app/a/__init__.py", ""),
        (clocks_below_the_edge, "app/api/a.py", "at = datetime.now(UTC)"),
        (impure_rules, "app/rules/a.py", "from datetime import date\nfrom app.rules.types import Rating"),
        (scopes_left_out, "app/services/a.py", "read_any_prison(session, code)"),
    ],
)
def test_the_check_lets_good_code_pass(check: Check, file: str, source: str):
    assert list(check(source, file)) == []


def registry_hosts_in(content: bytes) -> Iterator[Offence]:
    for number, line in enumerate(content.lower().splitlines(), start=1):
        for host in REGISTRY_HOSTS:
            # Not as a part of a longer word.
            if host.encode() in line and re.search(rb"(?<![\w-])" + re.escape(host.encode()) + rb"\b", line):
                yield number, f"names the registry {host}"


def repository_files() -> list[Path]:
    """Tracked files and those that could be; without git, everything that is not hidden."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False) if shutil.which("git") else None
    if listed is not None and listed.returncode == 0:
        paths = [ROOT / name.decode() for name in listed.stdout.split(b"\0") if name]
    else:
        hidden = re.compile(r"/(\.git|\.venv|__pycache__|\.\w+_cache|var)/")
        paths = [path for path in ROOT.rglob("*") if not hidden.search(path.as_posix())]
    return [path for path in paths if path.is_file()]


def test_no_file_names_a_package_registry():
    files = repository_files()
    assert ROOT / "pyproject.toml" in files
    found = [
        f"{file.relative_to(ROOT)}:{line} {why}" for file in files for line, why in registry_hosts_in(file.read_bytes())
    ]
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize("host", REGISTRY_HOSTS)
def test_the_check_sees_a_registry(host: str):
    assert [line for line, _why in registry_hosts_in(f"# lock\nhttps://x.{host}/simple\n".encode())][:1] == [2]
    assert not list(registry_hosts_in(b"see docs.python.org and example.com"))
