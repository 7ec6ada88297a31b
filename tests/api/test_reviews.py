"""Reviews: what the region says of a section, the prison's answers, and what stays as it was."""

import json
from itertools import pairwise

import pytest
from sqlalchemy import text as text_of

from app.queries.prisons import read_any_prison
from app.queries.reviews import count_confirmed
from tests.support import factories
from tests.support.programme.drive import differences
from tests.support.service import Service, max_statements
from tests.support.service import differences as differences_of

SECTION = "/v1/prisons/LWI/sections/5"
REVIEWS = f"{SECTION}/reviews"
REGION = "region:south-east"
CHALLENGE = {"kind": "challenged", "text": "Where is the register kept?", "due_on": "2026-03-09"}


def reviewed(service: Service, body: object = None, path: str = REVIEWS) -> dict[str, object]:
    answer = service.post(path, body or CHALLENGE, by=REGION)
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_a_challenge_is_raised_answered_and_closed(service: Service):
    service.patch(SECTION, factories.rated(5))
    answer = service.post(REVIEWS, CHALLENGE, by=REGION)
    view = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{REVIEWS}/{view['id']}"
    said = {"section": 5, "version": 1, "rating": None, "recommendation": None, "by": REGION}
    unsaid = {"answer": None, "closed": None, "open": True, "overdue": False, "outdated": False}
    expected = {"id": view["id"], "prison": "LWI", "at": "2026-03-02T09:00:00.000001Z"} | CHALLENGE | said | unsaid
    assert view == expected
    read = service.get(answer.headers["location"])
    assert (read.json(), read.headers["etag"]) == (view, answer.headers["etag"])
    service.clock.tick()
    answered = service.post(f"{REVIEWS}/{view['id']}/answer", {"text": " In the wing office. "})
    told = {"text": "In the wing office.", "by": "prison:LWI", "at": "2026-03-02T09:01:00Z"}
    assert (answered.status_code, answered.json()) == (200, expected | {"answer": told})
    service.clock.tick()
    closed = service.post(f"{REVIEWS}/{view['id']}/close", {}, by=REGION)
    end = {"text": None, "by": REGION, "at": "2026-03-02T09:02:00Z"}
    assert closed.json() == expected | {"answer": told, "closed": end, "open": False}
    assert service.get(REVIEWS).json() == {"items": [closed.json()], "next_cursor": None}


@pytest.mark.parametrize("kind", ["remark", "confirmed", "CHALLENGED"])
@pytest.mark.parametrize("rating", [None, "red", "AMBER", "GREEN"])
def test_a_review_changes_nothing_of_the_prisons_own(service: Service, kind: str, rating: str | None):
    """A reviewer's own rating and recommendation stand beside the prison's."""
    service.patch(SECTION, factories.rated(5))
    before, history = service.get(SECTION).json(), service.get(f"{SECTION}/history").json()
    everything = service.get("/v1/prisons/LWI/sections").json()["items"]
    verdict = service.get("/v1/prisons/LWI/readiness").json()
    stored = service.fingerprints()
    service.clock.tick()
    view = reviewed(service, {"kind": kind, "text": "I would say so", "rating": rating, "recommendation": "Go on."})
    assert (view["kind"], view["recommendation"]) == (kind.lower(), "Go on.")
    assert view["rating"] == (rating.upper() if rating else None)
    count = int(kind == "CHALLENGED")
    told = before | {"open_challenges": count, "last_review": view}
    assert service.get(SECTION).json() == told
    assert service.get("/v1/prisons/LWI/sections").json()["items"] == [*everything[:4], told, *everything[5:]]
    assert service.get(f"{SECTION}/history").json() == history
    after = service.get("/v1/prisons/LWI/readiness").json()
    written = {"review", "review_event", "audit_entry", "audit_head", "change_event", "stored_verdict"}
    # How many challenges are open is counted in the prison's periods.
    assert set(differences_of(stored, service.fingerprints())) == written | ({"prison_period"} if count else set())
    changes = {name for name in after if after[name] != verdict[name]}
    assert changes == ({"warnings", "updated_at"} if count else set())


