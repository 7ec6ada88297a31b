"""Random work at two prisons, and after each step everything the API says against a plain model of the contract."""

import copy
import math
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.support import databases, factories
from tests.support.machines import live, meet, told
from tests.support.service import REGISTERED_AT, STARTS_AT, running, service_settings
from tests.support.shipped import shipped_toolkit

# Every way in which a step of the machine can be refused.
REFUSALS = (
    *("staffing-figures-needed", "staffing-below-threshold", "green-needs-outcomes", "green-needs-evidence"),
    "note-says-too-little",
    *("section-not-exemptible", "no-exemption", "exemption-in-the-way", "clock-behind"),
)
CODES = {"LWI": "local", "MSI": "trainer"}
COMMISSIONING = {1, 2, 3, 5, 6, 10, 11}
AMBER_IS_ENOUGH = {7, 8, 9, 14, 16, 25, 26}
STAFFED = {14, 16}
EXEMPTIBLE = {7, 23}
PLAIN = ("rating", "comment", "lead", "staff_in_post", "staff_required")
# A few sections of each kind: enough to meet every rule, few enough to meet them often.
NUMBERS = st.sampled_from([1, 5, 7, 14, 16, 23, 35])
RATINGS = st.sampled_from(["RED", "AMBER", "GREEN"])
STAFF = st.sampled_from([None, 2, 3, 3.75, 4])
# A note that says nothing of what was seen.
RUMOUR = "Rumour"
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "rating": RATINGS,
        "comment": st.sampled_from([None, "Begun", "Nearly there"]),
        "lead": st.sampled_from([None, "A. Lead"]),
        "staff_in_post": STAFF,
        "staff_required": STAFF,
        "outcome": st.sampled_from([None, "met", "outstanding", "all met"]),
        "evidence": st.lists(st.sampled_from(["Minutes", "Plan", "Minutes", "Plan", RUMOUR]), max_size=1),
    },
)


