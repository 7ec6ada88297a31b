"""Clients made from the OpenAPI document by two generators work against the service, unchanged and with every answer
understood."""

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pytest

from tests.support import factories
from tests.support.live import live
from tests.support.route_walk import FILLED
from tests.support.service import Service
from tests.support.statements import ROLES, make_signatory_keys, make_signing_key

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])
PROGRAMS = Path(sys.executable).parent
SETTINGS = """post_hooks: []
content_type_overrides:
  application/jose: text/plain
  application/pdf: application/octet-stream
"""
SAID = "The register is with the governor."
# A GET that is not JSON, or goes on for ever.
NOT_JSON = re.compile(r"\.(pdf|csv|docx|xlsx|zip)$|/(credential|content|stream|metrics)$")


def run(*command: str | Path) -> None:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory of which everything can be imported, and is forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("idts_client", "idts_models", "idts_models_with_missing"):
            del sys.modules[name]


class Client:
    """The generated client: every answer is parsed by its models, and says all that was sent."""

    def __init__(self, service: Service, port: int, document: dict[str, Any], directory: Path) -> None:
        (directory / "openapi.json").write_text(json.dumps(document))
        (directory / "client.yaml").write_text(SETTINGS)
        options = ("--config", directory / "client.yaml", "--meta", "none", "--output-path", directory / "idts_client")
        generator = PROGRAMS / "openapi-python-client"
        run(generator, "generate", "--path", directory / "openapi.json", *options, "--fail-on-warning")
        self.package = importlib.import_module("idts_client")
        self.models = importlib.import_module("idts_client.models")
        self.address = f"http://127.0.0.1:{port}"
        self.service = service
        self.operations = {
            operation["operationId"]: (operation["tags"][0].lower(), operation)
            for operations in document["paths"].values()
            for operation in operations.values()
        }

    def ask(self, name: str, *place: object, by: str | None = "prison:LWI", **more: Any) -> tuple[int, Any]:
        """The status and the parsed answer of the operation of that name."""
        tag, _ = self.operations[name]
        module = importlib.import_module(f"idts_client.api.{tag}.{re.sub('(?<!^)(?=[A-Z])', '_', name).lower()}")
        if by is None:
            caller = self.package.Client(self.address, raise_on_unexpected_status=True)
        else:
            key = self.service.key(by)
            caller = self.package.AuthenticatedClient(self.address, key, raise_on_unexpected_status=True)
        with caller as client:
            answer = module.sync_detailed(*place, client=client, **more)
        status = int(answer.status_code)
        if answer.headers["content-type"].endswith("json") and status != 204:
            says_all(answer.parsed, json.loads(answer.content))
        return status, answer.parsed

    def done(self, name: str, *place: object, **more: Any) -> Any:
        status, answer = self.ask(name, *place, **more)
        assert status in (200, 201), answer
        return answer


def says_all(parsed: Any, sent: Any) -> None:
    """The models hold every word of the answer, each in a field of its own."""
    assert parsed is not None
    assert only_moments_differ(parsed.to_dict() if hasattr(parsed, "to_dict") else parsed, sent)
    assert list(undeclared(parsed)) == []


def only_moments_differ(one: Any, other: Any) -> bool:
    """Whether both say the same; the models write a moment in UTC as +00:00."""
    texts = (json.dumps(part, sort_keys=True).replace('Z"', '+00:00"') for part in (one, other))
    return len(set(texts)) == 1


def undeclared(parsed: Any) -> Iterator[str]:
    """The members of an answer that its schema does not have."""
    if isinstance(parsed, list):
        for one in parsed:
            yield from undeclared(one)
    elif hasattr(parsed, "additional_properties"):
        names = [field.name for field in attrs.fields(type(parsed)) if field.name != "additional_properties"]
        if names:
            yield from (f"{type(parsed).__name__}.{name}" for name in parsed.additional_properties)
        for name in names:
            yield from undeclared(getattr(parsed, name))


@pytest.fixture
def client(service: Service, importable: Path) -> Iterator[Client]:
    make_signing_key(service)
    make_signatory_keys(service)
    with live(service.app) as port:
        document = json.loads(json.dumps(service.app.openapi()))
        yield Client(service, port, document, importable)


# What an AMBER section leaves to do, which a statement asks for.
PLAN = {"lead": "The IDTS lead", "target_date": "2026-06-30", "comment": "The protocol is with the governor."}


