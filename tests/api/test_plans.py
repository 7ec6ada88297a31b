"""Plans: made, read, changed, decided on, and all that is kept of them."""

from typing import Any

import pytest

from tests.support.service import Service, max_statements

REGION = "region:south-east"
PERIOD = {"begins_on": "2026-04-01", "ends_on": "2027-03-31"}
Json = dict[str, Any]


def action(reference: str | None = "1.1.1", **more: object) -> Json:
    """An action that is due at the end of June."""
    said: Json = {"text": "Write the terms of reference", "by_when": "June 2026", "by_whom": "Governor / Nurse manager"}
    return {"reference": reference, **said} | more


def content(*actions: Json) -> list[Json]:
    objective = {"reference": "1.1", "title": "A steering group", "actions": list(actions or (action(),))}
    return [{"number": "1", "title": "Leadership", "priorities": ["Say who leads"], "objectives": [objective]}]


def made(service: Service, *actions: Json, by: str = "prison:LWI", **more: object) -> Json:
    body = {"prison": "LWI", "title": "Action plan", **PERIOD, "sections": content(*actions)} | more
    answer = service.post("/v1/plans", body, by=by)
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    assert answer.headers["location"] == path(found)
    return found


def path(plan: Json) -> str:
    return f"/v1/plans/{plan['id']}"


def actions_of(plan: Json) -> list[Json]:
    return [one for section in plan["sections"] for objective in section["objectives"] for one in objective["actions"]]


def refused(answer: Any, status: int, code: str, pointer: str | None = None) -> None:
    found = answer.json()
    assert (answer.status_code, found["code"]) == (status, code), answer.text
    if pointer is not None:
        assert [fault["pointer"] for fault in found["errors"]] == [pointer]