def moment_of(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def blank() -> dict[str, Any]:
    fields: dict[str, Any] = dict.fromkeys(PLAIN) | {"rating": "RED"}
    return fields | {"outcomes": {}, "evidence": [], "rationale": None, "version": 0, "at": None, "by": None}


def refusals_of(number: int, section: dict[str, Any], required: list[str]) -> Iterator[str]:
    """Rules 3 and 4, in the words of the contract: the code of each reason why the rating does not stand."""
    rating, there, wanted = section["rating"], section["staff_in_post"], section["staff_required"]
    if number in STAFFED and rating != "RED":
        if there is None or wanted is None:
            yield "staffing-figures-needed"
        elif there * 4 < wanted * (3 if rating == "AMBER" else 4):
            yield "staffing-below-threshold"
    if rating == "GREEN" and any(section["outcomes"].get(key) != "met" for key in required):
        yield "green-needs-outcomes"
    if rating == "GREEN" and not set(section["evidence"]) - {RUMOUR}:
        yield "green-needs-evidence"
    yield from ["note-says-too-little"] * section["evidence"].count(RUMOUR)


def plain_of(number: int, body: dict[str, Any]) -> dict[str, Any]:
    """The plain fields that are sent: staff to the sections that ask for them."""
    names = PLAIN if number in STAFFED else PLAIN[:3]
    return {name: body[name] for name in names if name in body}


class Model:
    """One prison as the contract has it: its function, its sections, and every state that they have been in."""

    def __init__(self, function: str) -> None:
        self.state: dict[str, Any] = {
            "function": function,
            "sections": {number: blank() for number in range(1, 36)},
            "moved_at": None,
            "has_worked": False,
        }
        self.latest = REGISTERED_AT
        self.past = [(REGISTERED_AT, copy.deepcopy(self.state))]

    def at(self, moment: datetime) -> dict[str, Any]:
        return [state for at, state in self.past if at <= moment][-1]

    def keep(self, now: datetime, function: str, changed: dict[int, dict[str, Any]], by: str) -> None:
        """A change that was accepted, at `now` or just after the one before it."""
        before = verdict_of(self.state)
        self.latest = max(now, self.latest + timedelta(microseconds=1))
        self.state = copy.deepcopy(self.state) | {"function": function}
        # What a region does to a section is not the prison's own work (rule 9).
        self.state["has_worked"] |= bool(changed) and by.startswith("prison:")
        for number, section in changed.items():
            stamp = {"version": section["version"] + 1, "at": self.latest, "by": by}
            self.state["sections"][number] = copy.deepcopy(section) | stamp
        if verdict_of(self.state) != before:
            self.state["moved_at"] = self.latest
        self.past.append((self.latest, copy.deepcopy(self.state)))


def missing_of(number: int, section: dict[str, Any]) -> dict[str, Any]:
    """What the section lacks to be GREEN; the staff that are needed are those of AMBER, which is enough for go-live."""
    required = shipped_toolkit().section(number).required_outcomes
    there, wanted, staff = section["staff_in_post"], section["staff_required"], None
    if number in STAFFED and wanted is None:
        staff = dict.fromkeys(("required", "needed", "more", "needed_for_green")) | {"in_post": there}
    elif number in STAFFED and (there is None or there < wanted):
        needed = math.ceil(wanted * 75) / 100
        more = None if there is None else round(max(needed - there, 0), 2)
        staff = {"in_post": there, "required": wanted, "needed": needed, "more": more, "needed_for_green": wanted}
    return {
        "outcomes": [one.text for one in required if section["outcomes"].get(one.key) != "met"],
        "evidence": not section["evidence"],
        "staff": staff,
    }


def verdict_of(state: dict[str, Any]) -> dict[str, Any]:
    """What the readiness resource says, but for its moments and its sentences."""
    sections = state["sections"]
    ratings = {number: one["rating"] for number, one in sections.items()}
    exempt = [number for number, one in sections.items() if one["rationale"]]
    blocker = {number: (number, one["rating"], missing_of(number, one)) for number, one in sections.items()}
    commissioning = [number for number in sorted(COMMISSIONING) if ratings[number] != "GREEN"]
    go_live = [
        number
        for number in range(1, 36)
        if number not in exempt
        and ratings[number] not in (("AMBER", "GREEN") if number in AMBER_IS_ENOUGH else ("GREEN",))
    ]
    counted = [rating for number, rating in ratings.items() if number not in exempt]
    stage = "preparing" if state["has_worked"] else "not_started"
    stage = "commissioning_ready" if not commissioning else stage
    stage = "go_live_eligible" if not go_live else stage
    return {
        "function": state["function"],
        "stage": stage,
        "counts": {colour.lower(): counted.count(colour) for colour in ("RED", "AMBER", "GREEN")}
        | {"exempt": len(exempt)},
        "commissioning": (not commissioning, [blocker[number] for number in commissioning]),
        "go_live": (not go_live, [blocker[number] for number in go_live]),
        "exempt": sorted(exempt),
    }


def verdict_said(document: dict[str, Any]) -> dict[str, Any]:
    commissioning, go_live = document["commissioning"], document["go_live"]
    return {
        "function": document["prison"]["function"],
        "stage": document["stage"],
        "counts": document["counts"],
        "commissioning": (commissioning["ready"], [blocker_said(one) for one in commissioning["blockers"]]),
        "go_live": (go_live["eligible"], [blocker_said(one) for one in go_live["blockers"]]),
        "exempt": [one["section"] for one in go_live["exempt"]],
    }


def blocker_said(one: dict[str, Any]) -> tuple[int, str, dict[str, Any]]:
    return one["section"], one["rating"], one["missing"]


def section_said(document: dict[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name in (*PLAIN, "outcomes", "version")} | {
        "evidence": [one["title"] for one in document["evidence"]],
        "rationale": document["exemption"] and document["exemption"]["rationale"],
        "at": moment_of(document["updated_at"]),
        "by": document["updated_by"],
    }


class Work(RuleBasedStateMachine):
    """Leads and regional leads at work; each rule does something and says what the contract makes of it."""

    kind: str
    home: Path
    met: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.parts = ExitStack()
        url = self.parts.enter_context(databases.fresh_copy(self.kind, self.home))
        self.service = self.parts.enter_context(running(service_settings(url)))
        self.models = {code: Model(function) for code, function in CODES.items()}
        sections = self.service.get("/v1/toolkit", by=None).json()["sections"]
        self.required = {one["number"]: [each["key"] for each in one["required_outcomes"]] for one in sections}
        self.touched: set[str] = set()
        # Where in the past to look is chosen here, so that a failing run is the same when it is run again.
        self.chance = random.Random(7)

    def teardown(self) -> None:
        with self.parts:
            self.touched |= set(self.models)
            self.the_present_is_as_the_model_has_it()

    @property
    def now(self) -> datetime:
        return self.service.clock.now

    def at_work_in(self, code: str) -> Model:
        self.touched.add(code)
        return self.models[code]

    @rule(seconds=st.sampled_from([0, 1, 3600, 86_400, -60, -7200]))
    def time_passes(self, seconds: int) -> None:
        """Or stands still, or is set back."""
        self.service.clock.tick(seconds)

    @rule(code=st.sampled_from(sorted(CODES)), number=NUMBERS, body=BODIES)
    def rate_one(self, code: str, number: int, body: dict[str, Any]) -> None:
        answer = self.service.patch(
            f"/v1/prisons/{code}/sections/{number}", self.sent(number, body), by=f"prison:{code}"
        )
        self.expect(answer, code, {number: body}, by=f"prison:{code}")

    @rule(
        code=st.sampled_from(sorted(CODES)),
        number=st.sampled_from(sorted(STAFFED)),
        rating=st.sampled_from(["AMBER", "GREEN"]),
        staff=st.tuples(STAFF, STAFF),
    )
    def appoint(self, code: str, number: int, rating: str, staff: tuple[Any, Any]) -> None:
        """What 14 and 16 may be hangs on their staff."""
        self.rate_one(code, number, {"rating": rating, "staff_in_post": staff[0], "staff_required": staff[1]})

    @rule(code=st.sampled_from(sorted(CODES)), bodies=st.dictionaries(NUMBERS, BODIES, min_size=1, max_size=4))
    def rate_several(self, code: str, bodies: dict[int, dict[str, Any]]) -> None:
        self.send_several(code, bodies)

    @rule(code=st.sampled_from(sorted(CODES)), leaving_out=st.sets(NUMBERS, max_size=2))
    def bring_nearly_all_up(self, code: str, leaving_out: set[int]) -> None:
        """So that verdicts come near their edge, and over it."""
        good: dict[str, Any] = {"rating": "GREEN", "evidence": ["Plan"], "outcome": "all met"}
        staff = {"staff_in_post": 4, "staff_required": 4}
        bodies = {n: good | (staff if n in STAFFED else {}) for n in range(1, 36) if n not in leaving_out}
        self.send_several(code, bodies)

    def send_several(self, code: str, bodies: dict[int, dict[str, Any]]) -> None:
        parts = [{"number": number} | self.sent(number, body) for number, body in bodies.items()]
        answer = self.service.patch(f"/v1/prisons/{code}/sections", {"sections": parts}, by=f"prison:{code}")
        self.expect(answer, code, bodies, by=f"prison:{code}")

    @rule(
        code=st.sampled_from(sorted(CODES)),
        number=st.sampled_from([*sorted(EXEMPTIBLE), 5]),
        rationale=st.sampled_from(["No remands", "No need"]),
    )
    def exempt(self, code: str, number: int, rationale: str) -> None:
        by = "region:south-east"
        path = f"/v1/prisons/{code}/sections/{number}/exemption"
        answer = self.service.put(path, {"rationale": rationale}, by=by)
        model = self.at_work_in(code)
        if self.the_clock_is_behind(answer, model):
            return
        if number not in EXEMPTIBLE or model.state["function"] == "local":
            assert (answer.status_code, answer.json()["code"]) == (409, "section-not-exemptible")
            return
        assert answer.status_code == 200
        section = model.state["sections"][number]
        if section["rationale"] != rationale:
            changed = {number: section | {"rationale": rationale}}
            model.keep(self.now, model.state["function"], changed, by)

    @rule(code=st.sampled_from(sorted(CODES)), number=st.sampled_from(sorted(EXEMPTIBLE)))
    def end_exemption(self, code: str, number: int) -> None:
        by = "region:south-east"
        answer = self.service.delete(f"/v1/prisons/{code}/sections/{number}/exemption", by=by)
        model = self.at_work_in(code)
        if self.the_clock_is_behind(answer, model):
            return
        section = model.state["sections"][number]
        if section["rationale"] is None:
            assert (answer.status_code, answer.json()["code"]) == (409, "no-exemption")
            return
        assert answer.status_code == 200
        model.keep(self.now, model.state["function"], {number: section | {"rationale": None}}, by)

    @rule(code=st.sampled_from(sorted(CODES)), function=st.sampled_from(["local", "trainer", "open"]))
    def correct_function(self, code: str, function: str) -> None:
        answer = self.service.patch(f"/v1/prisons/{code}", {"function": function}, by="admin")
        model = self.at_work_in(code)
        if self.the_clock_is_behind(answer, model):
            return
        if function == "local" and any(one["rationale"] for one in model.state["sections"].values()):
            assert (answer.status_code, answer.json()["code"]) == (409, "exemption-in-the-way")
            return
        assert (answer.status_code, answer.json()["function"]) == (200, function)
        if function != model.state["function"]:
            model.keep(self.now, function, {}, "Administrator")

    def sent(self, number: int, body: dict[str, Any]) -> dict[str, Any]:
        """The body as JSON: the section's own outcome keys, and whole pieces of evidence."""
        found = plain_of(number, body)
        if "outcome" in body:
            found["outcomes"] = {"*": "met"} if body["outcome"] == "all met" else self.outcomes_of(number, body)
        if "evidence" in body:
            found["evidence"] = [
                factories.note(title) if title != RUMOUR else factories.note(title, text="So they say.")
                for title in body["evidence"]
            ]
        return found

    def outcomes_of(self, number: int, body: dict[str, Any]) -> dict[str, Any]:
        """The first outcome of the section, or all of them."""
        keys = self.required[number]
        return dict.fromkeys(keys, "met") if body["outcome"] == "all met" else {keys[0]: body["outcome"]}

    def expect(self, answer: Any, code: str, bodies: dict[int, dict[str, Any]], by: str) -> None:
        """What a merge patch of those sections makes of the model, and whether it is refused."""
        model = self.at_work_in(code)
        if self.the_clock_is_behind(answer, model):
            return
        changed = {}
        for number, body in bodies.items():
            before = model.state["sections"][number]
            after = copy.deepcopy(before) | plain_of(number, body)
            if "outcome" in body:
                told = after["outcomes"] | self.outcomes_of(number, body)
                after["outcomes"] = {key: status for key, status in told.items() if status}
            after["evidence"] += body.get("evidence", [])
            if after != before:
                changed[number] = after
        refusals = [
            found for number, one in changed.items() for found in refusals_of(number, one, self.required[number])
        ]
        if refusals:
            assert (answer.status_code, [one["code"] for one in answer.json()["errors"]]) == (409, refusals)
            for refusal in refusals[1:]:
                self.met[refusal] += 1
            return
        assert answer.status_code == 200, answer.text
        if changed:
            model.keep(self.now, model.state["function"], changed, by)
        assert verdict_said(answer.json()["readiness"]) == verdict_of(model.state)

    def the_clock_is_behind(self, answer: Any, model: Model) -> bool:
        """By more than a minute: then nothing is stored, whatever else would be said of the change."""
        is_behind = model.latest - self.now > timedelta(minutes=1)
        assert (meet(self.met, answer) == "clock-behind") is is_behind
        return is_behind

    @invariant()
    def the_present_is_as_the_model_has_it(self) -> None:
        """Of the prison that the step was about; of both at the end."""
        for code in self.touched:
            self.compare(code, self.models[code].state, None)
        self.touched.clear()

    @rule()
    def look_back(self) -> None:
        for code, model in self.models.items():
            at, _ = self.chance.choice(model.past)
            moment = at + timedelta(microseconds=self.chance.choice([0, 0, 1, -1, 1_000_000]))
            if REGISTERED_AT <= moment <= self.now:
                self.compare(code, model.at(moment), moment)

    @precondition(lambda self: self.now.date() > STARTS_AT.date())
    @rule(days=st.integers(0, 3))
    def look_back_at_the_end_of_a_day(self, days: int) -> None:
        """In March before the clocks go forward, London's days end with UTC's."""
        day = STARTS_AT.date() + timedelta(days=days)
        end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, microseconds=-1)
        if day < self.now.date() and end < datetime(2026, 3, 28, tzinfo=UTC):
            for code, model in self.models.items():
                self.compare(code, model.at(end), end, day.isoformat())

    def compare(self, code: str, state: dict[str, Any], moment: datetime | None, text: str | None = None) -> None:
        asked = {"params": {"as_of": text or moment.isoformat()}} if moment else {}
        verdict = self.service.get(f"/v1/prisons/{code}/readiness", by="national", **asked).json()
        assert verdict_said(verdict) == verdict_of(state)
        assert (moment_of(verdict["as_of"]), moment_of(verdict["updated_at"])) == (moment, state["moved_at"])
        items = self.service.get(f"/v1/prisons/{code}/sections", by="national", **asked).json()["items"]
        assert {one["number"]: section_said(one) for one in items} == state["sections"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "examples"), [("sqlite", 22), pytest.param("postgresql", 22, marks=pytest.mark.postgres)]
)
def test_whatever_people_do_the_api_says_what_the_contract_does(
    kind: str, examples: int, shared_home: Path, random_seed: int, deep: bool, record_property: Any
):
    met: Counter[str] = Counter()
    machine = type("Work", (Work,), {"kind": kind, "home": shared_home, "met": met})
    live(machine, random_seed, max_examples=examples * 20 if deep else examples, stateful_step_count=25)
    record_property("met", f"Work on {kind}, seed {random_seed}: {told(met)}")
    assert set(REFUSALS) <= set(met)