@pytest.mark.slow
def test_a_generated_client_takes_a_prison_from_35_red_to_an_issued_statement(client: Client):
    models = client.models
    red = client.done("readPrisonVerdict", "LWI")
    assert (red.counts.red, red.go_live.eligible, red.stage) == (35, False, models.Stage.NOT_STARTED)

    # A refusal is a problem with its reasons, and stores nothing.
    status, refusal = client.ask("ratePrisonSection", "LWI", 5, body=models.RateSection(rating=models.Rating.GREEN))
    assert (status, refusal.code) == (409, "green-needs-outcomes")
    assert refusal.errors
    assert client.done("readPrisonVerdict", "LWI") == red

    rated = client.done("ratePrisonSection", "LWI", 5, body=models.RateSection.from_dict(factories.rated(5)))
    assert (rated.rating, rated.readiness.counts.green) == (models.Rating.GREEN, 1)
    said = models.RateSection(comment=SAID)
    assert said.to_dict() == {"comment": SAID}
    assert client.done("ratePrisonSection", "LWI", 5, body=said).rating is models.Rating.GREEN

    rest = factories.go_live_eligible()
    rest["sections"] = [one | PLAN for one in rest["sections"] if one["number"] != 5]
    after = client.done("ratePrisonSections", "LWI", body=models.RateSections.from_dict(rest))
    assert after.readiness.go_live.eligible
    assert after.readiness.counts.amber == len(factories.AMBER_IS_ENOUGH)

    toolkit = client.done("readCurrentToolkit", by=None)
    people = [
        models.NameSignatory(role=role.key, name=f"Person of {role.key}")
        for role in toolkit.signatory_roles
        if role.required
    ]
    assert {person.role for person in people} == set(ROLES)
    wanted = models.RaiseStatement(go_live_date=date(2026, 12, 1), signatories=people)
    statement = client.done("raisePrisonStatement", "LWI", body=wanted)
    assert statement.status is models.StatementStatus.RAISED
    for person in people:
        signature = models.SignStatement(role=person.role, name=person.name, digest=statement.digest)
        signed = client.done("signStatement", statement.id, body=signature, by=f"signatory:LWI:{person.role}")
    assert signed.status is models.StatementStatus.ISSUED
    issued = client.done("readStatement", statement.id)
    assert (issued.serial, issued.standing) == (signed.serial, models.Standing.IN_FORCE)
    assert client.done("readPrisonVerdict", "LWI").stage is models.Stage.STATEMENT_ISSUED

    _, paper = client.ask("downloadStatementAsPdf", statement.id)
    assert paper.payload.read().startswith(b"%PDF")
    _, sealed = client.ask("downloadStatementCredential", statement.id)
    verified = client.done("verifyStatement", body=models.VerifyStatement(credential=sealed), by=None)
    assert verified.valid
    assert verified.serial == issued.serial
    every_read_is_understood(client, statement.id, rated.evidence[0].id)


def every_read_is_understood(client: Client, statement: str, evidence: str) -> None:
    """Each GET of the document that answers with JSON, by a key that may."""
    filled: dict[str, object] = {**FILLED, "number": 5, "statement_id": statement, "item_id": evidence}
    asked = set()
    for path, operations in client.service.app.openapi()["paths"].items():
        names = re.findall(r"\{(\w+)\}", path)
        if "get" not in operations or NOT_JSON.search(path) or not set(names) <= set(filled):
            continue
        needs = [one["name"] for one in operations["get"]["parameters"] if one["in"] == "query" and one.get("required")]
        if not needs and not path.startswith("/problems/"):
            status, answer = client.ask(operations["get"]["operationId"], *(filled[name] for name in names), by="admin")
            assert status == 200, (path, answer)
            asked.add(path)
    assert {"/v1/dashboard", "/v1/prisons", "/v1/events", "/v1/audit", "/v1/returns/{month}", "/info"} <= asked
    assert len(asked) > 25


def models_of(service: Service, directory: Path, name: str, *options: str) -> ModuleType:
    (directory / "openapi.json").write_text(json.dumps(service.app.openapi()))
    kinds = ("--input-file-type", "openapi", "--output-model-type", "pydantic_v2.BaseModel", "--formatters", "builtin")
    file = directory / f"{name}.py"
    run(PROGRAMS / "datamodel-codegen", "--input", directory / "openapi.json", "--output", file, *kinds, *options)
    return importlib.import_module(name)


def green_then(service: Service, models: Any) -> Any:
    """A section that a generated model made GREEN, and a model that says a comment alone."""
    link = models.AddEvidence(kind="link", title="Minutes", reference="https://example.org/minutes")
    green = models.RateSection(rating="GREEN", outcomes={"*": "met"}, evidence=[link])
    sent = green.model_dump(mode="json", exclude_unset=True)
    assert service.patch("/v1/prisons/LWI/sections/5", sent).json()["rating"] == "GREEN"
    return models.RateSection(comment=SAID)


def test_a_model_that_says_a_comment_alone_leaves_the_rating_alone(service: Service, importable: Path):
    comment = green_then(service, models_of(service, importable, "idts_models"))
    # With every null too it would clear the rest as well; a rating cannot be cleared, so all of it is refused.
    with service.unchanged():
        refused = service.patch("/v1/prisons/LWI/sections/5", comment.model_dump(mode="json"))
        assert refused.status_code == 422
        assert "/rating" in [fault["pointer"] for fault in refused.json()["errors"]]
    after = service.patch("/v1/prisons/LWI/sections/5", comment.model_dump(mode="json", exclude_unset=True)).json()
    assert (after["rating"], after["comment"], len(after["evidence"])) == ("GREEN", SAID, 1)
    assert after["outcomes"]


def test_a_model_that_tells_null_from_nothing_may_be_sent_as_it_is(service: Service, importable: Path):
    options = ("--use-missing-sentinel", "--target-pydantic-version", "2.14")
    comment = green_then(service, models_of(service, importable, "idts_models_with_missing", *options))
    after = service.patch("/v1/prisons/LWI/sections/5", comment.model_dump(mode="json")).json()
    assert (after["rating"], after["comment"], len(after["evidence"])) == ("GREEN", SAID, 1)
    assert after["outcomes"]
