"""ETags: what has not changed is not sent again, and what has changed is not overwritten unseen."""

import pytest

from tests.support import factories
from tests.support.service import Service

LWI = "/v1/prisons/LWI"
FIVE = f"{LWI}/sections/5"
READS = ["", "/sections", "/sections/5", "/sections/5/history", "/readiness", "/readiness?as_of=2026-03-01"]


@pytest.mark.parametrize("path", READS)
def test_an_unchanged_resource_is_answered_with_304(untouched: Service, path: str):
    first = untouched.get(LWI + path)
    tag = first.headers["etag"]
    assert tag.startswith('"')
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = untouched.get(LWI + path, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), known
    other = untouched.get(LWI + path, headers={"if-none-match": '"other"'})
    assert (other.status_code, other.content) == (200, first.content)


@pytest.mark.parametrize("path", ["/sections", "/sections/5", "/sections/5/history", "/readiness"])
def test_a_changed_resource_is_sent_again_under_another_tag(service: Service, path: str):
    tag = service.get(LWI + path).headers["etag"]
    service.patch(FIVE, {"rating": "AMBER"})
    again = service.get(LWI + path, headers={"if-none-match": tag})
    assert again.status_code == 200
    assert again.headers["etag"] != tag


def test_the_second_of_two_writers_with_the_same_copy_is_refused_and_stores_nothing(service: Service):
    tag = service.get(FIVE).headers["etag"]
    first = service.patch(FIVE, {"comment": "First"}, headers={"if-match": tag})
    assert first.status_code == 200
    with service.unchanged():
        second = service.patch(FIVE, {"comment": "Second"}, headers={"if-match": tag})
    assert (second.status_code, second.json()["code"]) == (412, "outdated-copy")
    third = service.patch(FIVE, {"comment": "Second"}, headers={"if-match": first.headers["etag"]})
    assert (third.status_code, third.json()["version"]) == (200, 2)


def test_without_if_match_both_edits_are_in_the_history(service: Service):
    service.patch(FIVE, {"comment": "First"})
    service.patch(FIVE, {"comment": "Second"}, headers={"if-match": "*"})
    assert [one["comment"] for one in service.get(f"{FIVE}/history").json()["items"]] == ["Second", "First"]


def test_a_change_of_another_section_does_not_outdate_a_copy(service: Service):
    tag = service.get(FIVE).headers["etag"]
    service.patch(f"{LWI}/sections/6", {"rating": "AMBER"})
    assert service.patch(FIVE, {"rating": "AMBER"}, headers={"if-match": tag}).status_code == 200


def test_several_sections_are_changed_against_the_tag_of_the_list(service: Service):
    tag = service.get(f"{LWI}/sections").headers["etag"]
    body = factories.several({5: "AMBER", 6: "AMBER"})
    assert service.patch(f"{LWI}/sections", body, headers={"if-match": tag}).status_code == 200
    with service.unchanged():
        again = service.patch(f"{LWI}/sections", factories.several({8: "AMBER", 9: "AMBER"}), headers={"if-match": tag})
    assert again.status_code == 412


def test_an_exemption_is_recorded_and_ended_against_the_tag_of_the_section(service: Service):
    path = "/v1/prisons/MSI/sections/7"
    outdated = {"if-match": service.get(path, by="national").headers["etag"]}
    put = service.put(f"{path}/exemption", {"rationale": "No remands."}, by="region:south-east", headers=outdated)
    assert put.status_code == 200
    with service.unchanged():
        again = service.put(f"{path}/exemption", {"rationale": "Other."}, by="region:south-east", headers=outdated)
        ended = service.delete(f"{path}/exemption", by="region:south-east", headers=outdated)
    assert (again.status_code, ended.status_code) == (412, 412)
    current = {"if-match": put.headers["etag"]}
    assert service.delete(f"{path}/exemption", by="region:south-east", headers=current).status_code == 200


def test_a_rule_refuses_only_the_present_copy(service: Service):
    """An outdated copy is told first: what it would break may not be so any more."""
    tag = service.get(FIVE).headers["etag"]
    service.patch(FIVE, {"comment": "Moved on"})
    assert service.patch(FIVE, {"rating": "GREEN"}, headers={"if-match": tag}).status_code == 412


def test_a_rating_does_not_outdate_a_copy_of_the_prison(service: Service):
    """The representation moves with the stage, so its tag does too; the details are still those of the copy."""
    tag = service.get(LWI).headers["etag"]
    service.patch(FIVE, {"rating": "AMBER"})
    assert service.get(LWI).headers["etag"] != tag
    answer = service.patch(LWI, {"county": "Sussex"}, by="admin", headers={"if-match": tag})
    assert (answer.status_code, answer.json()["version"]) == (200, 2)


def test_midnight_does_not_outdate_a_copy_of_a_section(service: Service):
    """Evidence grows stale by the calendar alone: the section reads differently, and nobody has changed it."""
    service.patch(FIVE, {"evidence": [factories.note()]})
    service.clock.set("2027-03-02T12:00:00Z")
    tag = service.get(FIVE).headers["etag"]
    assert not service.get(FIVE).json()["stale"]
    service.clock.set("2027-03-03T12:00:00Z")
    assert service.get(FIVE).json()["stale"]
    assert service.get(FIVE).headers["etag"] != tag
    assert service.patch(FIVE, {"comment": "Still so"}, headers={"if-match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "by"), [(FIVE, {"comment": "Mine"}, "prison:LWI"), (LWI, {"name": "A"}, "admin")]
)
def test_weak_and_malformed_tags_never_match(service: Service, path: str, body: dict[str, str], by: str):
    tag = service.get(path).headers["etag"]
    version, _, digest = tag.strip('"').partition("-")
    wrong = [
        f"W/{tag}",
        tag.strip('"'),
        f'"{digest}"',
        f'"{version}"',
        f'"{version}-"',
        f'"{version[1:]}-{digest}"',
        "",
    ]
    wrong += [f'"v-{digest}"', f'"V{version[1:]}-{digest}"', f'"{version} -{digest}"', f'"v{"9" * 30}-{digest}"']
    with service.unchanged():
        for one in wrong:
            assert service.patch(path, body, by=by, headers={"if-match": one}).status_code == 412, one
    either = {"if-match": f'"{"0" * 32}", {tag}'}
    assert service.patch(path, body, by=by, headers=either).status_code == 200


def test_an_unchanged_section_answers_304_and_its_own_write_gives_the_tag_of_its_next_read(service: Service):
    written = service.patch(FIVE, {"comment": "Mine"}).headers["etag"]
    assert service.get(FIVE).headers["etag"] == written
    assert service.get(FIVE, headers={"if-none-match": written}).status_code == 304