def test_a_plan_is_made_with_its_content_and_read_again(service: Service):
    view = made(service)
    answer = service.get(path(view))
    assert answer.json() == view
    assert answer.headers["etag"].startswith('"v1-')
    assert service.get(path(view), headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    (one,) = actions_of(view)
    assert one["by_when"] == {"text": "June 2026", "kind": "month", "earliest": "2026-06-01", "latest": "2026-06-30"}
    assert (one["by_whom"], one["by_whom_text"]) == (["Governor", "Nurse manager"], "Governor / Nurse manager")
    assert (one["ref"], one["objective"], one["status"]) == ("1.1.1", "1.1", "on_track")
    assert one["reason"] == "Due by 30 June 2026."
    assert view["counts"]["on_track"] == view["sections"][0]["counts"]["on_track"] == 1
    assert service.get(f"{path(view)}/actions/1.1.1").json() == one


def test_the_status_of_each_action_is_derived_with_its_reason_and_rolled_up(service: Service):
    service.put("/v1/prisons/MSI/sections/7/exemption", {"rationale": "It is no local prison"}, by=REGION)
    actions = (
        action("a", by_when="January 2026", sections=[1]),
        action("b", by_when="31 March 2026", sections=[1, 2]),
        action("c", by_when="TBC"),
        action("d", waits_for="a"),
        action("e", waits_for="f"),
        action("f", done_on="2026-02-01", sections=[2]),
        action("g", no_action_reason="The board decided against it"),
        action("h", sections=[7]),
        action("i", by_when="Ongoing"),
    )
    plan = made(service, *actions, prison="MSI", by="prison:MSI")
    told = {one["ref"]: (one["status"], one["reason"]) for one in actions_of(plan)}
    assert told == {
        "a": ("overdue", "Its last day was 31 January 2026."),
        "b": ("on_track", "Due by 31 March 2026."),
        "c": ("no_date", "Without a date: its date is to be confirmed."),
        "d": ("blocked", "Waits for a, which is not done."),
        "e": ("on_track", "Due by 30 June 2026."),
        "f": ("done", "Done on 1 February 2026."),
        "g": ("done", "No action is taken: The board decided against it."),
        "h": ("blocked", "Section 7 is exempt."),
        "i": ("on_track", "Runs on: it has no last day."),
    }
    counts = {"overdue": 1, "blocked": 2, "no_date": 1, "due_in_28_days": 0, "on_track": 3, "done": 2}
    assert plan["counts"] == plan["sections"][0]["objectives"][0]["counts"] == counts
    assert [one["section"] for one in plan["toolkit_sections"]] == [1, 2, 7]
    assert plan["toolkit_sections"][1]["counts"] == dict.fromkeys(counts, 0) | {"on_track": 1, "done": 1}
    for query in ("prison=MSI", "region=south-east"):
        found = service.get(f"/v1/plans/progress?{query}", by="national").json()
        assert found == {"plans": 1, "counts": counts, "toolkit_sections": plan["toolkit_sections"]}
    assert service.get("/v1/plans?prison=msi", by="national").json()["items"][0]["counts"] == counts
    service.clock.set("2026-03-04T09:00:00Z")
    assert service.get(f"{path(plan)}/actions/b", by="prison:MSI").json()["status"] == "due_in_28_days"


def test_an_action_is_changed_by_a_merge_patch_and_every_version_is_kept(service: Service):
    plan = made(service)
    # Another action of the plan moves on: the copy of this one is as current as before.
    service.post(f"{path(plan)}/actions", {"text": "Meet"})
    plan = service.get(path(plan)).json()
    address, first = f"{path(plan)}/actions/1.1.1", service.get(f"{path(plan)}/actions/1.1.1").headers["etag"]
    service.clock.tick()
    answer = service.patch(address, {"by_when": "Sept -Nov 26"}, headers={"if-match": first})
    assert answer.status_code == 200
    assert answer.json()["by_when"]["latest"] == "2026-11-30"
    assert answer.json()["by_whom_text"] == "Governor / Nurse manager"
    refused(service.patch(address, {"by_when": "2027"}, headers={"if-match": first}), 412, "outdated-copy")
    with service.unchanged():
        assert service.patch(address, {"by_when": "Sept -Nov 26"}).json() == answer.json()
    service.clock.tick()
    cleared = service.patch(address, {"by_whom": None, "measures": ["Signed"], "waits_for": None}).json()
    assert (cleared["by_whom"], cleared["measures"], cleared["version"]) == ([], ["Signed"], 3)
    history = service.get(f"{address}/history").json()["items"]
    assert [(one["version"], one["row_version"], one["step"]) for one in history] == [
        (4, 3, "action_changed"),
        (3, 2, "action_changed"),
        (1, 1, "added"),
    ]
    assert [change["field"] for change in history[1]["changes"]] == ["by_when"]
    assert history[0]["by"]["name"] == "prison:LWI"
    then = service.get(path(plan), params={"as_of": "2026-03-02T09:00:30Z"}).json()
    assert then == plan
    assert service.get(f"{address}?as_of=2026-03-02T09:01:30Z").json() == answer.json()
    refused(service.get(f"{path(plan)}?as_of=2026-03-01"), 404, "not-found")
    pages = service.get(f"{path(plan)}/history?limit=2").json()
    rest = service.get(f"{path(plan)}/history", params={"limit": 9, "cursor": "x"})
    refused(rest, 422, "invalid-cursor")
    assert (len(pages["items"]), pages["next_cursor"] is None) == (2, False)


def test_a_plan_goes_to_the_region_and_its_approved_version_stays_readable(service: Service):
    plan = made(service)
    for step, by, body, status in (
        ("submit", "prison:LWI", None, "submitted"),
        ("send-back", REGION, {"reason": "Who leads on it?"}, "sent_back"),
        ("submit", "prison:LWI", None, "submitted"),
        ("approve", REGION, None, "approved"),
    ):
        service.clock.tick()
        answer = service.post(f"{path(plan)}/{step}", body, by=by)
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    approved = answer.json()
    assert approved["approved"]["version"] == approved["version"] == 5
    service.clock.tick()
    done = service.patch(f"{path(plan)}/actions/1.1.1", {"done_on": "2026-03-02"})
    assert done.json()["status"] == "done"
    with service.unchanged():
        for answer in (
            service.patch(path(plan), {"title": "Other"}),
            service.patch(f"{path(plan)}/actions/1.1.1", {"text": "Other"}),
            service.post(f"{path(plan)}/actions", {"text": "More"}),
            service.put(f"{path(plan)}/content", {"sections": []}),
        ):
            refused(answer, 409, "plan-not-open")
    service.clock.tick()
    reopened = service.post(f"{path(plan)}/reopen", {"reason": "One more action"}).json()
    assert (reopened["status"], reopened["reason"]) == ("draft", "One more action")
    service.clock.tick()
    service.patch(path(plan), {"title": "Plan, second edition"})
    assert service.get(f"{path(plan)}?version=approved").json() == approved
    now = service.get(path(plan)).json()
    assert (now["title"], now["approved"]) == ("Plan, second edition", approved["approved"])
    kinds = [one["kind"] for one in service.get("/v1/events?limit=500").json()["items"] if "plan" in one["kind"]]
    assert kinds == [
        *("plan.created", "plan.submitted", "plan.sent_back", "plan.submitted", "plan.approved"),
        *("plan.action_changed", "plan.reopened", "plan.corrected"),
    ]
    entries = [one["action"] for one in service.get("/v1/audit?prison=LWI&limit=50").json()["items"]]
    assert [one for one in entries if one.startswith("plan.")][::-1] == kinds
    assert service.get("/v1/audit/verify", by="national").json()["intact"]


@pytest.mark.parametrize(
    ("step", "by", "body"),
    [("approve", REGION, None), ("send-back", REGION, {"reason": "Why?"}), ("reopen", REGION, {"reason": "Why?"})],
)
def test_a_step_out_of_turn_is_refused(service: Service, step: str, by: str, body: Json | None):
    plan = made(service)
    with service.unchanged():
        refused(service.post(f"{path(plan)}/{step}", body, by=by), 409, "plan-not-there")
        refused(service.get(f"{path(plan)}?version=approved"), 404, "not-found")
        if body is not None:
            refused(service.post(f"{path(plan)}/{step}", {"reason": " "}, by=by), 422, "invalid-input", "/reason")


def test_updates_are_told_whatever_the_status_and_never_lost(service: Service):
    plan = made(service, action(updates=[{"text": "Begun", "on": "2026-02-01"}]))
    service.post(f"{path(plan)}/submit")
    service.clock.tick()
    answer = service.post(f"{path(plan)}/updates", {"text": "The region has it"})
    assert answer.status_code == 201
    assert [(one["text"], one["on"]) for one in answer.json()["updates"]] == [("The region has it", "2026-03-02")]
    told = service.post(f"{path(plan)}/actions/1.1.1/updates", {"text": "Half way", "on": "2026-03-01"}).json()
    assert [one["text"] for one in told["updates"]] == ["Begun", "Half way"]
    assert service.get(path(plan)).json()["version"] == 4
    service.post(f"{path(plan)}/reopen", {"reason": "More"})
    after = service.put(f"{path(plan)}/content", {"sections": content()}).json()
    assert [one["text"] for one in actions_of(after)[0]["updates"]] == ["Begun", "Half way"]
    steps = [one["step"] for one in service.get(f"{path(plan)}/actions/1.1.1/history").json()["items"]]
    assert steps == ["update_added", "added"]
    refused(service.post(f"{path(plan)}/actions/9/updates", {"text": "x"}), 404, "not-found")


def test_content_from_outside_gives_new_versions_to_what_differs_alone(service: Service):
    source = {"file": "plan.docx", "sha256": "0" * 64, "table": 1, "row": 2, "cell": 1}
    plan = made(service, action(provenance=source), action("1.1.2", text="Meet"), action("1.1.3", text="Report"))
    moved = source | {"row": 3}
    wanted = content(
        action("1.1.0", text="Begin", provenance=source),
        action(provenance=moved),
        action("1.1.2", text="Meet monthly", provenance=source | {"row": 4}),
    )
    service.clock.tick()
    answer = service.put(f"{path(plan)}/content", {"sections": wanted}, headers={"if-match": '"v9-x"'})
    refused(answer, 412, "outdated-copy")
    after = service.put(f"{path(plan)}/content", {"sections": wanted}).json()
    assert [(one["ref"], one["version"]) for one in actions_of(after)] == [("1.1.0", 1), ("1.1.1", 1), ("1.1.2", 2)]
    assert actions_of(after)[1]["provenance"]["row"] == 2
    assert actions_of(after)[2]["provenance"]["row"] == 4
    history = service.get(f"{path(plan)}/history").json()["items"]
    told = {(one["kind"], one["ref"], one["step"]) for one in history if one["version"] == 2}
    assert told == {
        *(("plan", None, "content_changed"), ("action", "1.1.0", "added"), ("action", "1.1.3", "removed")),
        ("action", "1.1.2", "content_changed"),
    }
    with service.unchanged():
        assert service.put(f"{path(plan)}/content", {"sections": wanted}).json() == after
    gone = service.get(f"{path(plan)}/actions/1.1.3/history").json()["items"]
    assert [(one["step"], one["removed"]) for one in gone] == [("removed", True), ("added", False)]
    assert service.get(path(plan), params={"as_of": "2026-03-02T09:00:30Z"}).json() == plan


def test_another_period_reads_every_by_when_anew(service: Service):
    plan = made(service, action(by_when="July"), begins_on=None, ends_on=None)
    assert actions_of(plan)[0]["by_when"]["latest"] is None
    after = service.patch(path(plan), PERIOD).json()
    assert actions_of(after)[0]["by_when"]["latest"] == "2026-07-31"
    refused(service.patch(path(plan), {"ends_on": "2026-03-31"}), 422, "invalid-input", "/ends_on")
    steps = [one["step"] for one in service.get(f"{path(plan)}/actions/1.1.1/history").json()["items"]]
    assert steps == ["corrected", "added"]


def test_an_action_is_added_under_an_objective_or_under_none(service: Service):
    plan = made(service)
    one = service.post(f"{path(plan)}/actions", action("AB 12", objective="1.1", text="Meet"))
    assert (one.status_code, one.headers["location"]) == (201, f"{path(plan)}/actions/AB-12")
    two = service.post(f"{path(plan)}/actions", {"text": "Report"}).json()
    three = service.post(f"{path(plan)}/actions", {"text": "Report again", "waits_for": two["ref"]}).json()
    after = service.get(path(plan)).json()
    assert [len(section["objectives"][0]["actions"]) for section in after["sections"]] == [2, 2]
    assert three["status"] == "blocked"
    assert service.patch(f"{path(plan)}/actions/AB%2012", {"done_on": "2026-03-02"}).json()["status"] == "done"


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({"sections": [36]}, 422, "invalid-input", "/sections/0"),
        ({"by_whom": "x" * 5000}, 422, "invalid-input", "/by_whom"),
        ({"by_whom": ["x" * 5000]}, 422, "invalid-input", "/by_whom"),
        ({"done_on": "2026-03-03"}, 422, "invalid-input", "/done_on"),
        ({"text": ""}, 422, "invalid-input", "/text"),
        ({"owner": "Me"}, 422, "invalid-input", "/owner"),
        ({"objective": "9.9"}, 422, "invalid-input", "/objective"),
        ({"reference": "1.1.1"}, 409, "action-exists", "/reference"),
        ({"waits_for": "9"}, 409, "waits-for-nothing", "/waits_for"),
        ({"reference": "z", "waits_for": "z"}, 409, "waits-in-a-circle", "/waits_for"),
        ({"sections": []}, 409, "section-needed", "/sections"),
    ],
)
def test_a_bad_action_is_refused_at_its_field(service: Service, body: Json, status: int, code: str, pointer: str):
    plan = made(service, action(sections=[2]), kind="action_plan")
    with service.unchanged():
        answer = service.post(f"{path(plan)}/actions", {"text": "Meet", "sections": [1]} | body)
        refused(answer, status, code, pointer)


