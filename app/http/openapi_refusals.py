"""Which problems an operation can answer with: by what it takes, and by what its own rules refuse."""

from typing import Any

from app.http.schemas import problems

# What follows from a parameter: the status, and the code of the problem.
_OF_PARAMETERS = {
    "as_of": ((404, "not-yet-registered"), (422, "moment-in-future")),
    "cursor": ((422, "invalid-cursor"),),
    "after": ((422, "invalid-cursor"),),
    "Idempotency-Key": ((409, "request-in-flight"), (422, "idempotency-key-reused")),
    "If-Match": ((412, "outdated-copy"),),
}
_OF_BODIES = ((413, "body-too-large"), (415, "unsupported-media-type"), (422, "invalid-input"), (422, "malformed-json"))
_OF_KEYS = ((401, "unauthenticated"), (403, "role-not-allowed"), (403, "out-of-scope"))
_OF_DATABASES = ((503, "database-unavailable"), (503, "storage-unavailable"), (503, "schema-missing"))
_OF_WRITES = ((503, "clock-behind"), (503, "outcome-unknown"))


def declare_problems(path: str, method: str, operation: dict[str, Any], own: dict[int, list[str]]) -> None:
    """Add the problems to the answers of an operation; `own` has the codes of its own rules by status."""
    codes = _codes(path, method, operation)
    for own_status, more in own.items():
        codes.setdefault(own_status, []).extend(more)
    responses: dict[str, Any] = operation["responses"]
    for status, entry in problems(*sorted(codes)).items():
        # What a route declares itself stays; the framework's own 422 has another shape.
        if str(status) == "422" or str(status) not in responses:
            responses[str(status)] = entry
    for response, names in ((responses[str(status)], names) for status, names in codes.items()):
        if "application/problem+json" in response.get("content", {}):
            response["description"] += ": " + ", ".join(f"`{name}`" for name in names)
            response["x-problem-codes"] = names


def _codes(path: str, method: str, operation: dict[str, Any]) -> dict[int, list[str]]:
    pairs: list[tuple[int, str]] = [(422, "invalid-input"), (500, "internal-error")]
    if path.startswith("/v1/"):
        pairs += [(429, "too-many-requests"), *_OF_DATABASES]
    if "{" in path:
        pairs += [(404, "not-found")]
    if "security" in operation:
        pairs += _OF_KEYS
        pairs += _OF_WRITES if method != "get" else ()
    if "requestBody" in operation:
        pairs += _OF_BODIES
    if "406" in operation["responses"]:
        pairs += [(406, "not-acceptable")]
    for parameter in operation.get("parameters", []):
        pairs += _OF_PARAMETERS.get(parameter["name"], ())
    found: dict[int, list[str]] = {}
    for status, code in dict.fromkeys(pairs):
        found.setdefault(status, []).append(code)
    return found
