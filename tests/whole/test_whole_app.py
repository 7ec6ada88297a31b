"""What holds for every route, every problem and every page of the service, found by walking them all."""

import ast
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from app.errors import DomainError
from app.http.openapi import EXAMPLES, permissions_of
from app.http.problem_kinds import KINDS
from app.main import create_app
from app.rules.access import Permission
from app.storage.faults import Fault
from tests.support.openapi_examples import record
from tests.support.openapi_file import FILE, openapi_now
from tests.support.route_walk import FILLED, PUBLIC, routes
from tests.support.service import Service, service_settings

ROOT = Path(__file__).resolve().parents[2]
METHODS = {"get", "post", "put", "patch", "delete"}
NOT_IN_OPENAPI = {
    ("GET", "/"),
    ("GET", "/docs"),
    ("GET", "/static/{path:path}"),
    ("GET", "/openapi.json"),
    ("HEAD", "/openapi.json"),
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    directory = tmp_path_factory.mktemp("app")
    return create_app(service_settings(f"sqlite:///{directory / 'none.db'}", data_dir=directory))


@pytest.fixture(scope="module")
def document(app: FastAPI) -> dict[str, Any]:
    found: dict[str, Any] = app.openapi()
    return found


def test_the_walk_finds_every_route_of_the_openapi_document_and_the_hidden_ones(app, document):
    described = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
        if method in METHODS
    }
    assert set(routes(app)) == described | NOT_IN_OPENAPI
    assert len(described) > 25


def test_every_route_names_a_permission_or_is_public(app):
    for address, route in routes(app).items():
        named = set(permissions_of(route))
        assert named <= set(Permission), address
        assert bool(named) is (address not in PUBLIC), address
    assert set(routes(app)) >= PUBLIC


def test_the_routes_that_need_a_key_say_so_in_openapi(app, document):
    for method, path in routes(app).keys() - NOT_IN_OPENAPI:
        operation = document["paths"][path][method.lower()]
        assert bool(operation.get("security")) is ((method, path) not in PUBLIC), (method, path)


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("key", [None, "wrong-key-0123456789abcdef", "idts_"])
def test_no_keyed_route_answers_without_a_known_key(service: Service, key: str | None):
    asked = 0
    with service.unchanged():
        for method, path in routes(service.app):
            if (method, path) in PUBLIC:
                continue
            filled = re.sub(r"\{(\w+)(:\w+)?\}", lambda found: FILLED.get(found[1], "1"), path)
            answer = service.call(method, filled, by=key)
            assert answer.status_code == 401, (method, path, answer.text)
            assert answer.json()["code"] == "unauthenticated"
            assert answer.headers["www-authenticate"].startswith("Bearer")
            asked += 1
    assert asked == len(set(routes(service.app)) - PUBLIC)


def trees() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted((ROOT / "app").rglob("*.py")):
        if file.name != "problem_kinds.py":
            yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text())


def kinds_of_error() -> set[str]:
    found = {"Reason"}
    waiting = [DomainError]
    while waiting:
        kind = waiting.pop()
        found.add(kind.__name__)
        waiting += kind.__subclasses__()
    return found


def raised_codes() -> dict[str, str]:
    """Every literal code that is given to an error, a reason or a problem, and where."""
    errors = kinds_of_error()
    found = {fault.value: "app/storage/faults.py" for fault in Fault}
    for file, tree in trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            place = {"problem_response": 2}.get(node.func.id, 0)
            if node.func.id not in errors | {"problem_response"} or len(node.args) <= place:
                continue
            for part in ast.walk(node.args[place]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    found[part.value] = f"{file}:{node.lineno}"
    return found


def test_every_code_that_is_raised_has_its_page():
    found = raised_codes()
    assert {"unauthenticated", "green-needs-evidence", "database-unavailable", "outdated-copy"} <= set(found)
    assert {code: where for code, where in found.items() if code not in KINDS} == {}


def test_every_kind_of_problem_is_used():
    literals = {
        node.value
        for _, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(KINDS) - literals == set()


def test_every_kind_of_problem_has_its_page(untouched: Service):
    listed = untouched.get("/problems", by=None).json()["items"]
    assert [one["code"] for one in listed] == sorted(KINDS)
    for code, kind in KINDS.items():
        page = untouched.get(f"/problems/{code}", by=None)
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        assert f"<code>{code}</code>" in page.text
        told = untouched.get(f"/problems/{code}", by=None, headers={"accept": "application/json"}).json()
        assert told == {
            "code": code,
            "type": f"/problems/{code}",
            "title": kind.title,
            "explanation": kind.explanation,
        }


def test_the_openapi_document_is_the_one_that_is_kept(tmp_path):
    assert openapi_now(tmp_path) == json.loads(FILE.read_text("utf-8")), "run `make openapi` and look at the difference"


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_the_examples_are_what_the_service_answers(service: Service):
    kept = json.loads(EXAMPLES.read_text("utf-8"))
    assert record(service) == kept, "run `make openapi` and look at the difference"
    assert kept["readPrisonVerdict"]["200"]["go_live"]["blockers"]


def test_the_openapi_document_says_what_each_operation_does_and_answers(document):
    assert document["openapi"].startswith("3.1")
    named = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method not in METHODS:
                continue
            where = f"{method} {path}"
            named.append(operation["operationId"])
            assert operation.get("description", "").strip(), where
            assert operation["description"][0].isupper(), where
            assert operation["description"].rstrip()[-1] in ".!?", where
            assert operation["tags"], where
            assert any(status.startswith("2") for status in operation["responses"]), where
            assert "default" not in operation["responses"], where
    assert len(named) == len(set(named))


def test_every_reference_in_the_openapi_document_leads_somewhere(document):
    text = json.dumps(document)
    references = set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', text))
    schemas = document["components"]["schemas"]
    assert references <= set(schemas)
    assert set(schemas) - references == set(), "a schema that nothing uses"


def test_the_documentation_page_needs_nothing_from_outside(untouched: Service):
    page = untouched.get("/docs", by=None)
    assert page.status_code == 200
    assert re.findall(r"https?://", page.text) == []
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    wanted = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert len(wanted) >= 3
    for address in wanted:
        assert untouched.get(address, by=None).status_code == 200, address


def test_the_files_of_the_pages_are_the_ones_in_the_manifest():
    static = ROOT / "app" / "web" / "static"
    manifest = json.loads((static / "manifest.json").read_text())["files"]
    third_party = {
        file.relative_to(static).as_posix() for file in static.rglob("*") if file.is_file() and file.parent != static
    }
    assert set(manifest) == third_party
    for name, digest in manifest.items():
        assert hashlib.sha256((static / name).read_bytes()).hexdigest() == digest, name


def test_the_bundles_load_nothing_from_outside():
    static = ROOT / "app" / "web" / "static"
    for name in ("docs.js", "swagger-ui/swagger-ui.css"):
        content = (static / name).read_text()
        assert re.findall(r"""(?:@import|url\()\s*['"]?(?:https?:)?//""", content) == []
    assert "sourceMappingURL" not in (static / "swagger-ui" / "swagger-ui-bundle.js").read_text()


@pytest.mark.parametrize(
    "path", ["/docs/../../etc/passwd", "/static/../../settings.py", "/static/%2e%2e/x", "/nothing"]
)
def test_an_unknown_address_is_a_problem_of_its_own(untouched: Service, path: str):
    answer = untouched.get(path, by=None)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not-found"
