"""One of a few words may be written in any case, wherever the document says that it can be sent."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from app.http.openapi import permissions_of
from app.rules.access import GRANTS, Role
from tests.support.route_walk import FILLED, routes
from tests.support.service import Service

KEYS = {
    Role.ADMIN: "admin",
    Role.PRISON: "prison:LWI",
    Role.REGION: "region:south-east",
    Role.NATIONAL: "national",
    Role.SIGNATORY: "signatory:LWI:governor",
}
NONSENSE = "neither-nor"
# Of section 5, which the addresses name.
OUTCOME = "risk_register_in_action_plan"


@dataclass(frozen=True)
class Place:
    """Where one of a few words is sent: in the query, or at a pointer in the body."""

    method: str
    path: str
    pointer: str
    words: tuple[str, ...]

    def ask(self, service: Service, word: str, by: str) -> tuple[int, set[tuple[str, str]]]:
        """The status of the answer, and what it finds at fault in which field."""
        address = re.sub(r"\{(\w+)\}", lambda name: FILLED.get(name[1], "1"), self.path)
        more: dict[str, Any] = {}
        if self.pointer.startswith("?"):
            more["params"] = {self.pointer[1:]: word}
        else:
            more["json"] = instance(self.pointer, word)
        answer = service.call(self.method, address, by, **more)
        faults = answer.json().get("errors") or [] if answer.status_code == 422 else []
        return answer.status_code, {(fault["pointer"], fault["detail"]) for fault in faults}


def instance(pointer: str, word: str) -> Any:
    """A body that has the word at the pointer, and nothing else."""
    found: Any = word
    for step in reversed(pointer.split("/")[1:]):
        found = [found] if step == "0" else {step: found}
    return found


def places(document: dict[str, Any]) -> Iterator[Place]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for one in operation.get("parameters", []):
                if one["in"] == "query":
                    for _, words in words_in(document, one["schema"], ""):
                        yield Place(method.upper(), path, f"?{one['name']}", words)
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            for pointer, words in words_in(document, body["schema"], "") if body else ():
                yield Place(method.upper(), path, pointer, words)


def words_in(document: dict[str, Any], schema: dict[str, Any], pointer: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every enumeration of texts inside a schema, with a pointer to it."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if schema.get("type") == "string" and len(schema.get("enum", ())) > 1:
        yield pointer, tuple(schema["enum"])
    for one in schema.get("anyOf", ()):
        yield from words_in(document, one, pointer)
    if "items" in schema:
        yield from words_in(document, schema["items"], f"{pointer}/0")
    if isinstance(schema.get("additionalProperties"), dict):
        key = OUTCOME if pointer.endswith("/outcomes") else "1"
        yield from words_in(document, schema["additionalProperties"], f"{pointer}/{key}")
    for name, one in schema.get("properties", {}).items():
        yield from words_in(document, one, f"{pointer}/{name}")


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_one_of_a_few_words_is_taken_in_any_case(service: Service, monkeypatch: pytest.MonkeyPatch):
    document = json.loads(json.dumps(service.app.openapi()))
    by_address = routes(service.app)
    made = service.post("/v1/webhooks", {"url": "https://93.184.216.34/in", "description": "Figures"}, by="admin")
    assert (made.status_code, made.json()["webhook"]["id"]) == (201, 1), made.text
    plan = {"prison": "LWI", "title": "Action plan", "begins_on": "2026-04-01", "ends_on": "2027-03-31"}
    monkeypatch.setitem(FILLED, "plan_id", service.post("/v1/plans", plan).json()["id"])
    seen = set()
    for place in places(document):
        permissions = list(permissions_of(by_address[place.method, place.path]))
        by = next(key for role, key in KEYS.items() if all(one in GRANTS[role] for one in permissions))
        _, strange = place.ask(service, NONSENSE, by)
        for word in place.words:
            exact = place.ask(service, word, by)
            assert exact[0] < 500
            assert exact[1] != strange, f"{place} takes what is none of its words"
            for written in (word.swapcase(), f" {word.title()} "):
                assert place.ask(service, written, by)[1] == exact[1], (
                    f"{place} refuses {written!r}: make the enumeration an AnyCase (app/rules/types.py)"
                )
        seen.add((place.method, place.path, place.pointer))
    assert {
        ("GET", "/v1/prisons", "?stage"),
        ("GET", "/v1/prisons", "?sort"),
        ("GET", "/v1/events", "?kind"),
        ("PATCH", "/v1/prisons/{code}/sections/{number}", "/rating"),
        ("PATCH", "/v1/prisons/{code}/sections/{number}", f"/outcomes/{OUTCOME}"),
        ("PATCH", "/v1/prisons/{code}/sections", "/sections/0/evidence/0/kind"),
        ("POST", "/v1/readiness/evaluate", "/ratings/1"),
        ("POST", "/v1/keys", "/role"),
        ("POST", "/v1/webhooks", "/kinds/0"),
    } <= seen


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_word_in_another_case_filters_as_itself(service: Service):
    for query, same in (("stage=Not_Started", "stage=not_started"), ("function=LOCAL", "function=local")):
        asked, wanted = service.get(f"/v1/prisons?{query}").json(), service.get(f"/v1/prisons?{same}").json()
        assert asked["items"] == wanted["items"] != []
    rated = service.patch("/v1/prisons/LWI/sections/5", {"rating": "red", "outcomes": {OUTCOME: "MET"}})
    assert rated.status_code == 200, rated.text
    assert rated.json()["rating"] == "RED"
    assert rated.json()["outcomes"] == {OUTCOME: "met"}
