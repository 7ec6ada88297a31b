"""Who may do what: written by hand from the contract."""

import pytest

from tests.support import factories
from tests.support.service import Service

PRISON, REGION, NATIONAL, SIGNATORY, ADMIN = (
    "prison:LWI",
    "region:south-east",
    "national",
    "signatory:LWI:governor",
    "admin",
)
EVERYONE = (PRISON, REGION, NATIONAL, SIGNATORY, ADMIN)
LWI = "/v1/prisons/LWI"

# Method, path, body and who is allowed in their own scope; everybody else gets 403.
CALLS = [
    ("GET", "/v1/prisons", None, EVERYONE),
    ("GET", LWI, None, EVERYONE),
    ("GET", f"{LWI}/readiness", None, EVERYONE),
    ("GET", f"{LWI}/readiness?as_of=2026-03-01", None, EVERYONE),
    ("POST", "/v1/readiness/evaluate", {"prison": "LWI"}, EVERYONE),
    ("GET", f"{LWI}/sections", None, EVERYONE),
    ("GET", f"{LWI}/sections/5", None, EVERYONE),
    ("GET", f"{LWI}/sections/5/history", None, EVERYONE),
    ("PATCH", f"{LWI}/sections/5", {"rating": "AMBER"}, (PRISON,)),
    ("PATCH", f"{LWI}/sections/5", {"evidence": [factories.note()]}, (PRISON,)),
    ("PATCH", f"{LWI}/sections/5", {"comment": "Well done"}, (PRISON,)),
    ("POST", f"{LWI}/sections/5/reviews", {"kind": "remark"}, (REGION,)),
    ("POST", f"{LWI}/sections/5/reviews/none/answer", {"text": "In the wing office"}, (PRISON,)),
    ("POST", f"{LWI}/sections/5/reviews/none/close", {"text": "Seen"}, (REGION,)),
    ("GET", "/v1/reviews", None, EVERYONE),
    ("PATCH", f"{LWI}/sections", factories.several({5: "AMBER"}), (PRISON,)),
    ("PUT", f"{LWI}/sections/7/exemption", {"rationale": "None"}, (REGION,)),
    ("DELETE", f"{LWI}/sections/7/exemption", None, (REGION,)),
    ("POST", "/v1/prisons", factories.prison(), (ADMIN,)),
    ("PATCH", LWI, {"name": "HMP Lewes"}, (ADMIN,)),
    ("PATCH", LWI, {"toolkit_version": "2006-09.2"}, (REGION, ADMIN)),
    ("PATCH", LWI, {"function": "local"}, (REGION, ADMIN)),
    ("GET", "/v1/keys", None, (ADMIN,)),
    ("POST", "/v1/keys", {"name": "A key", "role": "national"}, (ADMIN,)),
    ("POST", "/v1/keys/1/revoke", None, (ADMIN,)),
]
OPEN_TO_ALL = (
    "/v1/toolkit",
    "/v1/toolkits",
    "/v1/toolkits/2006-09",
    "/health",
    "/health/ping",
    "/health/liveness",
    "/health/readiness",
    "/info",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/problems",
    "/problems/green-needs-evidence",
)


def label(call: tuple[str, str, object, object]) -> str:
    return f"{call[0]} {call[1]} {sorted(call[2]) if isinstance(call[2], dict) else ''}"


@pytest.mark.parametrize("call", [call for call in CALLS if call[3] != EVERYONE], ids=label)
def test_a_role_does_what_the_contract_gives_it_and_nothing_else(
    service: Service, call: tuple[str, str, dict[str, object] | None, tuple[str, ...]]
):
    method, path, body, allowed = call
    more = {"json": body} if body else {}
    with service.unchanged():
        for by in EVERYONE:
            if by not in allowed:
                answer = service.call(method, path, by=by, **more)
                assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed"), by
                assert answer.json()["detail"]
    for by in allowed:
        # 409 is past the gate: a local prison has nothing to exempt. So is 404: there is no such review.
        passed = (409,) if path.endswith("/exemption") else (404,) if "/none/" in path else (200, 201)
        assert service.call(method, path, by=by, **more).status_code in passed, by


@pytest.mark.parametrize("by", EVERYONE)
@pytest.mark.parametrize("call", [call for call in CALLS if call[3] == EVERYONE], ids=label)
def test_what_everyone_may_read_is_answered(
    untouched: Service, by: str, call: tuple[str, str, dict[str, object] | None, tuple[str, ...]]
):
    method, path, body, _ = call
    assert untouched.call(method, path, by=by, **({"json": body} if body else {})).status_code == 200


@pytest.mark.parametrize("call", CALLS, ids=label)
def test_without_a_known_key_nothing_is_done_or_told(
    untouched: Service, call: tuple[str, str, dict[str, object] | None, tuple[str, ...]]
):
    method, path, body, _ = call
    more = {"json": body} if body else {}
    for headers in (
        {},
        {"authorization": "Bearer"},
        {"authorization": "Bearer  "},
        {"authorization": "Basic YWRtaW46YWRtaW4="},
        {"authorization": "Bearer idts_nobody"},
    ):
        answer = untouched.call(method, path, by=None, headers=headers, **more)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), headers
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", OPEN_TO_ALL)
def test_health_docs_problem_pages_and_the_toolkit_need_no_key(untouched: Service, path: str):
    assert untouched.get(path, by=None).status_code == 200


@pytest.mark.parametrize("by", ["prison:MSI", "region:london", "signatory:LWI:governor"])
@pytest.mark.parametrize("path", ["", "/5", "/5/history", "?as_of=2026-03-01"])
def test_sections_are_read_in_scope_only(untouched: Service, by: str, path: str):
    code = "MSI" if by.startswith("signatory") else "LWI"
    answer = untouched.get(f"/v1/prisons/{code}/sections{path}", by=by)
    assert (answer.status_code, answer.json()["code"]) == (403, "out-of-scope")


def test_sections_are_written_in_scope_only(untouched: Service):
    for path, body in (("/5", {"comment": "Hello"}), ("", {"sections": [{"number": 5, "comment": "Hello"}]})):
        answer = untouched.patch(f"{LWI}/sections{path}", body, by="prison:MSI")
        assert (answer.status_code, answer.json()["code"]) == (403, "out-of-scope")


@pytest.mark.parametrize("by", ["prison:MSI", "region:london", "signatory:LWI:governor", "national"])
def test_the_verdict_on_any_prison_is_open_to_every_key(untouched: Service, by: str):
    for code in ("LWI", "MSI", "DMI"):
        assert untouched.get(f"/v1/prisons/{code}/readiness", by=by).status_code == 200
        assert untouched.get(f"/v1/prisons/{code}", by=by).status_code == 200


@pytest.mark.parametrize("body", [{"comment": "Fine"}, {"rating": "AMBER"}, {"evidence": [factories.note()]}, {}])
def test_a_regional_key_that_changes_a_section_is_told_to_review_it(untouched: Service, body: dict[str, object]):
    answer = untouched.patch(f"{LWI}/sections/5", body, by=REGION)
    assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")
    assert "POST /v1/prisons/{code}/sections/{number}/reviews" in answer.json()["detail"]
    assert "reviews" not in untouched.patch(f"{LWI}/sections/5", body, by=NATIONAL).json()["detail"]


def test_the_scheme_of_a_key_is_read_in_any_case(untouched: Service):
    headers = {"authorization": f"bearer {untouched.key(PRISON)}"}
    assert untouched.get(f"{LWI}/sections", by=None, headers=headers).status_code == 200
