"""What is malformed or hostile is refused with a pointer, and nothing of it is stored."""

import base64
import json
from typing import Any

import pytest

from tests.support import factories
from tests.support.service import Service

LWI = "/v1/prisons/LWI"
FIVE = f"{LWI}/sections/5"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"rating": "PURPLE"}, "/rating"),
        ({"rating": None}, "/rating"),
        ({"rating": 2}, "/rating"),
        ({"rating": ["RED"]}, "/rating"),
        ({"colour": "RED"}, "/colour"),
        ({"number": 5}, "/number"),
        ({"version": 3}, "/version"),
        ({"exempt": True}, "/exempt"),
        ({"comment": "A" * 100_000}, "/comment"),
        ({"comment": "A" * 5_001}, "/comment"),
        ({"comment": "a\u0000b"}, "/comment"),
        ({"comment": "a\u0007b"}, "/comment"),
        ({"comment": 5}, "/comment"),
        ({"lead": "L" * 201}, "/lead"),
        ({"lead": "  "}, "/lead"),
        ({"lead": "A\nB"}, "/lead"),
        ({"target_date": "2026-02-30"}, "/target_date"),
        ({"target_date": "30/11/2026"}, "/target_date"),
        ({"target_date": "2026-11-30T00:00:00Z"}, "/target_date"),
        ({"target_date": 1796083200}, "/target_date"),
        ({"target_date": "0000-01-01"}, "/target_date"),
        ({"staff_in_post": -1}, "/staff_in_post"),
        ({"staff_in_post": 10_001}, "/staff_in_post"),
        ({"staff_in_post": 10**30}, "/staff_in_post"),
        ({"staff_in_post": 7.555}, "/staff_in_post"),
        ({"staff_in_post": 10_000.01}, "/staff_in_post"),
        ({"staff_in_post": "3"}, "/staff_in_post"),
        ({"staff_in_post": "7.5"}, "/staff_in_post"),
        ({"staff_in_post": [3]}, "/staff_in_post"),
        # Only sections 14 and 16 take staff: this is section 5.
        ({"staff_in_post": 3}, "/staff_in_post"),
        ({"rating": "AMBER", "staff_required": 4.5}, "/staff_required"),
        ({"staff_in_post": True}, "/staff_in_post"),
        ({"staff_required": 0}, "/staff_required"),
        ({"staff_required": -4}, "/staff_required"),
        ({"outcomes": {"no_such_outcome": "met"}}, "/outcomes/no_such_outcome"),
        ({"outcomes": {"risk_register_in_action_plan": "perhaps"}}, "/outcomes/risk_register_in_action_plan"),
        ({"outcomes": {"*": None}}, "/outcomes/*"),
        ({"outcomes": {"*": "met", "no_such_outcome": "met"}}, "/outcomes/no_such_outcome"),
        ({"outcomes": ["risk_register_in_action_plan"]}, "/outcomes"),
        ({"outcomes": {str(n): "met" for n in range(61)}}, "/outcomes"),
        ({"evidence": factories.note()}, "/evidence"),
        ({"evidence": [factories.note()] * 51}, "/evidence"),
        ({"evidence": [factories.note(), {"kind": "note"}]}, "/evidence/1/title"),
        ({"evidence": [{"title": "Minutes"}]}, "/evidence/0/kind"),
        ({"evidence": [{"kind": "rumour", "title": "Minutes"}]}, "/evidence/0/kind"),
        ({"evidence": [factories.note("")]}, "/evidence/0/title"),
        ({"evidence": [factories.note("T" * 301)]}, "/evidence/0/title"),
        ({"evidence": [factories.note(author="Me")]}, "/evidence/0/author"),
        ({"evidence": [factories.note(effective_on="2026-02-30")]}, "/evidence/0/effective_on"),
        ({"evidence": [factories.note(text="T" * 5_001)]}, "/evidence/0/text"),
        ({"evidence": [factories.note(text="Seen\u0000 by the governor")]}, "/evidence/0/text"),
    ],
)
def test_a_malformed_field_is_refused_with_its_pointer(untouched: Service, body: dict[str, Any], pointer: str):
    answer = untouched.patch(FIVE, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert answer.json()["errors"][0]["detail"]


def test_every_fault_of_a_body_is_named_at_once(untouched: Service):
    answer = untouched.patch(FIVE, {"rating": "PURPLE", "staff_required": 0, "colour": 1})
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"/rating", "/staff_required", "/colour"}


