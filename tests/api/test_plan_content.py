"""What a plan is written with is what it gives back, cell for cell: rows of real plans, and any others."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from app.rules.plan import ActionStatus
from tests.support.service import Service

Json = dict[str, Any]
# Objective, action, by when, by whom: to the letter.
EAST_SUSSEX = (
    ("2.5", "Monthly feedback to HMP Lewes and community providers", "From April 2010", "ESCC SCT Performance Manager"),
    ("2.5", "Six-month review of CARAT referrals to SPoC", "Oct 2010", "ESCC SCT Performance Manager"),
    ("3.1", "Provide extended evening sessions", "April 2010", "Sussex Partnership & CRI"),
    ("3.1", "Fully deploy the ITEP interventions ", "July 2010", "Sussex Partnership & CRI"),
    ("3.1", "CRI will further develop its Training Cycles programme", "October 2010", "Services manager, CRI"),
    ("3.3", "Providers and commissioner agree focus", "", "JCM / Sussex Partnership & CRI"),
    (
        "3.6",
        "Follow-up audits in (i) Hastings and (ii) Weald",
        "July 2010",
        "Kate Weeks / Rory Hearne, Sussex Partnership",
    ),
    ("3.7", "Work with Sussex Partnership", "Mar 2011", "JCM – Jason Mahoney"),
    ("4.3", "Case dip audit completed during Q1", "August 2010", "ESCC SCT Performance Manager / Sussex Partnership"),
)
NOTTINGHAM = (
    ("1.1", "Links to the Criminal Justice system", "Dependent on the commissioning guidelines", "Strategy Team"),
    ("1.1", "Ongoing assessment of the links", "Throughout the year.", "Strategy and Commissioning Team"),
    ("1.2", "Incorporate clinical governance", "Quarterly reviews.", "CDP's IDTS lead"),
    ("1.2", "Representation on the Accountability Board", "April 2011", "CDP Director or representative."),
    ("1.4", "Conduct personal skills audit.", "June 2011.", "CARAT lead, Healthcare lead"),
    ("1.5", "Links with the visitors centre (PACT).", "April 2011. and throughout the year", "SUCI Officer PACT Lead"),
    ("1.6", "Evaluate the Integrated IT system", "April 2011 and throughout the year.", "CDP Drug Analyst"),
    ("1.7", "Need Assessment completed.", "(i) April / May 11 (ii) Sept –Nov 11", "Drugs analyst Performance and "),
)


def sections_of(rows: tuple[tuple[str, str, str, str], ...]) -> list[Json]:
    """The rows under their objectives, each with its place in the file."""
    objectives: dict[str, Json] = {}
    for number, (objective, text, by_when, by_whom) in enumerate(rows, start=1):
        actions = objectives.setdefault(objective, {"reference": objective, "title": f"Objective {objective}"})
        source = {"file": "plan.docx", "table": 1, "row": number}
        action = {"text": text, "by_when": by_when, "by_whom": by_whom, "provenance": source}
        actions.setdefault("actions", []).append(action)
    return [{"number": "1", "title": "Planning", "objectives": list(objectives.values())}]


def actions_of(plan: Json) -> list[Json]:
    return [one for section in plan["sections"] for objective in section["objectives"] for one in objective["actions"]]


@pytest.mark.parametrize(("rows", "year"), [(EAST_SUSSEX, 2010), (NOTTINGHAM, 2011)], ids=["East Sussex", "Nottingham"])
def test_the_rows_of_real_plans_keep_every_by_when_and_by_whom_to_the_letter(
    service: Service, rows: tuple[tuple[str, str, str, str], ...], year: int
):
    period = {"begins_on": f"{year}-04-01", "ends_on": f"{year + 1}-03-31"}
    plan = service.post("/v1/plans", {"prison": "LWI", "title": "Plan", **period}).json()
    answer = service.put(f"/v1/plans/{plan['id']}/content", {"sections": sections_of(rows)})
    assert answer.status_code == 200, answer.text
    found = actions_of(service.get(f"/v1/plans/{plan['id']}").json())
    kept = [(one["objective"], one["text"], one["by_when"]["text"], one["by_whom_text"]) for one in found]
    assert tuple(kept) == rows
    assert [one["provenance"]["row"] for one in found] == list(range(1, len(rows) + 1))
    assert [one["text"] for one in found if one["by_when"]["kind"] == "unread"] == []
    with service.unchanged():
        service.put(f"/v1/plans/{plan['id']}/content", {"sections": sections_of(rows)})
    for one in found:
        for owner in one["by_whom"]:
            query = {"owner": owner.upper(), "limit": 500}
            listed = service.get(f"/v1/plans/{plan['id']}/actions", params=query).json()["items"]
            assert one["ref"] in {each["ref"] for each in listed}


def test_a_cell_that_names_several_owners_is_found_under_each(service: Service):
    row = ("1", "Review the protocol", "June 2026", "JCM / Sussex Partnership & CRI")
    body = {"prison": "LWI", "title": "Plan", "sections": sections_of((row,))}
    (one,) = actions_of(service.post("/v1/plans", body).json())
    assert one["by_whom"] == ["JCM", "Sussex Partnership", "CRI"]
    for owner in ("jcm", "Sussex partnership", "CRI"):
        assert len(service.get("/v1/plans", params={"owner": owner}).json()["items"]) == 1
    assert service.get("/v1/plans?owner=Sussex").json()["items"] == []


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=20)
SAID = CELLS.filter(bool)
LINES = st.lists(CELLS, max_size=2)
NAMES = st.none() | st.sampled_from(["1", "1.1", "2", "Action 3", "AB12", "é"])
WHENS = st.sampled_from(["", "June 2026", "January 2026", "TBC", "Ongoing", "20 March 2026", "6 weeks", "Done"])
PLACES = st.fixed_dictionaries({"file": st.just("a.docx"), "table": st.integers(0, 9), "row": st.integers(0, 99)})
OUTCOMES = st.lists(st.fixed_dictionaries({"year": st.none() | st.just("2026/27"), "text": CELLS}), max_size=2)
ACTIONS = st.fixed_dictionaries(
    {
        "reference": NAMES,
        "text": SAID,
        "by_when": WHENS,
        "by_whom": CELLS,
        "measures": LINES,
        "done_on": st.none() | st.just("2026-03-01"),
        "no_action_reason": st.none() | st.just("Not needed"),
        "sections": st.lists(st.integers(1, 35), max_size=3, unique=True).map(sorted),
        "provenance": st.none() | PLACES,
    }
)


def named(objective: Any) -> object:
    """What an objective goes by; one without any name is another one each time."""
    return (objective["reference"] or objective["title"]).casefold() or id(objective)


OBJECTIVES = st.fixed_dictionaries(
    {
        "reference": NAMES,
        "title": CELLS,
        "notes": LINES,
        "expected_outcomes": OUTCOMES,
        "actions": st.lists(ACTIONS, max_size=3),
    }
)
SECTIONS = st.fixed_dictionaries(
    {
        "number": NAMES,
        "title": CELLS,
        "priorities": LINES,
        "notes": LINES,
        "expected_outcomes": OUTCOMES,
        "objectives": st.lists(OBJECTIVES, max_size=3, unique_by=named),
    }
)


def given_back(part: Any, shape: Any) -> Any:
    """As much of an answer as the content says, in the words in which it says it."""
    if isinstance(shape, list):
        assert len(part) == len(shape)
        return [given_back(one, of) for one, of in zip(part, shape, strict=True)]
    if not isinstance(shape, dict):
        return part
    kept = {name: given_back(part[name], value) for name, value in shape.items() if name not in ("by_when", "by_whom")}
    if "by_when" in shape:
        kept |= {"by_when": part["by_when"]["text"], "by_whom": part["by_whom_text"]}
    return kept


@given(first=st.lists(SECTIONS, max_size=3), then=st.lists(SECTIONS, max_size=3))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_put_is_what_is_got(service: Service, first: list[Json], then: list[Json]):
    plan = service.post("/v1/plans", {"prison": "LWI", "title": "Plan", "sections": first}).json()
    address = f"/v1/plans/{plan['id']}"
    assert without_places(given_back(plan["sections"], first)) == without_places(first)
    service.clock.tick()
    put = service.put(f"{address}/content", {"sections": then})
    assert put.status_code == 200, put.text
    read = service.get(address)
    assert read.json() == put.json()
    # Where a row was read stays with it while it says the same.
    assert without_places(given_back(read.json()["sections"], then)) == without_places(then)
    with service.unchanged():
        assert service.put(f"{address}/content", {"sections": then}).json() == put.json()
    assert service.get(address, params={"as_of": plan["updated_at"]}).json() == plan
    # The list counts in SQL what the plan counts by the rule.
    listed = next(one for one in service.get("/v1/plans").json()["items"] if one["id"] == plan["id"])
    assert listed["counts"] == read.json()["counts"]
    assert set(listed["counts"]) == set(ActionStatus)


def without_places(part: Any) -> Any:
    if isinstance(part, list):
        return [without_places(one) for one in part]
    if isinstance(part, dict):
        return {name: without_places(value) for name, value in part.items() if name != "provenance"}
    return part
