"""The history of sections, and how things stood at a past moment."""

from datetime import datetime

import pytest

from tests.support import factories
from tests.support.service import Service

pytestmark = pytest.mark.also_behind_a_standby

LWI = "/v1/prisons/LWI"
FIVE = f"{LWI}/sections/5"


def rating_at(service: Service, moment: str) -> str:
    rating: str = service.get(FIVE, params={"as_of": moment}).json()["rating"]
    assert service.get(f"{LWI}/sections", params={"as_of": moment}).json()["items"][4]["rating"] == rating
    reds = service.get(f"{LWI}/readiness", params={"as_of": moment}).json()["counts"]["red"]
    assert reds == (35 if rating == "RED" else 34)
    return rating


def test_every_change_is_in_the_history_newest_first_with_who_when_from_and_to(service: Service):
    service.patch(FIVE, {"rating": "AMBER", "comment": "Begun"})
    service.clock.tick()
    service.patch(FIVE, {"comment": "Going well"}, headers={"x-request-id": "trace-7"})
    newest, oldest = service.get(f"{FIVE}/history").json()["items"]
    assert (newest["version"], oldest["version"]) == (2, 1)
    assert oldest["changes"] == [
        {"field": "rating", "from": "RED", "to": "AMBER"},
        {"field": "comment", "from": None, "to": "Begun"},
    ]
    assert newest["changes"] == [{"field": "comment", "from": "Begun", "to": "Going well"}]
    assert (oldest["by"]["name"], oldest["by"]["role"]) == ("prison:LWI", "prison")
    assert newest["by"] == oldest["by"]
    assert (oldest["at"], newest["at"]) == ("2026-03-02T09:00:00Z", "2026-03-02T09:01:00Z")
    assert (newest["rating"], newest["comment"], newest["request_id"]) == ("AMBER", "Going well", "trace-7")


def test_a_section_never_touched_has_an_empty_history(untouched: Service):
    assert untouched.get(f"{FIVE}/history").json() == {"items": [], "next_cursor": None}


def test_the_history_comes_in_pages(service: Service):
    for place in range(5):
        service.patch(FIVE, {"comment": f"Word {place}"})
    first = service.get(f"{FIVE}/history?limit=2")
    assert [one["version"] for one in first.json()["items"]] == [5, 4]
    second = service.get(first.links["next"]["url"])
    assert [one["version"] for one in second.json()["items"]] == [3, 2]
    third = service.get(f"{FIVE}/history", params={"limit": 2, "cursor": second.json()["next_cursor"]})
    assert [one["version"] for one in third.json()["items"]] == [1]
    assert third.json()["next_cursor"] is None


def test_changes_at_one_moment_keep_their_order(service: Service):
    for place in range(3):
        service.patch(FIVE, {"comment": f"Word {place}"})
    moments = [datetime.fromisoformat(one["at"]) for one in service.get(f"{FIVE}/history").json()["items"]]
    assert moments == sorted(set(moments), reverse=True)


def test_a_past_moment_is_answered_to_the_microsecond(service: Service):
    service.clock.set("2026-03-03T10:00:00Z")
    service.patch(FIVE, {"rating": "AMBER"})
    assert rating_at(service, "2026-03-03T09:59:59.999999Z") == "RED"
    assert rating_at(service, "2026-03-03T10:00:00Z") == "AMBER"
    assert rating_at(service, "2026-03-03T11:00:00+01:00") == "AMBER"
    assert rating_at(service, "2026-03-03T10:59:59+01:00") == "RED"


def test_a_winter_day_ends_at_midnight_utc(service: Service):
    service.clock.set("2026-03-03T23:59:59Z")
    service.patch(FIVE, {"rating": "AMBER"})
    service.clock.set("2026-03-04T00:00:00Z")
    service.patch(FIVE, factories.rated(5))
    assert rating_at(service, "2026-03-02") == "RED"
    assert rating_at(service, "2026-03-03") == "AMBER"
    assert rating_at(service, "2026-03-04") == "GREEN"


def test_a_summer_day_ends_an_hour_before_midnight_utc(service: Service):
    service.clock.set("2026-07-01T22:59:59Z")
    service.patch(FIVE, {"rating": "AMBER"})
    service.clock.set("2026-07-01T23:00:00Z")
    service.patch(FIVE, factories.rated(5))
    assert rating_at(service, "2026-06-30") == "RED"
    assert rating_at(service, "2026-07-01") == "AMBER"
    assert rating_at(service, "2026-07-02") == "GREEN"
    verdict = service.get(f"{LWI}/readiness?as_of=2026-07-01").json()
    assert verdict["as_of"] == "2026-07-01T22:59:59.999999Z"


