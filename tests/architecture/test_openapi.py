"""What the OpenAPI document promises to whoever generates a client from it: laws over the whole of it."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.http.openapi import operation_id, words
from app.http.problem_kinds import KINDS
from tests.support.openapi_file import openapi_now

ROOT = Path(__file__).resolve().parents[2]
Where = tuple[str, str, dict[str, Any]]
DESCRIBE = "describe it in app/http/words.yaml under"


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return openapi_now(tmp_path_factory.mktemp("app"))


def operations(document: dict[str, Any]) -> Iterator[Where]:
    for path, by_method in document["paths"].items():
        for method, operation in by_method.items():
            yield method, path, operation


def references(part: object) -> set[str]:
    return set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(part)))


def reached(document: dict[str, Any], names: set[str]) -> set[str]:
    """The schemas with these names, and all that they are made of."""
    found: set[str] = set()
    while new := names - found:
        found |= new
        names = set().union(*(references(document["components"]["schemas"][name]) for name in new))
    return found


def schema_objects(part: object, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in the document that describes values, and where it is."""
    if isinstance(part, dict):
        if {"type", "anyOf", "$ref", "enum"} & {name for name, one in part.items() if not isinstance(one, dict)}:
            yield at, part
        for name, one in part.items():
            if name not in ("example", "examples", "default"):
                yield from schema_objects(one, f"{at}/{name}")
    elif isinstance(part, list):
        for place, one in enumerate(part):
            yield from schema_objects(one, f"{at}/{place}")


def test_a_merge_patch_has_no_default_for_what_is_left_out(document):
    patches = [operation["requestBody"] for method, _, operation in operations(document) if method == "patch"]
    assert len(patches) >= 3
    for name in reached(document, references(patches)):
        for prop, schema in document["components"]["schemas"][name].get("properties", {}).items():
            assert "default" not in schema, f"a client would send {name}.{prop} without being told to"


def test_a_merge_patch_may_be_sent_under_its_own_media_type(document):
    for method, path, operation in operations(document):
        if method == "patch":
            assert set(operation["requestBody"]["content"]) == {"application/json", "application/merge-patch+json"}, (
                path
            )


def test_every_schema_has_a_name_of_its_own_that_is_one_word_in_every_language(document):
    for name, schema in document["components"]["schemas"].items():
        assert re.fullmatch(r"([A-Z][a-z0-9]+)+", name), (
            f"{name} is no name for a class. Two classes of one name, or one that is both sent and answered with, "
            "come out like this: rename one of them."
        )
        assert schema.get("title", name) == name
    assert "PrisonPage" in document["components"]["schemas"]
    assert not [name for name in document["components"]["schemas"] if "Page" in name and not name.endswith("Page")]


def test_only_a_schema_may_have_a_title_since_generators_take_it_for_a_name(document):
    assert [where for where, schema in schema_objects(document["paths"]) if "title" in schema] == []


def singular(collection: str) -> str:
    text = re.sub(r"ies$", "y", collection)
    return "".join(part.capitalize() for part in re.sub(r"s$", "", text).split("-"))


def test_an_operation_is_named_by_its_verb_and_what_its_path_names(document):
    named = Counter(operation["operationId"] for *_, operation in operations(document))
    assert named.most_common(1)[0][1] == 1
    for method, path, operation in operations(document):
        name = operation["operationId"]
        assert re.fullmatch(r"[a-z]+([A-Z][a-z0-9]*)+|[a-z]+", name), (path, name)
        # Whatever is followed by an id is named, from the outside in: prisons/{code}/sections/{number}, PrisonSection.
        things = [singular(one) for one in re.findall(r"/([a-z-]+)/\{", path)]
        assert re.search(".*".join(things), name), (
            f"{method} {path} is called {name}: write its summary as a verb and {' '.join(things)}, "
            'such as "Rate a prison\'s section" for ratePrisonSection'
        )


@pytest.mark.parametrize(
    ("summary", "name"),
    [
        ("Rate a prison's section", "ratePrisonSection"),
        ("List prisons", "listPrisons"),
        ("Download a statement as PDF", "downloadStatementAsPdf"),
        ("Confirm a statement's go-live", "confirmStatementGoLive"),
        ("Verify a statement by its QR code", "verifyStatementByQrCode"),
    ],
)
def test_the_name_of_an_operation_is_its_summary_without_articles(summary: str, name: str):
    assert operation_id(summary) == name


def test_a_summary_is_a_few_words_in_sentence_case(document):
    for method, path, operation in operations(document):
        summary = operation["summary"]
        assert re.fullmatch(r"[A-Z][a-z]+( [a-z][a-z'-]*| [A-Z]{2,5}\b)+", summary), (method, path, summary)
        assert len(summary) <= 60, summary


def test_every_property_is_described(document):
    for name, schema in document["components"]["schemas"].items():
        for prop, one in schema.get("properties", {}).items():
            assert is_said_well(one.get("description")), (
                f"{name}.{prop}: {DESCRIBE} `properties`, as `{prop}` where it means this everywhere, "
                f"else as `{name}.{prop}`"
            )


def test_every_parameter_is_described(document):
    for method, path, operation in operations(document):
        for one in operation.get("parameters", []):
            where = f"{method} {path} {one['name']}"
            assert is_said_well(one.get("description")), f"{where}: {DESCRIBE} `parameters`, or beside its type"


