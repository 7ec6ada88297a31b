"""What dashboards and returns must say, worked out the slow way: from every row of the raw history, in plain Python.

Nothing of the service's rules or queries is used here, so that a fault in them cannot hide.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

LONDON = ZoneInfo("Europe/London")
COMMISSIONING = {1, 2, 3, 5, 6, 10, 11}
# By toolkit; the second one is `tests.support.statements.load_stricter_toolkit`'s.
AMBER_IS_ENOUGH = {"2006-09.2": {7, 8, 9, 14, 16, 25, 26}, "2026-stricter": {8, 9, 14, 16, 25, 26}}
STAGES = (
    *("not_started", "preparing", "commissioning_ready", "go_live_eligible"),
    *("statement_raised", "statement_issued", "live"),
)
REGIONS = {
    "east-midlands": "East Midlands",
    "east-of-england": "East of England",
    "london": "London",
    "north-east": "North East",
    "north-west": "North West",
    "south-east": "South East",
    "south-west": "South West",
    "west-midlands": "West Midlands",
    "yorkshire-and-the-humber": "Yorkshire and the Humber",
}


@dataclass
class History:
    """Every row of the tables that hold what happened, by prison, oldest first.

    `signatories` has who is named on each statement, by role, and when they signed; `moves` the causes for which
    planned dates were moved.
    """

    details: dict[int, list[tuple[datetime, dict[str, Any]]]]
    sections: dict[int, list[tuple[datetime, int, dict[str, Any]]]]
    statements: dict[int, list[tuple[datetime, str, dict[str, Any]]]]
    # When a prison itself changed which section: what others do is not its own work.
    own: dict[int, list[tuple[datetime, int]]] = field(default_factory=dict)
    reviews: dict[int, list[tuple[datetime, dict[str, Any]]]] = field(default_factory=dict)
    ends: dict[int, list[datetime]] = field(default_factory=dict)
    signatories: dict[str, list[tuple[str, datetime | None]]] = field(default_factory=dict)
    moves: dict[int, list[tuple[datetime, str]]] = field(default_factory=dict)
    known: dict[datetime, "list[Prison]"] = field(default_factory=dict)


def read_history(engine: Engine) -> History:
    found = History({}, {}, {})
    with engine.connect() as connection:
        ask = connection.exec_driver_sql
        for prison, at, state in ask("SELECT prison_id, at, state FROM prison_change ORDER BY at, id"):
            found.details.setdefault(prison, []).append((moment(at), document(state)))
        for prison, at, number, state in ask("SELECT prison_id, at, number, state FROM section_change ORDER BY at, id"):
            found.sections.setdefault(prison, []).append((moment(at), number, document(state)))
        own = "SELECT prison_id, at, number FROM section_change WHERE by_role = 'prison' ORDER BY at"
        for prison, at, number in ask(own):
            found.own.setdefault(prison, []).append((moment(at), number))
        for prison, at, state in ask("SELECT prison_id, at, state FROM review_event ORDER BY at, id"):
            found.reviews.setdefault(prison, []).append((moment(at), document(state)))
        for prison, at, kind, state in ask("SELECT prison_id, at, kind, state FROM statement_event ORDER BY at, id"):
            found.statements.setdefault(prison, []).append((moment(at), kind, document(state)))
        for prison, at in ask("SELECT prison_id, at FROM service_end ORDER BY at, id"):
            found.ends.setdefault(prison, []).append(moment(at))
        moved = "SELECT prison_id, at, details FROM statement_event WHERE kind = 'go_live_date_moved'"
        for prison, at, told in ask(moved):
            found.moves.setdefault(prison, []).append((moment(at), document(told)["cause"]))
        for statement, role, at in ask("SELECT statement_id, role, signed_at FROM signatory ORDER BY position"):
            found.signatories.setdefault(statement, []).append((role, moment(at) if at else None))
    return found


def moment(value: Any) -> datetime:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.astimezone(UTC)


def document(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
    return found


def end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, LONDON).astimezone(UTC) - timedelta(microseconds=1)


def day_of(at: datetime) -> date:
    return at.astimezone(LONDON).date()


def closes(text: str | None) -> date:
    """The last day of a date, month or year."""
    if text is None:
        return date.max
    year, *rest = map(int, text.split("-"))
    if len(rest) == 2:
        return date(year, *rest)
    year, month = (year, rest[0] + 1) if rest and rest[0] < 12 else (year + 1, 1)
    return date(year, month, 1) - timedelta(days=1)


@dataclass
class Prison:
    """One prison as it stood. `states` are the latest of its sections; on those in `worked_on` it has worked itself."""

    id: int
    code: str
    name: str
    region: str
    function: str
    toolkit: str
    opens: date
    closes: date
    ratings: list[str]
    exempt: set[int]
    states: dict[int, dict[str, Any]]
    worked_on: set[int]
    touched: datetime | None
    quiet_since: datetime
    statement: dict[str, Any] | None
    live_on: str | None

    def is_open(self, day: date) -> bool:
        return self.opens <= day <= self.closes

    @cached_property
    def blockers(self) -> list[int]:
        amber_is_enough = AMBER_IS_ENOUGH[self.toolkit]
        low = {number: ("AMBER", "GREEN") if number in amber_is_enough else ("GREEN",) for number in range(1, 36)}
        return [n for n, rating in enumerate(self.ratings, 1) if rating not in low[n] and n not in self.exempt]

    @property
    def counting(self) -> list[str]:
        """What each section counts as."""
        return ["EXEMPT" if n in self.exempt else rating for n, rating in enumerate(self.ratings, 1)]

    @property
    def is_ready(self) -> bool:
        return all(self.ratings[number - 1] == "GREEN" for number in COMMISSIONING)

    @cached_property
    def stage(self) -> str:
        if self.live_on:
            return "live"
        if self.statement is not None:
            return f"statement_{self.statement['status']}"
        if not self.blockers:
            return "go_live_eligible"
        if self.is_ready:
            return "commissioning_ready"
        return "preparing" if self.touched else "not_started"


def programme_at(history: History, at: datetime) -> list[Prison]:
    """Every prison that was registered by then, in code order."""
    if at not in history.known:
        history.known[at] = _programme_at(history, at)
    return history.known[at]


def _programme_at(history: History, at: datetime) -> list[Prison]:
    found = []
    for identity, versions in history.details.items():
        states = [state for when, state in versions if when <= at]
        if not states:
            continue
        details, ratings = states[-1], ["RED"] * 35
        own = [(when, number) for when, number in history.own.get(identity, []) if when <= at]
        touched = max((when for when, _ in own), default=None)
        exempt, latest = set[int](), dict[int, dict[str, Any]]()
        for when, number, state in history.sections.get(identity, []):
            if when <= at:
                ratings[number - 1], latest[number] = state["rating"], state
                exempt = exempt | {number} if state["exemption"] else exempt - {number}
        found.append(
            Prison(
                id=identity,
                code=details["code"],
                name=details["name"],
                region=details["region"],
                function=details["function"],
                toolkit=details["toolkit_version"],
                opens=date.fromisoformat(details["opened_on"]) if details["opened_on"] else date.min,
                closes=closes(details["closed_on"]),
                ratings=ratings,
                exempt=exempt,
                states=latest,
                worked_on={number for _, number in own},
                touched=touched,
                quiet_since=touched or versions[0][0],
                statement=_statement(history.statements.get(identity, []), at),
                live_on=_live_on(history, identity, at),
            )
        )
    return sorted(found, key=lambda prison: prison.code)


def _live_on(history: History, identity: int, at: datetime) -> str | None:
    """The first go-live that was confirmed since the last end of the service."""
    last_end = max((when for when in history.ends.get(identity, []) if when <= at), default=None)
    for when, kind, state in history.statements.get(identity, []):
        if kind == "live" and when <= at and (last_end is None or when > last_end):
            found: str = state["live_on"]
            return found
    return None


def _statement(events: list[tuple[datetime, str, dict[str, Any]]], at: datetime) -> dict[str, Any] | None:
    latest: dict[str, dict[str, Any]] = {}
    for when, kind, state in events:
        if when <= at:
            earlier = latest.get(state["id"], {})
            latest[state["id"]] = {
                **state,
                "raised_at": when if kind == "raised" else earlier.get("raised_at"),
                "issued_at": when if kind == "issued" else earlier.get("issued_at"),
            }
    open_ones = [one for one in latest.values() if one["status"] in ("raised", "issued")]
    return next((one for one in open_ones if one["status"] == "issued"), open_ones[0] if open_ones else None)


def dashboard(history: History, region: str | None, at: datetime) -> dict[str, Any]:
    """The figures of a dashboard at a moment, but for titles."""
    day = day_of(at)
    known = [one for one in programme_at(history, at) if region in (None, one.region)]
    prisons = [one for one in known if one.is_open(day)]
    near = [one for one in prisons if one.blockers and one.statement is None]
    quiet = [one for one in prisons if day_of(one.quiet_since) <= day - timedelta(days=28)]
    planned = [one for one in prisons if _planned(one, day)]
    found = summary(known, day)
    found |= {
        "blocking": _ranked(prisons),
        "nearest": [(one.code, len(one.blockers)) for one in sorted(near, key=lambda o: (len(o.blockers), o.code))][
            :10
        ],
        "quiet": len(quiet),
        "quietest": [
            (one.code, text(one.touched)) for one in sorted(quiet, key=lambda o: (o.quiet_since, o.code))[:10]
        ],
        "planned": len(planned),
        "soonest": [
            one.code for one in sorted(planned, key=lambda o: (str((o.statement or {})["go_live_date"]), o.code))
        ],
        "trend": trend(history, region, at),
    }
    return found


def summary(known: list[Prison], day: date) -> dict[str, Any]:
    prisons = [one for one in known if one.is_open(day)]
    statuses = [one.statement["status"] for one in prisons if one.statement]
    return {
        "prisons": len(prisons),
        "closed": len(known) - len(prisons),
        # A prison that is eligible may be ready as well: the stage is the furthest that holds.
        "stages": {stage: sum(one.stage == stage for one in prisons) for stage in STAGES},
        "commissioning_ready": sum(one.is_ready for one in prisons),
        "eligible": sum(not one.blockers for one in prisons),
        "live": sum(one.stage == "live" for one in prisons),
        "statements": {
            "raised": statuses.count("raised"),
            "issued": statuses.count("issued"),
            "in_breach": sum((one.statement or {}).get("standing") == "in_breach" for one in prisons),
        },
    }


def _ranked(prisons: list[Prison]) -> list[tuple[int, int]]:
    counts = Counter(number for one in prisons for number in one.blockers)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _planned(one: Prison, day: date) -> bool:
    if one.statement is None or one.live_on:
        return False
    return day <= date.fromisoformat(one.statement["go_live_date"]) <= day + timedelta(days=90)


def trend(history: History, region: str | None, at: datetime) -> list[tuple[str, int, int, int, int]]:
    """One entry for the end of each month since the first registration in the scope; the last for the moment."""
    found: list[tuple[str, int, int, int, int]] = []
    months = sorted({f"{day_of(when):%Y-%m}" for versions in history.details.values() for when, _ in versions[:1]})
    year, month = map(int, months[0].split("-"))
    while (year, month) <= (day_of(at).year, day_of(at).month):
        following = date(year + month // 12, month % 12 + 1, 1)
        then = min(end_of(following - timedelta(days=1)), at)
        known = [one for one in programme_at(history, then) if region in (None, one.region)]
        if known or found:
            of = summary(known, day_of(then))
            found.append((f"{year}-{month:02}", of["prisons"], of["commissioning_ready"], of["eligible"], of["live"]))
        year, month = following.year, following.month
    return found


def shown(answer: dict[str, Any]) -> dict[str, Any]:
    """A dashboard's answer in the same shape."""
    plain = ("prisons", "closed", "stages", "commissioning_ready", "eligible", "live", "statements")
    return {name: answer[name] for name in plain} | {
        "blocking": [(one["number"], one["prisons"]) for one in answer["blocking"]],
        "nearest": [(one["code"], one["blockers"]) for one in answer["nearest"]],
        "quiet": answer["without_update"]["prisons"],
        "quietest": [(one["code"], one["last_update"]) for one in answer["without_update"]["items"]],
        "planned": answer["go_live_dates"]["prisons"],
        "soonest": [one["code"] for one in answer["go_live_dates"]["items"]],
        "trend": [
            tuple(one[name] for name in ("month", "prisons", "commissioning_ready", "eligible", "live"))
            for one in answer["trend"]
        ],
    }


