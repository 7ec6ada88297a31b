"""What is malformed is told in plain words of this service's own, whatever the field and whatever was sent."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, TypeAdapter, ValidationError

from app.http.malformed import PATTERNS, WORDS, in_words
from tests.support import factories
from tests.support.service import Service

FIVE = "/v1/prisons/LWI/sections/5"
# Of every kind, too short and too long, too small and too large; no field takes all of them.
STRANGE: tuple[Any, ...] = (
    *(None, True, "", "x", "?" * 20, "x" * 100_000, "\ud800", "a\0b", "A\nB", b"\xff", "2026-13-45", "2026-13"),
    *(0, -1, 7, 10**6, 10**30, "9" * 5000, 7.555, 1e300, float("inf"), float("nan")),
    *([], [None], [[]], ["x"], [""], ["?" * 20], [7] * 600, [7.5], ["x"] * 600, [{}]),
    *({}, {"x": None}, {"x": 5}, {"x": "?"}, {str(n): "met" for n in range(600)}, {"7": "PURPLE"}, {"": {}}),
)
# English of the validators' own.
FOREIGN = re.compile(r"input|should|valid (string|number|integer|list|dict)|character\(s\)|[{}]", re.IGNORECASE)


def fields_of(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    yield model.__name__, TypeAdapter(model)
    for name, field in model.model_fields.items():
        yield f"{model.__name__}.{name}", TypeAdapter(field.rebuild_annotation())
        yield from models_in(field.annotation)


def models_in(kind: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from fields_of(kind)
    for part in getattr(kind, "__args__", ()):
        yield from models_in(part)


def parameters_of(dependant: Any) -> Iterator[tuple[str, Any]]:
    for field in (*dependant.path_params, *dependant.query_params, *dependant.header_params):
        yield field.alias, field
    for one in dependant.dependencies:
        yield from parameters_of(one)


def inputs(service: Service) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """What bodies consist of, the bodies themselves, and the parameters of every address."""
    models: dict[str, Any] = {}
    bodies: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    for context in iter_route_contexts(service.app.routes):
        route: Any = context.original_route
        if hasattr(route, "dependant"):
            parameters |= {f"{route.path} {name}": field for name, field in parameters_of(route.dependant)}
            if route.body_field is not None:
                models |= dict(models_in(route.body_field.field_info.annotation))
                bodies[route.path] = route.body_field
    return models, bodies, parameters


def errors_of(service: Service) -> Iterator[tuple[str, Any]]:
    """Every fault that a field finds with something strange. What an address says is text."""
    models, bodies, parameters = inputs(service)
    for value in STRANGE:
        for name, adapter in models.items():
            try:
                adapter.validate_python(value)
            except ValidationError as refused:
                yield from ((name, error) for error in refused.errors())
        for name, field in (bodies | (parameters if isinstance(value, str) else {})).items():
            yield from ((name, error) for error in field.validate(value, {}, loc=())[1])


def test_whatever_is_sent_the_fault_is_told_in_words_of_our_own(service: Service):
    met: set[str] = set()
    foreign: dict[str, str] = {}
    for name, error in errors_of(service):
        met.add(error["type"])
        if error["type"] != "extra_forbidden" and FOREIGN.search(words := in_words(error)):
            foreign[f"{name}: {error['type']}"] = words
    assert not foreign
    assert len(met) > 15
    known = {*WORDS, "string_pattern_mismatch", "extra_forbidden", "too_short"}
    assert met == known, met ^ known


def test_every_pattern_that_a_caller_may_miss_has_its_words(service: Service):
    models, _, parameters = inputs(service)
    schemas = [one.json_schema() for one in models.values()]
    schemas += [TypeAdapter(field.field_info.annotation).json_schema() for field in parameters.values()]
    fields = str([field.field_info.metadata for field in parameters.values()]) + str(schemas)
    found = set(re.findall(r"'?pattern'?[:=] ?'([^']+)'", fields))
    assert {one.replace("\\\\", "\\") for one in found} == set(PATTERNS)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"ratign": "RED"},
            "there is no such field (did you mean rating?); known ones: accept_lapse, comment, evidence, ",
        ),
        ({"zzz": 1}, "there is no such field; known ones: accept_lapse, comment, evidence, "),
        ({"evidence": [factories.note(txet="x")]}, "there is no such field (did you mean text?); known ones: "),
        ({"rating": "PURPLE"}, "give RED, AMBER or GREEN"),
        ({"staff_in_post": 7.555}, "give a number with at most two decimals, such as 7.5"),
        ({"evidence": [{"kind": "note"}]}, "is missing: give it"),
        ({"comment": ""}, "is empty: write something"),
    ],
)
def test_a_fault_says_what_to_give_instead(untouched: Service, body: dict[str, Any], words: str):
    answer = untouched.patch(FIVE, body).json()
    (fault,) = answer["errors"]
    assert fault["detail"].startswith(words)
    assert answer["detail"].startswith(f"Correct {fault['pointer']}: {words}")


def test_an_item_of_evidence_names_its_known_fields(untouched: Service):
    answer = untouched.post("/v1/prisons/LWI/sections/5/evidence", {"kind": "note", "titel": "Seen"})
    assert "(did you mean title?); known ones: " in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/v1/returns/2026-1", "give a month as YYYY-MM, with .csv or .xlsx if you want a file"),
        ("/v1/prisons?region=london&region=london", "Correct ?region: give it once."),
        ("/v1/prisons?regoin=london", "Correct ?regoin: there is no such query parameter (did you mean region?)"),
        ("/v1/toolkit?x=1", "Correct ?x: there is no query parameter here."),
        ("/v1/prisons?open=perhaps", "Correct ?open: give true or false."),
        ("/v1/statements/verify?serial=SOR-1&digest=12", "give the 64 hexadecimal digits"),
    ],
)
def test_an_address_is_corrected_in_the_same_words(service: Service, path: str, words: str):
    answer = service.get(path, by="admin")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")
    assert words in answer.json()["detail"]