def test_an_open_challenge_is_a_warning_of_the_verdict_until_it_is_closed(service: Service):
    def warnings(**params: str) -> list[dict[str, object]]:
        found: list[dict[str, object]] = service.get("/v1/prisons/LWI/readiness", params=params).json()["warnings"]
        return found

    view = reviewed(service, {"kind": "challenged", "text": "Confidential doubts", "due_on": "2026-03-09"})
    (warning,) = warnings()
    assert warning == {
        "section": 5,
        "title": "Local Risk Register",
        "kind": "open_challenge",
        "detail": "The region challenged Local Risk Register on 2 March 2026: the prison is to answer by 9 March 2026.",
    }
    service.clock.tick()
    service.post(f"{REVIEWS}/{view['id']}/answer", {"text": "In the wing office"})
    (answered,) = warnings()
    assert "has answered" in str(answered["detail"])
    service.clock.tick()
    service.post(f"{REVIEWS}/{view['id']}/close", {}, by=REGION)
    assert warnings() == []
    assert warnings(as_of="2026-03-02T09:00:30Z") == [warning]
    assert warnings(as_of="2026-03-02T09:01:30Z") == [answered]
    assert warnings(as_of="2026-03-02T08:59:00Z") == []
    past = service.get("/v1/prisons/LWI/readiness", params={"as_of": "2026-03-02T09:01:30Z"}).json()
    assert past["updated_at"] == "2026-03-02T09:01:00Z"
    assert differences(service.database) == []


def test_a_section_tells_its_open_challenges_and_its_last_review_now_and_then(service: Service):
    first = reviewed(service)
    service.clock.tick()
    second = reviewed(service, CHALLENGE | {"text": "And who signs it out?"})
    service.clock.tick()
    answer = service.patch(SECTION, {"rating": "AMBER"}).json()
    assert (answer["open_challenges"], answer["last_review"]) == (2, second | {"outdated": True})
    section = service.get(SECTION).json()
    assert {name: answer[name] for name in section} == section
    assert service.get("/v1/prisons/LWI/sections").json()["items"][4] == section
    assert service.get("/v1/prisons/LWI/sections/6").json()["last_review"] is None
    then = service.get(SECTION, params={"as_of": "2026-03-02T09:00:30Z"}).json()
    assert (then["open_challenges"], then["last_review"]) == (1, first)
    before = service.get(SECTION, params={"as_of": "2026-03-02T08:59:00Z"}).json()
    assert (before["open_challenges"], before["last_review"]) == (0, None)


def test_a_later_answer_takes_the_place_of_the_first_and_the_trail_has_both(service: Service):
    address = f"{REVIEWS}/{reviewed(service)['id']}"
    for text in ("In the wing office", "In the pharmacy"):
        service.clock.tick()
        assert service.post(f"{address}/answer", {"text": text}).json()["answer"]["text"] == text
    service.clock.tick()
    service.post(f"{address}/close", {"text": "Seen"}, by=REGION)
    entries = service.get("/v1/audit?prison=LWI&limit=4").json()["items"]
    steps = ["review.closed", "review.answered", "review.answered", "review.added"]
    assert [one["action"] for one in entries] == steps
    assert [one["actor"]["role"] for one in entries] == ["region", "prison", "prison", "region"]
    assert {one["subject"] for one in entries} == {address}
    for newer, older in pairwise(entries):
        assert newer["before_digest"] == older["after_digest"]
    assert service.get("/v1/audit/verify", by="national").json()["intact"]
    with service.database.reading() as session:
        states = session.execute(text_of("SELECT state FROM review_event ORDER BY id")).scalars().all()
    told = [json.loads(one) if isinstance(one, str) else one for one in states]
    assert [one["answer"] and one["answer"]["text"] for one in told] == [
        *(None, "In the wing office", "In the pharmacy", "In the pharmacy")
    ]