@pytest.mark.parametrize(
    ("more", "status", "code", "pointer"),
    [
        ({"ends_on": "2026-03-31"}, 422, "invalid-input", "/ends_on"),
        ({"title": ""}, 422, "invalid-input", "/title"),
        ({"partnership": "Sussex"}, 422, "invalid-input", "/prison"),
        ({"prison": None}, 422, "invalid-input", "/prison"),
        ({"prison": "MSI"}, 403, "out-of-scope", None),
        ({"prison": None, "partnership": "Nobody"}, 404, "not-found", None),
        (
            {"sections": [{"objectives": [{"title": "A"}, {"title": "a"}]}]},
            409,
            "objective-twice",
            "/sections/0/objectives/1",
        ),
        (
            {"sections": content(action(waits_for="9"))},
            *(409, "waits-for-nothing", "/sections/0/objectives/0/actions/0/waits_for"),
        ),
        (
            {"sections": content(action("a", waits_for="b"), action("b", waits_for="a")), "kind": "treatment_plan"},
            *(409, "waits-in-a-circle", None),
        ),
        ({"sections": content(action(done_on="2027-01-01"))}, 422, "invalid-input", None),
    ],
)
def test_a_bad_plan_is_refused(untouched: Service, more: Json, status: int, code: str, pointer: str | None):
    body = {"prison": "LWI", "title": "Action plan", **PERIOD, "sections": content()} | more
    refused(untouched.post("/v1/plans", body), status, code, pointer)


