"""Every problem that any test of the service meets is one that the OpenAPI document declares for that operation."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx2

FILE = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


@cache
def _operations() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """Each address of the document as it is kept; those that name more of their path come first."""
    paths: dict[str, Any] = json.loads(FILE.read_text("utf-8"))["paths"]
    in_order = sorted(paths.items(), key=lambda one: one[0].count("{"))
    return [(re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), operations) for path, operations in in_order]


def check_is_declared(method: str, answer: httpx2.Response) -> None:
    if not answer.headers.get("content-type", "").startswith("application/problem+json") or answer.status_code == 405:
        return
    operation = next((one for path, one in _operations() if path.fullmatch(answer.request.url.path)), {}).get(
        "get" if method == "HEAD" else method.lower()
    )
    if operation is None or not answer.content:
        return
    problem = answer.json()
    declared = operation["responses"].get(str(answer.status_code), {}).get("x-problem-codes", [])
    for code in {problem["code"], *(fault["code"] for fault in problem.get("errors", ()))}:
        assert code in declared, (
            f"{operation['operationId']} answers {answer.status_code} {code}, which docs/openapi.json does not "
            "declare: name it in app/http/words.yaml under `refusals` and run `make openapi`"
        )