def test_the_feed_tells_that_something_was_said_and_not_what(service: Service):
    after = service.get("/v1/events?limit=500").json()["next_cursor"]
    address = f"{REVIEWS}/{reviewed(service, CHALLENGE | {'rating': 'RED', 'recommendation': 'Buy a safe'})['id']}"
    service.post(f"{address}/answer", {"text": "In the wing office"})
    service.post(f"{address}/close", {"text": "Seen"}, by=REGION)
    answer = service.get("/v1/events", by="prison:MSI", params={"after": after})
    events = answer.json()["items"]
    assert [one["kind"] for one in events] == ["review.added", "review.answered", "review.closed"]
    assert {one["subject"] for one in events} == {address}
    contents = [one["content"] for one in events]
    assert [one["open"] for one in contents] == [True, True, False]
    told = {"section": 5, "version": 0, "kind": "challenged", "due_on": "2026-03-09", "stage": "not_started"}
    assert contents[0] == contents[0] | told
    for word in ("register", "Buy", "wing", "Seen", "RED"):
        assert word not in answer.text


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/kind"),
        ({"kind": "praised"}, "/kind"),
        ({"kind": "challenged"}, "/text"),
        ({"kind": "challenged", "text": None}, "/text"),
        ({"kind": "challenged", "text": " \n "}, "/text"),
        ({"kind": "challenged", "text": "x" * 5001}, "/text"),
        ({"kind": "challenged", "text": "Why?", "due_on": "2026-03-01"}, "/due_on"),
        ({"kind": "challenged", "text": "Why?", "due_on": "soon"}, "/due_on"),
        ({"kind": "remark", "due_on": "2026-03-09"}, "/due_on"),
        ({"kind": "confirmed", "due_on": "2026-03-09"}, "/due_on"),
        ({"kind": "confirmed", "rating": "PURPLE"}, "/rating"),
        ({"kind": "confirmed", "recommendation": ""}, "/recommendation"),
        ({"kind": "confirmed", "by": "Somebody else"}, "/by"),
    ],
)
def test_a_malformed_review_is_refused_at_its_field(untouched: Service, body: dict[str, object], pointer: str):
    answer = untouched.post(REVIEWS, body, by=REGION)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


def test_today_is_a_day_by_which_to_answer(service: Service):
    assert reviewed(service, CHALLENGE | {"due_on": "2026-03-02"})["overdue"] is False
    service.clock.set("2026-03-03T00:00:00Z")
    (late,) = service.get(REVIEWS).json()["items"]
    assert late["overdue"] is True


@pytest.mark.parametrize("step", ["answer", "close"])
def test_only_an_open_challenge_is_answered_and_closed(service: Service, step: str):
    by = "prison:LWI" if step == "answer" else REGION
    closed = reviewed(service)["id"]
    service.post(f"{REVIEWS}/{closed}/close", {}, by=REGION)
    remark, confirmed = (reviewed(service, {"kind": kind})["id"] for kind in ("remark", "confirmed"))
    with service.unchanged():
        for one, code in ((closed, "challenge-closed"), (remark, "not-a-challenge"), (confirmed, "not-a-challenge")):
            answer = service.post(f"{REVIEWS}/{one}/{step}", {"text": "Seen"}, by=by)
            assert (answer.status_code, answer.json()["code"]) == (409, code)


@pytest.mark.parametrize("body", [{}, {"text": None}, {"text": "  "}, {"text": 5}, {"text": "Here", "by": "me"}])
def test_an_answer_has_a_text_and_nothing_beside_it(service: Service, body: dict[str, object]):
    address = f"{REVIEWS}/{reviewed(service)['id']}/answer"
    with service.unchanged():
        assert service.post(address, body).status_code == 422


@pytest.mark.parametrize("by", ["prison:LWI", "national", "admin", "signatory:LWI:governor"])
def test_only_the_region_reviews_and_closes(service: Service, by: str):
    """A challenge by a prison is none, of its own section or of anybody's."""
    address = f"{REVIEWS}/{reviewed(service)['id']}"
    with service.unchanged():
        for path, body in ((REVIEWS, CHALLENGE), (f"{address}/close", {})):
            answer = service.post(path, body, by=by)
            assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")


@pytest.mark.parametrize("by", [REGION, "national", "admin", "signatory:LWI:governor"])
def test_only_the_prison_answers(service: Service, by: str):
    address = f"{REVIEWS}/{reviewed(service)['id']}/answer"
    with service.unchanged():
        answer = service.post(address, {"text": "In the wing office"}, by=by)
        assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")


def test_a_review_is_found_under_its_own_prison_and_section_alone(service: Service):
    one = reviewed(service)["id"]
    with service.unchanged():
        for path in ("/v1/prisons/MSI/sections/5", "/v1/prisons/LWI/sections/6", "/v1/prisons/LWI/sections/36"):
            for answer in (
                service.get(f"{path}/reviews/{one}", by=REGION),
                service.post(f"{path}/reviews/{one}/close", {}, by=REGION),
                service.post(f"{path}/reviews/{one}/answer", {"text": "Here"}, by=f"prison:{path[12:15]}"),
            ):
                assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), answer.url
        assert service.get(f"{REVIEWS}/{one}", by="prison:MSI").status_code == 403
        assert service.post(f"{REVIEWS}/nobody/close", {}, by=REGION).status_code == 404