def test_a_prison_writes_its_own_plan_and_nobody_else_does(service: Service):
    plan = made(service)
    with service.unchanged():
        for by in (REGION, "admin"):
            body = {"prison": "LWI", "title": "Action plan"}
            for answer in (
                service.post("/v1/plans", body, by=by),
                service.patch(path(plan), {"title": "Other"}, by=by),
                service.put(f"{path(plan)}/content", {"sections": []}, by=by),
                service.patch(f"{path(plan)}/actions/1.1.1", {"done_on": "2026-03-02"}, by=by),
                service.post(f"{path(plan)}/updates", {"text": "Seen"}, by=by),
            ):
                refused(answer, 403, "role-not-allowed")
        refused(service.get(path(plan), by="prison:MSI"), 403, "out-of-scope")
        refused(service.get("/v1/plans/nothing"), 404, "not-found")
    for by in (REGION, "national", "admin", "signatory:LWI:governor"):
        assert service.get(path(plan), by=by).json() == plan


def test_a_closed_prison_plans_no_more(service: Service):
    plan = made(service)
    service.patch("/v1/prisons/LWI", {"closed_on": "2026-03-01"}, by="admin")
    with service.unchanged():
        refused(service.patch(path(plan), {"title": "Other"}), 409, "prison-closed")
    assert service.get(path(plan)).json() == plan


