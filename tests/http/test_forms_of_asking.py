"""How a request may be put: HEAD, OPTIONS, CORS, queries to the letter, a byte order mark, Prefer, gzip."""

import gzip
import json
from http.client import HTTPConnection

import pytest
from fastapi.routing import iter_route_contexts

from tests.support.live import live
from tests.support.service import ADMIN_KEY, Service, running, service_settings


@pytest.mark.parametrize(
    "path",
    [
        "/v1/prisons/LWI/readiness",
        "/v1/prisons/LWI/sections",
        "/v1/toolkit",
        "/v1/returns/2026-02.csv",
        "/health",
        "/docs",
    ],
)
def test_head_answers_as_get_does_without_the_body(service: Service, path: str):
    get, head = service.get(path, by="admin"), service.call("HEAD", path, by="admin")
    assert (head.status_code, head.content) == (get.status_code, b"")
    for name in ("etag", "content-type", "content-length"):
        assert head.headers.get(name) == get.headers.get(name), name


def test_head_is_refused_as_get_is(service: Service):
    assert service.call("HEAD", "/v1/prisons/XXX/readiness", by="admin").status_code == 404
    assert service.call("HEAD", "/v1/prisons/LWI/readiness", by=None).status_code == 401
    assert service.call("HEAD", "/v1/readiness/evaluate", by="admin").status_code == 405


def test_a_connection_goes_on_after_a_head(service: Service, caplog: pytest.LogCaptureFixture):
    with live(service.app) as port:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        connection.connect()
        first = connection.sock
        for method in ("HEAD", "GET", "HEAD"):
            connection.request(method, "/v1/toolkit", headers={"Authorization": f"Bearer {ADMIN_KEY}"})
            answer = connection.getresponse()
            assert (answer.status, bool(answer.read())) == (200, method == "GET")
            assert connection.sock is first
        connection.close()
    assert not [one for one in caplog.records if one.exc_info]
    assert 'method="HEAD",route="/v1/toolkit"' in service.get("/metrics", by="admin").text


def test_head_of_a_stream_ends(database_url: str):
    with running(service_settings(database_url, event_stream_seconds=60.0)) as service:
        answer = service.call("HEAD", "/v1/events/stream", by="admin")
        assert (answer.status_code, answer.content) == (200, b"")


def test_options_tells_the_methods_of_an_address(service: Service):
    answer = service.call("OPTIONS", "/v1/prisons/LWI/sections/7", by=None)
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS, PATCH")
    assert "application/merge-patch+json" in answer.headers["accept-patch"]
    assert "accept-patch" not in service.call("OPTIONS", "/v1/prisons", by=None).headers
    assert service.call("OPTIONS", "/v1/nowhere", by=None).status_code == 404


def test_no_origin_may_call_from_a_browser_unless_it_is_named(service: Service):
    answer = service.get("/v1/toolkit", by="admin", headers={"Origin": "https://example.org"})
    assert "access-control-allow-origin" not in answer.headers


def test_a_named_origin_may_call_from_a_browser(database_url: str):
    with running(service_settings(database_url, cors_origins="https://example.org, https://b.example")) as service:
        asked = {"Origin": "https://b.example", "Access-Control-Request-Method": "PATCH"}
        asked["Access-Control-Request-Headers"] = "authorization,content-type,if-match"
        preflight = service.call("OPTIONS", "/v1/prisons/LWI/sections/7", by=None, headers=asked)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://b.example"
        assert "PATCH" in preflight.headers["access-control-allow-methods"]
        answer = service.get("/v1/toolkit", by="admin", headers={"Origin": "https://b.example"})
        assert answer.headers["access-control-allow-origin"] == "https://b.example"
        assert "ETag" in answer.headers["access-control-expose-headers"]
        refused = service.get("/v1/regions", by=None, headers={"Origin": "https://b.example"})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "https://b.example")
        stranger = service.get("/v1/toolkit", by="admin", headers={"Origin": "https://c.example"})
        assert "access-control-allow-origin" not in stranger.headers


@pytest.mark.parametrize(
    "origins", ["*", "example.org", "https://example.org/path", "https://a.example,ftp://b.example"]
)
def test_an_origin_is_a_scheme_and_a_host(database_url: str, origins: str):
    with (
        pytest.raises(ValueError, match="give origins such as"),
        running(service_settings(database_url, cors_origins=origins)),
    ):
        pass


