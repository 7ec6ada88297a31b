"""The examples of the OpenAPI document, made by the service: `make openapi` keeps them, and a test compares them."""

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from app.http.openapi import EXAMPLES
from tests.support import databases, factories
from tests.support.service import Service, running, service_settings
from tests.support.statements import make_signing_key, raising

Examples = dict[str, dict[str, Any]]
# What an AMBER section leaves to do.
PLAN = {
    "lead": "Head of healthcare",
    "target_date": "2026-06-30",
    "comment": "Terms of reference are with the governor.",
}
# What is different in each run, so that the file changes only where an answer does.
BY_CHANCE = (
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "2f1c7f0e-5b7a-4c55-9d0e-6f1b0a7c3d21"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "9b74c9897bac770ffc029102a200c5de8d1f0c3ab5d2bb2b0f6ac9c1d9b0e4a1"),
)


def record(service: Service) -> Examples:
    """Lewes on its way: what is sent and what comes back, by the names of the operations."""
    examples: Examples = {}

    def ask(name: str, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
        more["headers"] = {"x-request-id": "lewes-data-feed-17"}
        answer = service.call(method, path, **more, **({"json": body} if body is not None else {}))
        known = examples.setdefault(name, {})
        if body is not None and answer.is_success:
            known["request"] = body
        text = answer.text
        for pattern, constant in BY_CHANCE:
            text = pattern.sub(constant, text)
        known[str(answer.status_code)] = json.loads(text)
        found: dict[str, Any] = answer.json()
        return found

    make_signing_key(service)
    section = "/v1/prisons/LWI/sections/5"
    ask("ratePrisonSection", "PATCH", section, {"rating": "GREEN"})
    ask("ratePrisonSection", "PATCH", section, {"rating": "PURPLE"})
    ask("ratePrisonSection", "PATCH", section, {"rating": "AMBER", **PLAN})
    eligible = factories.go_live_eligible()["sections"]
    nearly = [one | (PLAN if one["rating"] == "AMBER" else {}) for one in eligible if one["number"] not in (5, 25)]
    assert service.patch("/v1/prisons/LWI/sections", {"sections": nearly}).status_code == 200
    ask("readPrisonVerdict", "GET", "/v1/prisons/LWI/readiness")
    ask("evaluateHypotheticalRatings", "POST", "/v1/readiness/evaluate", {"prison": "LWI", "changes": {"25": "AMBER"}})
    ask("listPrisons", "GET", "/v1/prisons?q=lewes")
    rest = [one | (PLAN if one["rating"] == "AMBER" else {}) for one in eligible if one["number"] in (5, 25)]
    assert service.patch("/v1/prisons/LWI/sections", {"sections": rest}).status_code == 200
    ask("raisePrisonStatement", "POST", "/v1/prisons/LWI/statements", raising())
    return examples


def written(examples: Examples) -> str:
    return json.dumps(examples, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as home,
        databases.fresh_copy("sqlite", Path(home)) as url,
        running(service_settings(url, data_dir=Path(home))) as service,
        capture_logs(),
    ):
        examples = record(service)
    EXAMPLES.write_text(written(examples), "utf-8")


if __name__ == "__main__":
    main()