def test_a_request_that_is_sent_twice_with_one_key_is_done_once(service: Service):
    plan, headers = made(service), {"idempotency-key": "action-1"}
    body = {"text": "Meet"}
    first, again = (service.post(f"{path(plan)}/actions", body, headers=headers) for _ in range(2))
    assert (again.status_code, again.json()) == (201, first.json())
    assert len(actions_of(service.get(path(plan)).json())) == 2


def test_a_recommendation_becomes_an_action_that_remembers_where_it_came_from(service: Service):
    plan = made(service)
    reviews = "/v1/prisons/LWI/sections/5/reviews"
    said = {"kind": "remark", "text": "Where is it kept?", "recommendation": "Buy a safe"}
    review = service.post(reviews, said, by=REGION).json()["id"]
    body = {"plan": plan["id"], "reference": "R1", "by_when": "June 2026", "by_whom": "Governor"}
    answer = service.post(f"{reviews}/{review}/action", body)
    one = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"{path(plan)}/actions/R1")
    assert (one["text"], one["sections"]) == ("Buy a safe", [5])
    assert one["review"] == {"id": review, "prison": "LWI", "section": 5}
    assert one["by_when"]["latest"] == "2026-06-30"
    other = made(service, prison="MSI", by="prison:MSI")
    silent = service.post(reviews, {"kind": "remark"}, by=REGION).json()["id"]
    with service.unchanged():
        refused(service.post(f"{reviews}/{silent}/action", {"plan": plan["id"]}), 409, "no-recommendation")
        refused(service.post(f"{reviews}/nothing/action", {"plan": plan["id"]}), 404, "not-found")
        refused(service.post(f"{reviews}/{review}/action", body), 409, "action-exists", "/reference")
        of_another = service.post(f"{reviews}/{review}/action", {"plan": other["id"]}, by="prison:MSI")
        refused(of_another, 422, "invalid-input", "/plan")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["B", "A"]),
        ("status=submitted", ["A"]),
        ("status=draft&prison=LWI", ["B"]),
        ("status=overdue", ["B"]),
        ("owner=governor", ["A"]),
        ("owner=nurse manager&section=5", ["B"]),
        ("section=5&status=overdue", ["B"]),
        ("section=7", ["A"]),
        ("section=7&status=overdue", []),
        ("due_before=2026-03-01", ["B"]),
        ("due_before=2026-07-01", ["B", "A"]),
        ("due_before=2026-06-30&section=7", []),
    ],
)
def test_plans_are_found_by_what_their_actions_say(service: Service, query: str, expected: list[str]):
    first = made(service, action("1", by_whom="Governor", sections=[7]), title="A")
    service.post(f"{path(first)}/submit")
    late = action("1", by_when="January 2026", by_whom="Nurse manager / CRI", sections=[5, 15])
    service.clock.tick()
    made(service, late, action("2", by_when="May 2026", by_whom="Nurse manager", sections=[9]), title="B")
    with max_statements(service, 3):
        found = service.get(f"/v1/plans?{query}").json()["items"]
    assert [one["title"] for one in found] == expected
    page = service.get("/v1/plans?limit=1").json()
    rest = service.get("/v1/plans", params={"limit": 1, "cursor": page["next_cursor"]}).json()
    assert [one["title"] for one in (*page["items"], *rest["items"])] == ["B", "A"]
    assert rest["next_cursor"] is None


