"""The OpenAPI document: what the framework makes of the routes, finished so that working clients come of it."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import TypeAdapter

from app.http.auth import requires
from app.http.openapi_refusals import declare_problems
from app.http.routing import JSON_TYPES, shows_once
from app.http.schemas import Problem
from app.rules.access import GRANTS, Permission, Role

CONTACT = {"name": "Whoever runs this service for the IDTS programme"}
LICENCE = {"name": "Open Government Licence v3.0", "identifier": "OGL-UK-3.0"}
# Where the document was read; a file of it names no machine.
SERVERS = [{"url": "/", "description": "The service that this document is of."}]
WRITES = ("post", "put", "patch", "delete")
# What the service itself answered, by operation and status; `request` is what was sent.
EXAMPLES = Path(__file__).with_name("examples.json")
_REFERENCE = "#/components/schemas/"

Schema = dict[str, Any]


@cache
def words() -> dict[str, dict[str, Any]]:
    """What each tag, header, parameter and property means; one word means one thing, so each is described once."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("words.yaml").read_text("utf-8"))
    return found


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1 of the whole service."""
    if app.openapi_schema is None:
        routes = [context.original_route for context in iter_route_contexts(app.routes)]
        used = {tag for route in routes if isinstance(route, APIRoute) for tag in route.tags}
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            openapi_version="3.1.0",
            tags=[{"name": name, "description": text} for name, text in words()["tags"].items() if name in used],
            servers=SERVERS,
            contact=CONTACT,
            license_info=LICENCE,
        )
        app.openapi_schema = _finished(document, _permissions_by_operation(app))
    return app.openapi_schema


def operation_id(summary: str) -> str:
    """The name of an operation in clients: its summary without articles, such as `ratePrisonSection`."""
    verb, *others = re.findall(r"[a-z0-9]+", summary.lower().replace("'s", ""))
    return str(verb) + "".join(word.capitalize() for word in others if word not in {"a", "an", "the", "its"})


def permissions_of(route: object) -> Iterator[Permission]:
    """The permissions that a route names: in its dependencies, or beside them for OpenAPI."""
    if isinstance(route, APIRoute):
        if named := (route.openapi_extra or {}).get("x-permission"):
            yield Permission(named)
        yield from _permissions_in(route.dependant)


def _permissions_in(dependant: Dependant) -> Iterator[Permission]:
    if isinstance(dependant.call, requires):
        yield dependant.call.permission
    for one in dependant.dependencies:
        yield from _permissions_in(one)


def _permissions_by_operation(app: FastAPI) -> dict[tuple[str, str], list[Permission]]:
    return {
        (str(context.path), method.lower()): list(dict.fromkeys(permissions_of(context.original_route)))
        for context in iter_route_contexts(app.routes)
        for method in context.methods or ()
    }


def _finished(document: dict[str, Any], permissions: dict[tuple[str, str], list[Permission]]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = TypeAdapter(Problem).json_schema(ref_template=_REFERENCE + "{model}")
    schemas |= problem.pop("$defs", {}) | {"Problem": problem}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    document = _with_named_pages(document)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["operationId"] = operation_id(operation["summary"])
            _say_who_may(operation, permissions[path, method])
            _describe_request(path, method, operation)
            _describe_answers(path, method, operation)
            _show_examples(operation)
    document["components"]["headers"] = {
        name: {"description": text, "schema": {"type": "string"}} for name, text in words()["headers"].items()
    }
    schemas = document["components"]["schemas"]
    _leave_out_titles(document)
    for name, schema in schemas.items():
        _describe_properties(name, schema)
    for name in _merge_patches(document):
        _leave_out_defaults(schemas[name])
    return document


def _say_who_may(operation: dict[str, Any], permissions: list[Permission]) -> None:
    for permission in permissions:
        able = [role for role in Role if permission in GRANTS[role]]
        roles = "any role" if len(able) == len(Role) else "the role " + " or ".join(f"`{role}`" for role in able)
        operation["description"] += f"\n\nNeeds a key of {roles}, which may {permission}."
    operation.pop("x-permission", None)
    if not permissions:
        operation["description"] += "\n\nNeeds no key."


def _describe_request(path: str, method: str, operation: dict[str, Any]) -> None:
    parameters: list[Any] = operation.setdefault("parameters", [])
    if method in WRITES and not shows_once(path):
        parameters.append(_header("prefer", {"type": "string", "examples": ["return=minimal"]}))
    if method == "get" and path.startswith("/v1/"):
        parameters.append(_header("if-none-match", {"type": "string", "maxLength": 2000}))
    for parameter in parameters:
        if parameter["name"] in words()["parameters"]:
            parameter.setdefault("description", words()["parameters"][parameter["name"]])
        # Some generators of clients look for it here.
        parameter["schema"].setdefault("description", parameter.get("description", ""))
        if parameter["in"] == "header":
            parameter["name"] = "-".join(part.capitalize() for part in parameter["name"].split("-"))
    content = operation.get("requestBody", {}).get("content", {})
    if method == "patch":
        content |= dict.fromkeys(JSON_TYPES, content["application/json"])


def _header(name: str, schema: Schema) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "schema": schema}


def _describe_answers(path: str, method: str, operation: dict[str, Any]) -> None:
    responses: dict[str, Any] = operation["responses"]
    declare_problems(path, method, operation, words()["refusals"].get(operation["operationId"], {}))
    if method == "get" and path.startswith("/v1/"):
        responses.setdefault("304", {"description": "Your copy is up to date (If-None-Match)"})
    if method in WRITES and not shows_once(path):
        responses.setdefault("204", {"description": "Done; the body was left out (Prefer: return=minimal)"})
    for status, response in responses.items():
        if response["description"] == "Successful Response":
            response["description"] = "As asked" if method == "get" else _DONE[status]
        names = _headers_of(path, method, status, response)
        if names:
            response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    operation["responses"] = dict(sorted(responses.items()))


_DONE = {"200": "Done: this is how it stands now", "201": "Made: this is it", "202": "Taken on: this is how it stands"}


def _headers_of(path: str, method: str, status: str, response: dict[str, Any]) -> list[str]:
    if status == "401":
        return ["WWW-Authenticate"]
    if status in ("429", "503"):
        return ["Retry-After"]
    is_whole = status in ("200", "201", "202")
    found = ["ETag"] if path.startswith("/v1/") and (is_whole or status in ("204", "304")) else []
    if method in WRITES and status in ("201", "204"):
        found += ["Location", "Preference-Applied"]
    if is_whole and "Page" in str(response.get("content", {}).get("application/json", {}).get("schema", {})):
        found += ["Link"]
    return found


def _with_named_pages(document: dict[str, Any]) -> dict[str, Any]:
    """A copy of the document, with `PrisonPage` for what the framework calls `Page_PrisonView_`."""
    schemas = document["components"]["schemas"]
    pages = {name: re.sub(r"Page_(\w+?)(View)?_", r"\1Page", name) for name in schemas if name.startswith("Page_")}
    document["components"]["schemas"] = {pages.get(name, name): schema for name, schema in schemas.items()}
    text = json.dumps(document)
    for name, page in pages.items():
        text = text.replace(f'"{_REFERENCE}{name}"', f'"{_REFERENCE}{page}"')
    named: dict[str, Any] = json.loads(text)
    return named


def _show_examples(operation: dict[str, Any]) -> None:
    for part, example in _examples().get(operation["operationId"], {}).items():
        content = (operation["requestBody"] if part == "request" else operation["responses"][part])["content"]
        for media_type in content:
            content[media_type] = content[media_type] | {"example": example}


@cache
def _examples() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(EXAMPLES.read_text("utf-8"))
    return found


_NOT_SCHEMAS = {"example", "examples", "default", "const", "enum"}


def _leave_out_titles(part: Any) -> None:
    """Titles that the framework makes of names: client generators take them for names, and then meet some twice."""
    members = part.items() if isinstance(part, dict) else enumerate(part)
    for one in [one for name, one in members if isinstance(one, dict | list) and name not in _NOT_SCHEMAS]:
        if isinstance(one, dict) and {"type", "anyOf", "$ref"} & one.keys() and isinstance(one.get("title"), str):
            del one["title"]
        _leave_out_titles(one)


def _describe_properties(schema_name: str, schema: Schema) -> None:
    for name, prop in schema.get("properties", {}).items():
        keys = (f"{schema_name}.{name}", name)
        enumeration = next((words()["enumerations"][key] for key in keys if key in words()["enumerations"]), None)
        if enumeration:
            _type_as(prop, enumeration)
        text = next((words()["properties"][key] for key in keys if key in words()["properties"]), None)
        if text:
            prop.setdefault("description", text)


def _type_as(schema: Schema, enumeration: str) -> None:
    """Let a plain text be a value of the enumeration."""
    if schema.get("type") == "string":
        schema.pop("type")
        schema["$ref"] = _REFERENCE + enumeration
    for one in schema.get("anyOf", ()):
        _type_as(one, enumeration)


def _merge_patches(document: dict[str, Any]) -> set[str]:
    """The schemas of what a PATCH sends: what is left out of it stays, so nothing in it has a default."""
    schemas, waiting = document["components"]["schemas"], []
    for operations in document["paths"].values():
        waiting += _references(operations.get("patch", {}).get("requestBody", {}))
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(schemas[name])
    return found


def _references(part: object) -> list[str]:
    return re.findall(rf'"{_REFERENCE}([^"]+)"', json.dumps(part))


def _leave_out_defaults(schema: Schema) -> None:
    for prop in schema.get("properties", {}).values():
        prop.pop("default", None)