def test_the_day_on_which_the_clocks_go_forward_ends_in_summer_time(service: Service):
    service.clock.set("2026-03-29T22:59:59Z")
    service.patch(FIVE, {"rating": "AMBER"})
    service.clock.set("2026-03-29T23:00:00Z")
    service.patch(FIVE, factories.rated(5))
    assert rating_at(service, "2026-03-28") == "RED"
    assert rating_at(service, "2026-03-29") == "AMBER"


def test_today_in_london_is_not_the_future_even_when_it_is_tomorrow_in_utc(untouched: Service):
    untouched.clock.set("2026-07-01T23:30:00Z")
    assert untouched.get(f"{LWI}/readiness?as_of=2026-07-02").status_code == 200
    assert untouched.get(f"{LWI}/readiness?as_of=2026-07-03").status_code == 422


# Some of these are ISO 8601 in another of its forms; a moment is written in one.
NO_MOMENTS = (
    *("20260301", "2026-W09-7", "2026W097", "2026-060", "2026-3-1", "+2026-03-01", "2026-03-01 "),
    *("2026-03-01 09:00:00Z", "2026-03-01x09:00:00Z", "2026-03-01T09:00Z", "2026-03-01T09Z", "20260301T090000Z"),
    *("2026-03-01T09:00:00+00", "2026-03-01T09:00:00+0000", "2026-03-01T09:00:00+00:00:00"),
    *("2026-03-01T09:00:00,5Z", "2026-03-01T09:00:00.Z", "2026-03-01T24:00:00Z", "2026-03-01T09:00:60Z"),
    *("2026-03-01T09:00:00 Z", "2026-03-01T09:00:00+25:00", "\u0662\u0660\u0662\u0666-03-01"),
)
MOMENTS = (
    *("2026-03-01T09:00:00+00:00", "2026-03-01T09:00:00-00:00", "2026-03-01t09:00:00z", "2026-03-01T10:00:00+01:00"),
    *("2026-03-01T09:00:00.5Z", "2026-03-01T09:00:00.123456789Z"),
)


@pytest.mark.parametrize("path", ["readiness", "sections", "sections/5"])
@pytest.mark.parametrize(
    ("moment", "status", "code"),
    [
        ("2026-03-03", 422, "moment-in-future"),
        ("2026-03-02T09:00:01Z", 422, "moment-in-future"),
        ("2026-03-02", 200, None),
        ("2026-03-02T09:00:00Z", 200, None),
        ("2026-01-04", 404, "not-yet-registered"),
        ("2026-01-05T08:59:59Z", 404, "not-yet-registered"),
        ("2026-01-05T09:00:00Z", 200, None),
        ("2026-02-30", 422, "invalid-input"),
        ("2026-03-01T09:00:00", 422, "invalid-input"),
        ("yesterday", 422, "invalid-input"),
        *((text, 422, "invalid-input") for text in NO_MOMENTS),
        *((text, 200, None) for text in MOMENTS),
        ("", 422, "invalid-input"),
    ],
)
def test_as_of_answers_from_registration_until_now(
    untouched: Service, path: str, moment: str, status: int, code: str | None
):
    answer = untouched.get(f"{LWI}/{path}", params={"as_of": moment})
    assert (answer.status_code, answer.json().get("code")) == (status, code)
    if status == 422:
        assert answer.json()["errors"][0]["pointer"] == "?as_of"


def test_a_past_section_is_whole_with_its_evidence_outcomes_and_exemption_of_then(service: Service):
    path = "/v1/prisons/MSI/sections/7"
    service.put(f"{path}/exemption", {"rationale": "No remands."}, by="region:south-east")
    service.patch(path, {"rating": "AMBER", "lead": "A", "evidence": [factories.note()]}, by="prison:MSI")
    then = service.get(path, by="prison:MSI").json()
    moment = then["updated_at"]
    service.clock.tick()
    service.delete(f"{path}/exemption", by="region:south-east")
    service.patch(path, {"rating": "RED", "lead": None, "evidence": [factories.note("More")]}, by="prison:MSI")
    assert service.get(path, by="prison:MSI").json() != then
    assert service.get(path, by="prison:MSI", params={"as_of": moment}).json() == then