def test_the_actions_of_a_plan_are_found_by_the_same_filters(service: Service):
    plan = made(service, action("1", sections=[7]), action("2", by_when="TBA", by_whom=["CRI"]), action("3"))

    def refs(query: str) -> list[str]:
        return [one["ref"] for one in service.get(f"{path(plan)}/actions?{query}").json()["items"]]

    assert refs("") == ["1", "2", "3"]
    assert refs("section=7") == ["1"]
    assert refs("status=no_date") == ["2"]
    assert refs("owner=cri") == ["2"]
    assert refs("due_before=2026-07-01") == ["1", "3"]
    page = service.get(f"{path(plan)}/actions?limit=2").json()
    rest = service.get(f"{path(plan)}/actions", params={"limit": 2, "cursor": page["next_cursor"]}).json()
    assert [one["ref"] for one in rest["items"]] == ["3"]
    refused(service.get(f"{path(plan)}/actions?status=draft"), 422, "invalid-input", "?status")
    refused(service.get("/v1/plans?status=late"), 422, "invalid-input", "?status")
    refused(service.get("/v1/plans?section=36"), 422, "invalid-input", "?section")
    refused(service.get("/v1/plans?prison=MSI"), 403, "out-of-scope")


@pytest.mark.parametrize("size", [1, 120])
def test_a_plan_of_any_size_takes_the_same_number_of_statements(service: Service, size: int):
    plan = made(service, *(action(str(number), text=f"Step {number}") for number in range(size)))
    with max_statements(service, 5) as now:
        service.get(path(plan))
    with max_statements(service, 8):
        service.get(f"{path(plan)}?as_of=2026-03-02")
    with max_statements(service, 3):
        service.get("/v1/plans/progress")
    assert len(now) == 5