@pytest.mark.parametrize("number", [0, 36])
def test_there_is_nothing_to_review_beyond_the_35_sections(untouched: Service, number: int):
    path = f"/v1/prisons/LWI/sections/{number}/reviews"
    assert untouched.post(path, CHALLENGE, by=REGION).status_code == 404
    assert untouched.get(path).status_code == 404
    assert untouched.get(f"{path}/nothing").status_code == 404


def test_what_has_changed_since_it_was_looked_at_is_not_reviewed(service: Service):
    etag = service.get(SECTION, by=REGION).headers["etag"]
    service.patch(SECTION, {"rating": "AMBER"})
    with service.unchanged():
        answer = service.post(REVIEWS, CHALLENGE, by=REGION, headers={"if-match": etag})
        assert (answer.status_code, answer.json()["code"]) == (412, "outdated-copy")
    etag = service.get(SECTION, by=REGION).headers["etag"]
    answer = service.post(REVIEWS, CHALLENGE, by=REGION, headers={"if-match": etag})
    assert (answer.status_code, answer.json()["version"]) == (201, 1)


def test_a_review_that_is_sent_twice_with_one_key_is_one(service: Service):
    headers = {"idempotency-key": "review-1"}
    first, again = (service.post(REVIEWS, CHALLENGE, by=REGION, headers=headers) for _ in range(2))
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert len(service.get(REVIEWS).json()["items"]) == 1
    other = service.post(REVIEWS, {"kind": "remark"}, by=REGION, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


@pytest.fixture
def said(service: Service) -> tuple[Service, dict[str, str]]:
    """Reviews at three prisons in two regions, and their ids by what they are."""
    service.patch("/v1/prisons/LWI/sections/1", {"rating": "AMBER"})
    bodies = {
        "overdue": ("LWI", 5, REGION, {"kind": "challenged", "text": "Where?", "due_on": "2026-03-03"}),
        "closed": ("LWI", 5, REGION, {"kind": "challenged", "text": "Who?"}),
        "outdated": ("LWI", 1, REGION, {"kind": "confirmed"}),
        "remark": ("MSI", 7, REGION, {"kind": "remark", "text": "Well kept"}),
        "london": ("BXI", 5, "region:london", {"kind": "challenged", "text": "When?", "due_on": "2026-03-30"}),
    }
    ids: dict[str, str] = {}
    for name, (code, number, by, body) in bodies.items():
        service.clock.tick()
        ids[name] = service.post(f"/v1/prisons/{code}/sections/{number}/reviews", body, by=by).json()["id"]
    service.post(f"{REVIEWS}/{ids['closed']}/close", {}, by=REGION)
    service.patch("/v1/prisons/LWI/sections/1", {"comment": "Moved on"})
    service.clock.set("2026-03-05T09:00:00Z")
    return service, ids


@pytest.mark.parametrize(
    ("by", "query", "expected"),
    [
        ("national", "", ["london", "remark", "outdated", "closed", "overdue"]),
        ("admin", "region=London", ["london"]),
        ("national", "region=south-east&open=true", ["overdue"]),
        ("national", "open=true", ["london", "overdue"]),
        ("national", "kind=Challenged&open=false", ["closed"]),
        ("national", "overdue=true", ["overdue"]),
        ("national", "overdue=false&kind=challenged", ["london", "closed"]),
        ("national", "outdated=true", ["outdated"]),
        ("national", "outdated=false&prison=lwi", ["closed", "overdue"]),
        (REGION, "", ["remark", "outdated", "closed", "overdue"]),
        (REGION, "region=south-east&prison=msi", ["remark"]),
        ("region:london", "", ["london"]),
        ("prison:LWI", "", ["outdated", "closed", "overdue"]),
        ("prison:MSI", "kind=challenged", []),
        ("signatory:LWI:governor", "prison=LWI", ["outdated", "closed", "overdue"]),
    ],
)
def test_reviews_are_listed_newest_first_within_the_scope(
    said: tuple[Service, dict[str, str]], by: str, query: str, expected: list[str]
):
    service, ids = said
    names = {identity: name for name, identity in ids.items()}
    with max_statements(service, 3):
        answer = service.get(f"/v1/reviews?{query}", by=by)
    assert [names[one["id"]] for one in answer.json()["items"]] == expected


def test_the_list_comes_in_pages(said: tuple[Service, dict[str, str]]):
    service, ids = said
    found, url = [], "/v1/reviews?limit=2"
    while url:
        page = service.get(url, by="national")
        found += [one["id"] for one in page.json()["items"]]
        url = page.links.get("next", {}).get("url", "")
    assert found == list(reversed(ids.values()))
    of_section = service.get(f"{REVIEWS}?limit=1").json()
    assert [one["id"] for one in of_section["items"]] == [ids["closed"]]
    rest = service.get(REVIEWS, params={"limit": 1, "cursor": of_section["next_cursor"]}).json()
    assert ([one["id"] for one in rest["items"]], rest["next_cursor"]) == ([ids["overdue"]], None)


@pytest.mark.parametrize(
    ("by", "query"),
    [
        (REGION, "region=london"),
        ("prison:LWI", "region=london"),
        (REGION, "prison=BXI"),
        ("prison:LWI", "prison=MSI"),
        ("signatory:LWI:governor", "prison=MSI"),
    ],
)
def test_a_list_of_what_is_out_of_scope_is_refused_and_not_empty(untouched: Service, by: str, query: str):
    answer = untouched.get(f"/v1/reviews?{query}", by=by)
    assert (answer.status_code, answer.json()["code"]) == (403, "out-of-scope")


def test_a_list_of_a_prison_that_is_not_registered_is_not_empty(untouched: Service):
    assert untouched.get("/v1/reviews?prison=QQQ", by="national").status_code == 404


@pytest.mark.parametrize("query", ["kind=praise", "open=perhaps", "regoin=london", "region=atlantis", "open=1&open=0"])
def test_a_filter_that_is_none_is_refused(untouched: Service, query: str):
    assert untouched.get(f"/v1/reviews?{query}", by="national").status_code == 422


def test_confirmations_count_for_the_version_that_was_confirmed(service: Service):
    def confirmed() -> int:
        with service.database.reading() as session:
            return count_confirmed(session, read_any_prison(session, "LWI").id)

    service.patch(SECTION, {"rating": "AMBER"})
    assert confirmed() == 0
    for _ in range(2):
        reviewed(service, {"kind": "confirmed"})
    reviewed(service, {"kind": "remark"}, "/v1/prisons/LWI/sections/6/reviews")
    reviewed(service, {"kind": "confirmed"}, "/v1/prisons/LWI/sections/7/reviews")
    service.post("/v1/prisons/MSI/sections/5/reviews", {"kind": "confirmed"}, by=REGION)
    assert confirmed() == 2
    service.patch(SECTION, {"comment": "Moved on"})
    assert confirmed() == 1


def test_what_is_said_of_a_prison_that_has_closed_stays_as_it_is(service: Service):
    one = reviewed(service)["id"]
    service.patch("/v1/prisons/LWI", {"closed_on": "2026-03-01"}, by="admin")
    with service.unchanged():
        for path, body, by in (
            (REVIEWS, {"kind": "remark"}, REGION),
            (f"{REVIEWS}/{one}/answer", {"text": "In the wing office"}, "prison:LWI"),
            (f"{REVIEWS}/{one}/close", {}, REGION),
        ):
            answer = service.post(path, body, by=by)
            assert (answer.status_code, answer.json()["code"]) == (409, "prison-closed")
    assert service.get(f"{REVIEWS}/{one}").json()["open"] is True


def test_a_webhook_can_ask_for_reviews_alone(service: Service):
    body = {"url": "https://example.org/idts", "description": "Reviews", "kinds": ["review.added", "review.closed"]}
    hook = service.post("/v1/webhooks", body, by=REGION).json()["webhook"]
    one = reviewed(service)["id"]
    service.patch(SECTION, {"rating": "AMBER"})
    service.post(f"{REVIEWS}/{one}/answer", {"text": "In the wing office"})
    service.post(f"{REVIEWS}/{one}/close", {}, by=REGION)
    deliveries = service.get(f"/v1/webhooks/{hook['id']}/deliveries", by=REGION).json()["items"]
    assert sorted(delivery["kind"] for delivery in deliveries) == ["review.added", "review.closed"]