def test_every_schema_and_every_answer_is_described(document):
    for name, schema in document["components"]["schemas"].items():
        assert is_said_well(schema.get("description")), f"{name}: give its class a docstring in whole words"
    for method, path, operation in operations(document):
        for status, answer in operation["responses"].items():
            assert answer["description"] not in ("", "Successful Response"), (method, path, status)


def is_said_well(text: str | None) -> bool:
    return text is not None and re.fullmatch(r"[A-Z`0-9].*[.?!]\s*", text, re.DOTALL) is not None


# A text under one of these names would be one of a few words.
FEW_WORDS = re.compile(r"(status|stage|standing|function|rating|gender|kind|recommendation|rule|go_live_minimum)")


def test_what_can_be_one_of_a_few_words_says_which(document):
    open_ended = set(words()["open_ended"])
    for name, schema in document["components"]["schemas"].items():
        for prop, one in schema.get("properties", {}).items():
            if FEW_WORDS.fullmatch(prop) and f"{name}.{prop}" not in open_ended:
                kinds = [one, *one.get("anyOf", [])]
                assert not any(kind.get("type") == "string" and "enum" not in kind for kind in kinds), (
                    f"{name}.{prop} is any text: make it a StrEnum or a Literal, "
                    "or say in app/http/words.yaml which enumeration it is (or that it is open-ended)"
                )


def test_every_operation_says_who_may(document):
    for method, path, operation in operations(document):
        needs = re.findall(r"^Needs (.*)\.$", operation["description"], re.MULTILINE)
        assert len(needs) == 1, (method, path)
        assert (needs == ["no key"]) is ("security" not in operation), (method, path)
    described = document["paths"]["/v1/returns/{month}/freeze"]["post"]["description"]
    assert described.endswith("Needs a key of the role `national`, which may freeze a monthly return.")


def test_every_tag_is_declared_with_a_description(document):
    declared = {tag["name"]: tag["description"] for tag in document["tags"]}
    used = {tag for *_, operation in operations(document) for tag in operation["tags"]}
    assert set(declared) == used, f"{DESCRIBE} `tags`"
    assert all(map(is_said_well, declared.values()))


def test_the_document_says_where_the_service_is_whose_it_is_and_under_which_licence(document):
    assert document["servers"][0]["url"]
    assert document["info"]["contact"]["name"]
    assert document["info"]["license"]["name"]


def headers_of(operation: dict[str, Any], status: str) -> set[str]:
    return set(operation["responses"][status].get("headers", {}))


def asked(operation: dict[str, Any]) -> set[str]:
    return {one["name"] for one in operation.get("parameters", []) if one["in"] == "header"}


def test_the_number_of_a_section_is_from_1_to_35(document):
    for path, _, operation in operations(document):
        for one in operation.get("parameters", []):
            if one["name"] == "number":
                assert (one["schema"]["minimum"], one["schema"]["maximum"]) == (1, 35), path


def test_the_headers_of_requests_and_answers_are_declared(document):
    rate = document["paths"]["/v1/prisons/{code}/sections/{number}"]["patch"]
    assert {"If-Match", "Idempotency-Key", "Prefer"} <= asked(rate)
    assert headers_of(rate, "200") == {"ETag"}
    assert headers_of(rate, "204") == {"ETag", "Location", "Preference-Applied"}
    assert headers_of(rate, "429") == {"Retry-After"}
    prisons = document["paths"]["/v1/prisons"]
    assert headers_of(prisons["get"], "200") == {"ETag", "Link"}
    assert "If-None-Match" in asked(prisons["get"])
    assert headers_of(prisons["post"], "201") == {"ETag", "Location", "Preference-Applied"}
    for *_, operation in operations(document):
        for answer in operation["responses"].values():
            for name, header in answer.get("headers", {}).items():
                assert header["$ref"] == f"#/components/headers/{name}"
                assert document["components"]["headers"][name]["description"]


def test_every_problem_is_declared_with_its_codes(document):
    seen = set()
    for method, path, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status[0] in "45" and not path.startswith("/health"):
                assert list(answer["content"]) == ["application/problem+json"], (method, path, status)
                codes = answer.get("x-problem-codes")
                assert codes, (
                    f"{operation['operationId']} {status} declares no codes: "
                    "name them in app/http/words.yaml under `refusals`"
                )
                assert set(codes) <= set(KINDS), (method, path, status)
                assert all(f"`{code}`" in answer["description"] for code in codes)
                seen |= set(codes)
    # Met where the address or the method is none of the document's, or by those who start the service.
    assert set(KINDS) - seen == {"bad-request", "method-not-allowed", "database-missing", *OF_COMMANDS}


# Refusals that only commands make.
OF_COMMANDS = {"key-exists", "toolkit-version-exists"}


def test_every_operation_whose_refusals_are_listed_exists(document):
    assert set(words()["refusals"]) <= {operation["operationId"] for *_, operation in operations(document)}


def test_what_checks_the_document_is_pinned_whole_and_says_nothing_of_where_it_comes_from():
    packages = json.loads((ROOT / "tools" / "openapi" / "package-lock.json").read_text("utf-8"))["packages"]
    for name, package in packages.items():
        assert "resolved" not in package, f"{name}: take the address out of package-lock.json"
        assert not name or package["integrity"], name
    assert "node_modules/@stoplight/spectral-cli" in packages
