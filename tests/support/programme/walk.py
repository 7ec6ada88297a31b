"""Random but honest work at a few prisons, through the API."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from app.rules.moments import london_date
from tests.support import factories, statements
from tests.support.service import Service

# Some are met more often, so that one prison lives through much; two of them are registered on the way.
CODES = ("LWI", "LWI", "LWI", "MSI", "MSI", "MSI", "ZZA", "ZZA", "FDI", "BXI", "ZZB")
REGIONS = ("london", "south-east", "north-west")
GAPS = st.sampled_from(
    [timedelta(0), timedelta(minutes=1), timedelta(hours=7), timedelta(days=3), timedelta(days=17), timedelta(days=40)]
)
DAYS = st.dates(date(2026, 1, 1), date(2026, 9, 30))
NUMBERS = st.sampled_from([7, 7, 23, 5]) | st.integers(1, 35)
SOME_RATINGS = st.dictionaries(st.integers(1, 35), st.sampled_from(["RED", "AMBER", "GREEN"]), min_size=1, max_size=6)
NOTHING = st.none()
Step = tuple[str, Any]


def step(name: str, value: st.SearchStrategy[Any] = NOTHING) -> st.SearchStrategy[tuple[timedelta, Step]]:
    """A kind of step with what it takes, and how long after the one before it."""
    return st.tuples(GAPS, st.tuples(st.just(name), value))


RATE, BRING_UP, RELAPSE = step("rate", SOME_RATINGS), step("bring up"), step("relapse", NUMBERS)
RAISE, ISSUE, GO_LIVE = step("raise", st.integers(0, 120)), step("issue", st.integers(0, 120)), step("go live")
PLAN = step("plan", st.dictionaries(st.integers(1, 35), st.integers(-5, 40), min_size=1, max_size=4))
MOVE = step("move", st.tuples(st.integers(1, 120), st.sampled_from(["staffing", "medicines", "other"])))
CLOSE = step("closed_on", DAYS.map(str) | st.sampled_from(["2026-03", "2026"]))
EXEMPT, END_EXEMPTIONS = step("exempt", st.sampled_from([7, 23])), step("end exemptions")
# What happens at one prison before something happens at another. Each kind of life has an episode that leads to it,
# and what an episode leaves behind is where the next one begins.
EPISODES: tuple[tuple[st.SearchStrategy[tuple[timedelta, Step]], ...], ...] = (
    (RATE,),
    (PLAN, RATE),
    (RATE, RELAPSE),
    (BRING_UP, RAISE, RELAPSE),
    (BRING_UP, ISSUE, RELAPSE, BRING_UP),
    (BRING_UP, ISSUE, GO_LIVE),
    (BRING_UP, RAISE, MOVE, MOVE),
    (BRING_UP, ISSUE, GO_LIVE, RELAPSE),
    (BRING_UP, ISSUE, GO_LIVE, step("withdraw"), step("end service")),
    (BRING_UP, ISSUE, BRING_UP, ISSUE),
    (ISSUE, step("withdraw")),
    (step("sign one", st.sampled_from(statements.ROLES)),),
    (step("challenge", NUMBERS), RAISE, step("answer and close"), RAISE),
    (step("challenge", NUMBERS),),
    (EXEMPT, step("relapse", st.sampled_from([7, 23]))),
    (EXEMPT, BRING_UP, END_EXEMPTIONS),
    (step("replace evidence", st.integers(1, 35)),),
    (step("region", st.sampled_from(REGIONS)),),
    (step("name", st.sampled_from(["Alpha", "=Beta", "Gamma"])),),
    (step("toolkit_version", st.sampled_from(["2006-09.2", "2026-stricter"])),),
    (step("opened_on", st.none() | DAYS.map(str)),),
    (CLOSE,),
    (CLOSE, step("closed_on")),
)
PROGRAMMES = st.lists(
    st.tuples(st.sampled_from(CODES), st.sampled_from(EPISODES).flatmap(lambda episode: st.tuples(*episode))),
    min_size=6,
    max_size=16,
)
DAY = timedelta(days=1)
# Every kind of life once, so that none depends on luck.
EVERY_LIFE: list[tuple[str, tuple[tuple[timedelta, Step], ...]]] = [
    ("FDI", ((DAY, ("opened_on", "2026-03-15")),)),
    ("BXI", ((DAY, ("closed_on", "2026-04-20")),)),
    ("LWI", ((DAY, ("bring up", None)), (DAY, ("raise", 60)), (DAY, ("relapse", 5)))),
    ("MSI", ((DAY, ("exempt", 7)), (DAY, ("bring up", None)), (DAY, ("end exemptions", None)))),
    ("MSI", ((DAY, ("issue", 30)), (DAY, ("relapse", 12)), (DAY, ("bring up", None)))),
    ("LWI", ((DAY, ("challenge", 5)), (DAY, ("answer and close", None)))),
    ("MSI", ((DAY, ("raise", 40)), (DAY, ("move", (50, "staffing"))), (DAY, ("issue", 40)))),
    ("MSI", ((DAY, ("go live", None)), (DAY, ("withdraw", None)), (DAY, ("end service", None)))),
    ("LWI", ((DAY, ("bring up", None)), (DAY, ("issue", 30)), (DAY, ("withdraw", None)))),
    ("LWI", ((DAY, ("replace evidence", 5)), (DAY, ("region", "london")), (DAY, ("name", "Alpha")))),
    (
        "ZZA",
        ((DAY, ("toolkit_version", "2026-stricter")), (DAY, ("closed_on", "2026-01-31")), (DAY, ("closed_on", None))),
    ),
    ("LWI", ((DAY, ("plan", {4: 2, 7: 60, 14: 1})), (3 * DAY, ("rate", {4: "GREEN"})))),
    ("ZZA", ((100 * DAY, ("rate", {1: "AMBER"})),)),
]
# The prisons that are eligible when the work begins.
ELIGIBLE = st.sets(st.sampled_from(CODES[:-1]), max_size=4)


@dataclass
class Walk:
    """Takes steps at one service. What the rules refuse changes nothing, and the walk goes on."""

    service: Service
    statements: dict[str, dict[str, Any]] = field(default_factory=dict)

    def begin(self, eligible: set[str]) -> None:
        """A prison more, a stricter toolkit, one more prison that is judged by it; some with every section up."""
        statements.make_signing_key(self.service)
        self.service.post("/v1/prisons", factories.prison("ZZA", region="london", function="local"), by="admin")
        statements.load_stricter_toolkit(self.service, section=7)
        self.service.post("/v1/prisons", factories.prison("ZZB", opened_on="2026-04-01"), by="admin")
        for code in sorted(eligible):
            statements.make_eligible(self.service, code)

    def take(self, code: str, step: Step) -> None:
        match step:
            case "rate", ratings:
                self.rate(code, ratings)
            case "plan", days:
                self.plan(code, days)
            case "bring up", _:
                self.bring_up(code)
            case "relapse", number:
                self.rate(code, {number: "RED"})
            case "exempt", number:
                self.exempt(code, number, "There is no such unit")
            case "end exemptions", _:
                for number in (7, 23):
                    self.exempt(code, number, None)
            case "challenge", number:
                challenge = {"kind": "challenged", "text": "Where is it kept?"}
                self.send("POST", f"/v1/prisons/{code}/sections/{number}/reviews", challenge, by=self.region(code))
            case "answer and close", _:
                self.answer_and_close(code)
            case "replace evidence", number:
                self.replace_evidence(code, number)
            case "raise", days:
                self.raise_statement(code, days)
            case "sign one", role:
                self.sign(code, role)
            case "move", (days, cause):
                planned = str(self.service.clock.now.date() + timedelta(days=days))
                self.end(code, "go-live-date", {"go_live_date": planned, "reason": "Delayed", "cause": cause})
            case "issue", days:
                self.issue(code, days)
            case "withdraw", _:
                self.end(code, "withdraw", {"reason": "Not yet"})
            case "go live", _:
                self.end(code, "go-live", None)
            case "end service", _:
                body = {"ended_on": london_date(self.service.clock()).isoformat(), "reason": "The wing has closed"}
                self.send("POST", f"/v1/prisons/{code}/service-ended", body, by=self.region(code))
            case name, value:
                self.send("PATCH", f"/v1/prisons/{code}", {name: value}, by="admin")

    def send(self, method: str, path: str, body: object, by: str) -> dict[str, Any] | None:
        """What it was answered; None where the rules refused it, or the dates do not go with those that there are."""
        answer = self.service.call(method, path, by, **({} if body is None else {"json": body}))
        no_date = ("closes after it has opened", "is the planned date already")
        assert answer.is_success or answer.status_code == 409 or any(words in answer.text for words in no_date)
        found: dict[str, Any] | None = answer.json() if answer.is_success else None
        return found

    def region(self, code: str) -> str:
        """The key of the region in which the prison is now."""
        slug = self.service.get(f"/v1/prisons/{code}", by="national").json()["region"]["slug"]
        return f"region:{slug}"

    def rate(self, code: str, ratings: dict[int, str]) -> None:
        self.send("PATCH", f"/v1/prisons/{code}/sections", factories.several(ratings), by=f"prison:{code}")

    def plan(self, code: str, days: dict[int, int]) -> None:
        """Target dates so many days from now, and staff where a section counts them."""
        today = self.service.clock.now.date()
        sections = [
            {"number": number, "target_date": str(today + timedelta(days=ahead))}
            | ({"staff_in_post": 4, "staff_required": 7.25} if number in factories.STAFFED else {})
            for number, ahead in days.items()
        ]
        self.send("PATCH", f"/v1/prisons/{code}/sections", {"sections": sections}, by=f"prison:{code}")

    def bring_up(self, code: str) -> None:
        self.rate(code, dict.fromkeys(range(1, 36), "GREEN"))

    def exempt(self, code: str, number: int, rationale: str | None) -> None:
        path, body = f"/v1/prisons/{code}/sections/{number}/exemption", {"rationale": rationale}
        self.send("PUT" if rationale else "DELETE", path, body if rationale else None, by=self.region(code))

    def answer_and_close(self, code: str) -> None:
        """Whatever is open at the prison."""
        listed = self.service.get("/v1/reviews", by="national", params={"prison": code, "open": "true"})
        for one in listed.json()["items"] if listed.is_success else ():
            path = f"/v1/prisons/{code}/sections/{one['section']}/reviews/{one['id']}"
            self.send("POST", f"{path}/answer", {"text": "In the wing office"}, by=f"prison:{code}")
            self.send("POST", f"{path}/close", {}, by=self.region(code))

    def replace_evidence(self, code: str, number: int) -> None:
        """Something newer, and the oldest that counts for the section is withdrawn."""
        path, by = f"/v1/prisons/{code}", f"prison:{code}"
        section = self.send("PATCH", f"{path}/sections/{number}", {"evidence": [factories.note("Newer")]}, by)
        if section is not None:
            self.send("POST", f"{path}/evidence/{section['evidence'][0]['id']}/withdraw", {"reason": "Outdated"}, by)

    def raise_statement(self, code: str, days: int) -> None:
        planned = (self.service.clock.now.date() + timedelta(days=days)).isoformat()
        body = statements.raising(go_live_date=planned)
        raised = self.send("POST", f"/v1/prisons/{code}/statements", body, by=f"prison:{code}")
        if raised is not None:
            self.statements[code] = raised

    def issue(self, code: str, days: int) -> None:
        self.raise_statement(code, days)
        for role in statements.ROLES:
            self.sign(code, role)

    def sign(self, code: str, role: str) -> None:
        if code in self.statements:
            statements.make_signatory_keys(self.service, code)
            path, by = f"/v1/statements/{self.statements[code]['id']}/signatures", f"signatory:{code}:{role}"
            self.send("POST", path, statements.signature(self.statements[code], role), by)

    def end(self, code: str, step: str, body: dict[str, Any] | None) -> None:
        if code in self.statements:
            self.send("POST", f"/v1/statements/{self.statements[code]['id']}/{step}", body, by=self.region(code))