@pytest.mark.parametrize(
    ("path", "pointer", "known"),
    [
        ("/v1/dashboard?regoin=london", "?regoin", "as_of"),
        ("/v1/prisons?regoin=london", "?regoin", "region"),
        ("/v1/prisons/LWI/readiness?as-of=2026-03-01", "?as-of", "as_of"),
    ],
)
def test_a_query_parameter_that_is_not_known_is_refused_with_those_that_are(service: Service, path, pointer, known):
    answer = service.get(path, by="admin")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == pointer
    assert known in fault["detail"].partition("known ones:")[2]


def test_a_single_query_parameter_given_twice_is_refused(service: Service):
    answer = service.get("/v1/prisons?region=london&region=south-east", by="admin")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "?region")


def test_a_query_parameter_that_takes_several_values_takes_them(service: Service):
    answer = service.get("/v1/events?kind=section.rated&kind=statement.raised", by="admin")
    assert answer.status_code == 200


def test_every_route_refuses_a_parameter_that_it_does_not_know(service: Service):
    walked = 0
    for route in iter_route_contexts(service.app.routes):
        if "GET" not in (route.methods or ()) or route.path in ("/openapi.json", "/v1/events/stream"):
            continue
        walked += 1
        path = str(route.path).replace("{code}", "LWI").replace("{number}", "7").replace("{month}", "2026-02")
        answer = service.get(f"{path}?regoin=1".replace("{slug}", "london"), by="admin")
        assert answer.status_code == 422, (path, answer.status_code)
        assert any(fault["pointer"] == "?regoin" for fault in answer.json()["errors"]), path
    assert walked > 30


def test_a_byte_order_mark_before_json_is_skipped(service: Service):
    body = b"\xef\xbb\xbf" + json.dumps({"comment": "From a spreadsheet."}).encode()
    answer = service.call(
        "PATCH",
        "/v1/prisons/LWI/sections/7",
        by="prison:LWI",
        content=body,
        headers={"content-type": "application/json"},
    )
    assert (answer.status_code, answer.json()["comment"]) == (200, "From a spreadsheet.")


def test_the_root_leads_to_the_documentation(service: Service):
    answer = service.call("GET", "/", by=None, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, "/docs")


def test_a_write_may_be_answered_without_its_body(service: Service):
    path = "/v1/prisons/LWI/sections/7"
    answer = service.call(
        "PATCH", path, by="prison:LWI", json={"comment": "One."}, headers={"Prefer": "return=minimal"}
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["preference-applied"] == "return=minimal"
    assert answer.headers["etag"] == service.get(path, by="prison:LWI").headers["etag"]
    refused = service.call(
        "PATCH", path, by="prison:LWI", json={"rating": "GREEN"}, headers={"Prefer": "return=minimal"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "green-needs-outcomes")


def test_a_key_is_shown_whatever_the_caller_prefers(service: Service):
    body = {"name": "National team", "role": "national"}
    answer = service.call("POST", "/v1/keys", by="admin", json=body, headers={"Prefer": "return=minimal"})
    assert (answer.status_code, bool(answer.json()["key"])) == (201, True)


def test_a_read_is_answered_whole_whatever_the_caller_prefers(service: Service):
    answer = service.get("/v1/toolkit", by="admin", headers={"Prefer": "return=minimal"})
    assert (answer.status_code, len(answer.json()["sections"])) == (200, 35)


def test_bodies_over_a_kilobyte_are_compressed_where_asked_for(service: Service):
    path, plain = "/v1/prisons/LWI/readiness", {"Accept-Encoding": "identity"}
    whole = service.get(path, by="admin", headers=plain)
    assert "content-encoding" not in whole.headers
    zipped = service.get(path, by="admin", headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in zipped.headers["vary"]
    assert zipped.json() == whole.json()
    assert int(zipped.headers["content-length"]) < len(whole.content) / 3
    # The ETag names what is said, in whichever coding it travels: a copy got one way is current the other way.
    assert zipped.headers["etag"] == whole.headers["etag"]


@pytest.mark.parametrize("weight", ["gzip;q=0", "br, gzip; q=0.0, identity"])
def test_a_coding_of_no_weight_is_not_used(service: Service, weight: str):
    answer = service.get("/v1/prisons/LWI/readiness", by="admin", headers={"Accept-Encoding": weight})
    assert (answer.status_code, "content-encoding" in answer.headers) == (200, False)


def test_a_code_is_read_in_ascii(service: Service):
    assert service.get("/v1/prisons/lw%C4%B1", by="admin").status_code == 422


def test_a_short_body_is_sent_as_it_is(service: Service):
    answer = service.get("/health/ping", by=None, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert gzip.compress(b"x" * 2000) != answer.content