@pytest.mark.parametrize("number", ["0", "36", "-1", "2147483647"])
def test_there_are_35_sections(untouched: Service, number: str):
    for answer in (
        untouched.get(f"{LWI}/sections/{number}"),
        untouched.get(f"{LWI}/sections/{number}/history"),
        untouched.patch(f"{LWI}/sections/{number}", {"rating": "AMBER"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    "number",
    [
        *("five", "5.5", "1e1", "99999999999999999999", "5%20%20x"),
        *("+4", "%2B4", "%204", "4%20", "4%09", "4.0", "4_0", "4_", "%EF%BC%94", "0x4", "--4", "4%0A"),
    ],
)
def test_a_section_is_named_by_a_number(untouched: Service, number: str):
    for answer in (
        untouched.get(f"{LWI}/sections/{number}"),
        untouched.get(f"{LWI}/sections/{number}/history"),
        untouched.get(f"{LWI}/sections/{number}/evidence"),
        untouched.patch(f"{LWI}/sections/{number}", {"rating": "AMBER"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/prisons/LWI%2Fsections", "/v1/prisons/LWI/sections%2F4", "/v1/prisons/LWI%2fsections/4"),
        *("/v1/prisons/LWI/sections/%2F", "/v1/prisons/LWI/sections/%2F4", "/v1/prisons/LWI/sections/4%2F"),
        *("/v1%2Fprisons", "/v1/prisons/LWI%2Freadiness"),
    ],
)
def test_a_slash_that_is_written_in_code_does_not_part_an_address(untouched: Service, path: str):
    answer = untouched.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("path", ["/v1/webhooks/+1", "/v1/webhooks/1.0", "/v1/webhooks/1/deliveries/+1/replay"])
def test_other_ids_are_plain_numbers_too(untouched: Service, path: str):
    assert untouched.call("POST" if "replay" in path else "GET", path, by="admin").status_code == 422
    assert untouched.post("/v1/keys/+1/revoke", by="admin").status_code == 422


MALFORMED = [
    b"",
    b"{",
    b"{'rating': 'AMBER'}",
    b'{"rating": "AMBER"',
    b'{"rating": "AMBER"} {}',
    b'{"rating": "AMBER", "rating": "RED"}',
    b'{"evidence": [{"kind": "note", "title": "A", "title": "B"}]}',
    b'{"staff_in_post": NaN}',
    b'{"staff_in_post": Infinity}',
    b'{"staff_in_post": -Infinity}',
    b'{"comment": "\\ud800"}',
    b'{"\\udfff": 1}',
    b'{"comment": "\x00"}',
    b'\xff\xfe{"rating": "AMBER"}',
    b'{"comment": "\xc3"}',
    b'{"staff_in_post": ' + b"9" * 5000 + b"}",
    b'{"comment": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_what_is_not_one_json_text_is_refused(untouched: Service, body: bytes):
    answer = untouched.patch(FIVE, content=body, headers=JSON)
    assert (answer.status_code, answer.json()["type"]) in (
        (422, "/problems/malformed-json"),
        (422, "/problems/invalid-input"),
    )
    if body:
        assert answer.json()["code"] == "malformed-json"


@pytest.mark.parametrize("body", [[], None, "RED", 7, True])
def test_a_body_is_an_object(untouched: Service, body: object):
    answer = untouched.patch(FIVE, content=json.dumps(body), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")


@pytest.mark.parametrize(
    "media",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", "json", "", None],
)
def test_another_media_type_is_refused(untouched: Service, media: str | None):
    headers = {} if media is None else {"content-type": media}
    answer = untouched.patch(FIVE, content=b'{"rating": "AMBER"}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


@pytest.mark.parametrize("media", ["application/json; charset=utf-8", "application/merge-patch+json"])
def test_json_and_merge_patch_are_taken(service: Service, media: str):
    answer = service.patch(FIVE, content=b'{"rating": "AMBER"}', headers={"content-type": media})
    assert answer.status_code == 200


def test_a_body_over_the_limit_is_refused_however_it_is_sent(untouched: Service):
    body = json.dumps({"comment": "A" * 1_100_000}).encode()
    whole = untouched.patch(FIVE, content=body, headers=JSON)
    in_parts = untouched.patch(FIVE, content=iter([body[:700_000], body[700_000:]]), headers=JSON)
    for answer in (whole, in_parts):
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
        assert answer.headers["content-type"] == "application/problem+json"


HOSTILE_PATHS = [
    "/v1/prisons/L%00I",
    "/v1/prisons/L%00I/readiness",
    "/v1/prisons/%ED%A0%80/readiness",
    "/v1/prisons/%FF%FE/sections",
    "/v1/prisons/%F0%9F%94%92/readiness",
    "/v1/prisons/%C4%B1%C5%BF%C3%9F/readiness",
    "/v1/prisons/" + "A" * 5000,
    "/v1/prisons/' OR 1=1 --",
    "/v1/prisons/..%2F..%2Fetc%2Fpasswd",
    "/v1/prisons?q=%00",
    "/v1/prisons?q=%ED%A0%80",
    "/v1/prisons?region=%00",
    "/v1/prisons?region=%F0%9F%94%92",
    "/v1/prisons?limit=99999999999999999999999",
    "/v1/prisons?limit=1&limit=2",
    "/v1/prisons?cursor=%00",
    "/v1/prisons?cursor=" + "A" * 1001,
    "/v1/prisons?cursor=" + base64.urlsafe_b64encode(b"[" * 700).decode(),
    "/v1/toolkits/%00",
    "/v1/toolkits/" + "9" * 40,
    "/problems/%00",
    "/problems/<script>",
    LWI + "/readiness?as_of=%00",
    LWI + "/readiness?as_of=0001-01-01",
    LWI + "/readiness?as_of=9999-12-31",
    LWI + "/readiness?as_of=9999-12-31T23:59:59-23:59",
    LWI + "/readiness?as_of=0001-01-01T00:00:00%2B23:59",
    LWI + "/readiness?as_of=2026-W01-1",
    LWI + "/readiness?as_of=20260101",
    LWI + "/sections/5/history?cursor=e30",
    LWI + "/sections/5/history?limit=-1",
    "/v1/keys/99999999999999999999/revoke",
    "/static/..%2fdocs.js",
    "//v1/prisons",
]


@pytest.mark.parametrize("by", ["prison:LWI", "admin"])
def test_no_address_makes_the_service_fail(untouched: Service, by: str):
    for path in HOSTILE_PATHS:
        for method in ("GET", "PATCH", "POST", "DELETE"):
            more: dict[str, Any] = {} if method in ("GET", "DELETE") else {"json": {}}
            answer = untouched.call(method, path, by=by, **more)
            assert answer.status_code < 500, (method, path)
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json", (method, path)
                assert answer.json()["status"] == answer.status_code, (method, path)


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": b"Bearer \xff\xfe"},
        {"authorization": "Bearer " + "k" * 10_000},
        {"if-none-match": "W/"},
        {"if-none-match": '"' + "x" * 5000},
        {"accept": "\x7f"},
        {"accept-language": "xx;q=nan"},
        {"x-request-id": "../../etc/passwd"},
        {"x-request-id": "a" * 5000},
        {"content-length": "0"},
        {"range": "bytes=0-1"},
    ],
)
def test_no_header_makes_the_service_fail(untouched: Service, headers: dict[str, Any]):
    by = None if "authorization" in headers else "prison:LWI"
    answer = untouched.get(f"{LWI}/readiness", by=by, headers=headers)
    assert answer.status_code in (200, 401)
    assert len(answer.headers["x-request-id"]) <= 64
    assert "/" not in answer.headers["x-request-id"]


def forged(cursor: str, **changes: Any) -> str:
    """A cursor with another position under the same filters."""
    content = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    content["at"] |= changes
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("value", ["\u0000", "\ud800", "x", "", "' OR 1=1 --", "9" * 300, -1, 10**30, None, True, 1.5])
@pytest.mark.parametrize("sort", ["code", "blockers", "-updated"])
def test_a_forged_cursor_is_at_worst_refused(untouched: Service, sort: str, value: object):
    answer = untouched.get(f"/v1/prisons?limit=1&sort={sort}")
    cursor = answer.json()["next_cursor"]
    for name in json.loads(base64.urlsafe_b64decode(cursor + "=="))["at"]:
        again = untouched.get(f"/v1/prisons?limit=1&sort={sort}&cursor={forged(cursor, **{name: value})}")
        assert again.status_code in (200, 422), (name, value)


@pytest.mark.parametrize(
    "figure", ["7.499999999999999999", "7." + "4" * 60, "1e-400", "1e-99999999999999999999", "1e400"]
)
def test_staff_are_read_to_the_letter(service: Service, figure: str):
    body = f'{{"staff_in_post": {figure}, "staff_required": 10}}'
    headers = {"content-type": "application/json"}
    with service.unchanged():
        answer = service.call("PATCH", "/v1/prisons/LWI/sections/14", content=body, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/staff_in_post"), answer.text


def test_a_number_of_thousands_of_digits_is_refused_in_words_of_ours(service: Service):
    body, headers = f'{{"staff_in_post": {"7" * 5000}}}', {"content-type": "application/json"}
    answer = service.call("PATCH", "/v1/prisons/LWI/sections/14", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed-json")
    assert "has more than 1000 digits" in answer.text


@pytest.mark.parametrize("blank", [" ", "\u200b", "\u3164", " \u2060\n", ".", "--"])
def test_a_reason_that_says_nothing_is_refused(service: Service, blank: str):
    region = "region:south-east"
    item = service.post(f"{FIVE}/evidence", factories.note()).json()
    challenge = service.post(f"{FIVE}/reviews", {"kind": "challenged", "text": "Which risks?"}, by=region).json()
    asked = [
        ("POST", f"{FIVE}/reviews", {"kind": "challenged", "text": blank}, "/text", region),
        ("POST", f"{FIVE}/reviews/{challenge['id']}/answer", {"text": blank}, "/text", "prison:LWI"),
        ("PUT", f"{LWI}/sections/7/exemption", {"rationale": blank}, "/rationale", region),
        ("POST", f"{LWI}/evidence/{item['id']}/withdraw", {"reason": blank}, "/reason", "prison:LWI"),
        ("POST", f"{LWI}/readiness-meetings", {"not_held_reason": blank}, "/not_held_reason", "prison:LWI"),
    ]
    for method, path, body, pointer, by in asked:
        with service.unchanged():
            answer = service.call(method, path, by=by, json=body)
        assert answer.status_code == 422, (path, answer.text)
        assert answer.json()["errors"][0]["pointer"] == pointer
