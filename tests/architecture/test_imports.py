"""Who may import whom: the table of the architecture, checked against every import in app/."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FRONT = {"services", "queries", "documents", "rules", "errors", "http"}
# Every part of app/ has a row: the parts that it may import, or single modules of them. It may always import itself.
MAY_IMPORT = {
    "rules": set(),
    "models": {"rules"},
    "queries": {"models", "rules", "errors"},
    "services": {"queries", "models", "rules", "errors", "storage"},
    "documents": {"rules", "queries", "errors"},
    "storage": {"settings", "errors"},
    # Below whoever answers: it knows what every request needs of the domain, by module, and no more (ADR 10).
    "http": {
        *("rules", "errors", "settings", "storage"),
        *(
            "queries.etags",
            "queries.keys",
            "queries.plans",
            "queries.events",
            "queries.prisons",
            "queries.statements",
            "queries.webhooks",
        ),
        "services.idempotency",
    },
    "background": {"services", "queries", "rules", "errors", "storage", "settings"},
    "api": FRONT | {"storage.db"},
    "web": FRONT | {"storage.db"},
    # A command is a process of its own: it reads the settings, opens the storage, and may run what else runs beside
    # requests.
    "cli": FRONT | {"settings", "storage", "background", "demo"},
    "demo": {"services", "queries", "rules"},
    "settings": {"errors"},
    "errors": {"settings"},
}
# main puts the parts together.
UNRESTRICTED = {"main"}


def imported(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Line, module and name of every import of app, wherever in the file it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, node.module or "", alias.name) for alias in node.names)


def offences(source: str, file: str) -> list[str]:
    """What `file` (a path such as app/api/prisons.py) imports against the table."""
    importer = Path(file).with_suffix("").parts[1]
    if importer in UNRESTRICTED | {"__init__"}:
        return []
    if importer not in MAY_IMPORT:
        return [f"{file}:1 app.{importer} has no row in the table of imports"]
    found = []
    for line, module, name in imported(ast.parse(source)):
        parts = [*module.split("."), *([name] if name and module.count(".") < 2 else [])]
        if parts[0] != "app" or len(parts) < 2:
            continue
        part, allowed = parts[1], MAY_IMPORT[importer]
        if part != importer and part not in allowed and ".".join(parts[1:3]) not in allowed:
            found.append(f"{file}:{line} {importer} may not import {'.'.join(parts)}")
        elif importer == "documents" and part == "queries" and not name.endswith("View"):
            found.append(f"{file}:{line} documents may import only views from queries, not {name or module}")
    return found


def test_nothing_imports_what_it_may_not():
    files = sorted((ROOT / "app").rglob("*.py"))
    assert files
    found = [line for file in files for line in offences(file.read_text(), file.relative_to(ROOT).as_posix())]
    assert not found, "\n".join(["", *found])


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_no_module_imports_itself_by_way_of_others():
    modules = {module_of(file): file for file in (ROOT / "app").rglob("*.py")}
    needs = {
        module: {
            name if (name := f"{source}.{part}") in modules else source
            for _, source, part in imported(ast.parse(file.read_text()))
            if source.partition(".")[0] == "app"
        }
        - {module}
        for module, file in modules.items()
    }
    # A circle among them raises CycleError, which names it.
    order = list(TopologicalSorter(needs).static_order())
    assert order.index("app.rules.types") < order.index("app.main")


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("app/rules/section.py", "from app.models import Prison"),
        ("app/rules/section.py", "import app.settings"),
        ("app/rules/section.py", "from app import db"),
        ("app/models/prison.py", "def late():\n    from app.queries.prisons import PrisonView"),
        ("app/api/prisons.py", "from app.models.prison import Prison"),
        ("app/api/prisons.py", "from app.web.forms import Form"),
        ("app/cli.py", "from app.api.prisons import router"),
        ("app/services/ratings.py", "from app.http.auth import Assessor"),
        ("app/documents/returns.py", "from app.queries.returns import read_return"),
        ("app/http/auth.py", "from app.queries.sections import read_answers"),
        ("app/http/auth.py", "from app.queries import sections"),
        ("app/http/auth.py", "import app.services.keys"),
        ("app/api/events.py", "from app.background.feed import Feed"),
        ("app/api/audit.py", "from app.storage.key_files import unseal"),
        ("app/newcomer.py", ""),
    ],
)
def test_the_check_sees_an_import_against_the_table(file: str, source: str):
    assert len(offences(source, file)) == 1


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("app/rules/section.py", "from app.rules.types import Rating"),
        ("app/documents/returns.py", "from app.queries.returns import ReturnView"),
        ("app/cli.py", "from app.services.seeding import seed"),
        ("app/main.py", "from app.api import prisons"),
        ("app/http/auth.py", "from app.queries.keys import KEY_BY_DIGEST"),
        ("app/http/auth.py", "from app.queries import keys"),
        ("app/api/prisons.py", "import fastapi"),
    ],
)
def test_the_check_lets_the_rest_pass(file: str, source: str):
    assert offences(source, file) == []
