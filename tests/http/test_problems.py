"""Errors, wherever they arise, have one shape (RFC 9457) and leak nothing."""

from pathlib import Path

import pytest
from sqlalchemy import text

from app.http.problem_kinds import KINDS
from tests.support import factories
from tests.support.service import Service, running, service_settings

LWI = "/v1/prisons/LWI"
JSON = {"content-type": "application/json"}

# How to meet each status, with the code that it comes under.
MEETINGS = [
    (401, "unauthenticated", "GET", LWI, None, {"authorization": "Bearer nobody"}),
    (403, "role-not-allowed", "PUT", f"{LWI}/sections/7/exemption", b'{"rationale": "x"}', {}),
    (403, "out-of-scope", "GET", "/v1/prisons/MSI/sections", None, {}),
    (404, "not-found", "GET", "/v1/prisons/XXX", None, {}),
    (404, "not-found", "GET", "/nowhere", None, {}),
    (404, "not-found", "GET", "/v1/prisons/", None, {}),
    (404, "not-yet-registered", "GET", f"{LWI}/readiness?as_of=2001-01-01", None, {}),
    (405, "method-not-allowed", "DELETE", LWI, None, {}),
    (405, "method-not-allowed", "PUT", f"{LWI}/readiness", b"{}", {}),
    (405, "method-not-allowed", "POST", "/health", None, {}),
    (409, "green-needs-outcomes", "PATCH", f"{LWI}/sections/5", b'{"rating": "GREEN"}', {}),
    (412, "outdated-copy", "PATCH", f"{LWI}/sections/5", b'{"rating": "AMBER"}', {"if-match": '"old"'}),
    (413, "body-too-large", "PATCH", f"{LWI}/sections/5", b" " * 1_100_000, {}),
    (415, "unsupported-media-type", "PATCH", f"{LWI}/sections/5", b"{}", {"content-type": "text/plain"}),
    (422, "invalid-input", "PATCH", f"{LWI}/sections/5", b'{"rating": "PURPLE"}', {}),
    (422, "malformed-json", "PATCH", f"{LWI}/sections/5", b"{", {}),
    (422, "moment-in-future", "GET", f"{LWI}/readiness?as_of=2030-01-01", None, {}),
    (422, "invalid-cursor", "GET", "/v1/prisons?cursor=x", None, {}),
]


@pytest.mark.parametrize(("status", "code", "method", "path", "body", "headers"), MEETINGS)
def test_every_refusal_is_a_problem_of_one_shape(
    untouched: Service, status: int, code: str, method: str, path: str, body: bytes | None, headers: dict[str, str]
):
    by = None if "authorization" in headers else "prison:LWI"
    content = {} if body is None else {"content": body}
    answer = untouched.call(method, path, by=by, headers=JSON | headers, **content)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"/problems/{code}")
    assert problem["title"] == KINDS[code].title
    assert problem["instance"] == path.partition("?")[0]
    assert problem["detail"].endswith(".") or status == 422
    assert problem["request_id"] == answer.headers["x-request-id"]
    for fault in problem.get("errors", []):
        assert set(fault) == {"pointer", "detail", "code"}
    assert untouched.get(problem["type"], by=None).status_code == 200


def test_405_says_which_methods_there_are(untouched: Service):
    allowed = untouched.delete(LWI).headers["allow"].replace(" ", "").split(",")
    assert {"GET", "PATCH"} <= set(allowed)


def test_a_pointer_is_escaped_as_rfc_6901_has_it(untouched: Service):
    answer = untouched.patch(f"{LWI}/sections/5", {"a/b~c": 1})
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/a~1b~0c"]


@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_kind_of_problem_is_explained_at_its_address(untouched: Service, code: str):
    page = untouched.get(f"/problems/{code}", by=None)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert KINDS[code].title in page.text.replace("&#x27;", "'")
    entry = untouched.get(f"/problems/{code}", by=None, headers={"accept": "application/json"}).json()
    assert (entry["code"], entry["type"]) == (code, f"/problems/{code}")


def test_a_kind_of_problem_that_there_is_not_is_a_problem(untouched: Service):
    answer = untouched.get("/problems/no-such-thing", by=None)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_an_error_inside_tells_its_request_id_and_nothing_of_the_inside(database_url: str, tmp_path: Path):
    """A row that no version of the service wrote, as after a hand on the database."""
    settings = service_settings(database_url, data_dir=tmp_path)
    with running(settings, raise_server_exceptions=False) as service:
        service.patch(f"{LWI}/sections/5", factories.rated(5))
        with service.database.session_scope() as session:
            session.execute(text("""UPDATE section_assessment SET outcomes = '{"secret-key": "secret-word"}'"""))
        for answer in (
            service.get(f"{LWI}/sections"),
            service.get(f"{LWI}/sections/5"),
            service.patch(f"{LWI}/sections/5", {"rating": "AMBER"}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["request_id"] == answer.headers["x-request-id"]
            assert "secret" not in answer.text
            assert "Traceback" not in answer.text
            assert answer.headers["x-content-type-options"] == "nosniff"
        assert service.get(f"{LWI}/readiness").status_code == 200


def test_a_safe_request_id_is_taken_over_and_any_other_is_replaced(untouched: Service):
    assert untouched.get("/health/ping", by=None, headers={"x-request-id": "trace-7.a"}).headers["x-request-id"] == (
        "trace-7.a"
    )
    for unsafe in ("a b", "<x>", "a" * 65, ""):
        given = untouched.get("/health/ping", by=None, headers={"x-request-id": unsafe}).headers["x-request-id"]
        assert given not in ("", unsafe)