def return_rows(history: History, month: str, at: datetime) -> list[dict[str, Any]]:
    """The rows of a month's return as answered at a moment."""
    year, number = map(int, month.split("-"))
    first = date(year, number, 1)
    last = date(year + number // 12, number % 12 + 1, 1) - timedelta(days=1)
    then, day = (end_of(last), last) if at > end_of(last) else (at, day_of(at))
    return [_row(one, day) for one in programme_at(history, then) if one.opens <= day and one.closes >= first]


def counts(one: Prison) -> dict[str, int]:
    return {word.lower(): one.counting.count(word) for word in ("RED", "AMBER", "GREEN", "EXEMPT")}


def _row(one: Prison, day: date) -> dict[str, Any]:
    statement = one.statement
    return {
        "code": one.code,
        "name": one.name,
        "region": {"slug": one.region, "name": REGIONS[one.region]},
        "function": one.function,
        "toolkit_version": one.toolkit,
        "stage": one.stage,
        "commissioning_ready": one.is_ready,
        "eligible": not one.blockers,
        "counts": counts(one),
        "ratings": {str(number): rating for number, rating in enumerate(one.counting, start=1)},
        "blockers": one.blockers,
        "exempt": sorted(one.exempt),
        "live_on": one.live_on,
        "statement": statement
        and {
            **{name: statement[name] for name in ("serial", "status", "standing", "go_live_date")},
            **{name: text(statement[name]) for name in ("raised_at", "issued_at")},
        },
        "last_update": text(one.touched),
        "stale": day_of(one.quiet_since) <= day - timedelta(days=28),
    }


def text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
