"""The figures that a dashboard adds for a regional manager, recounted from the raw history as in `recount`."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from tests.support.programme.recount import COMMISSIONING, STAGES, History, Prison, day_of, end_of, programme_at

FUNCTIONS = ("local", "trainer", "open", "high security", "young offender")
GROUPS = ((1, 6), (7, 9), (10, 13), (14, 20), (21, 26), (27, 29), (30, 30), (31, 35))
RANKS = ("RED", "AMBER", "GREEN")


def figures(history: History, region: str | None, at: datetime) -> dict[str, Any]:
    """What a dashboard says at a moment, but for names and titles."""
    day = day_of(at)
    prisons = _open_ones(history, region, at, day)
    overdue = {one.code: late for one in prisons if (late := _overdue(one, day))}
    waiting = [one for prison in prisons for one in _waiting(history, prison, at)]
    return {
        "sections": [_ratings([one.counting[n - 1] for one in prisons], _idle(prisons, [n])) for n in range(1, 36)],
        "groups": [_of_sections(prisons, range(first, last + 1)) for first, last in GROUPS],
        "functions": {name: _of_function([one for one in prisons if one.function == name]) for name in FUNCTIONS},
        "staff": [_staff(prisons, number) for number in (14, 16)],
        "blocking_commissioning": _ranked(
            Counter(n for one in prisons for n in COMMISSIONING if one.ratings[n - 1] != "GREEN")
        ),
        "eligible_without_statement": sorted(
            one.code for one in prisons if not one.blockers and one.statement is None and one.stage != "live"
        ),
        "waiting": sorted((role, code) for code, roles in waiting for role in roles),
        "waiting_statements": len(waiting),
        "in_breach": {
            one.code: one.blockers for one in prisons if (one.statement or {}).get("standing") == "in_breach"
        },
        "overdue": overdue,
        "overdue_sections": sum(len(numbers) for numbers, _ in overdue.values()),
        "challenged": {one.code: count for one in prisons if (count := _challenges(history, one, at))},
        "passed": sorted(
            (one.statement["go_live_date"], one.code)
            for one in prisons
            if one.statement and not one.live_on and one.statement["go_live_date"] < str(day)
        ),
        "moved": sorted(Counter(cause for one in prisons for cause in _moves(history, one, at)).items()),
        "movement": _movement(history, region, prisons, day),
    }


def shown_figures(answer: dict[str, Any]) -> dict[str, Any]:
    """A dashboard's answer in the same shape. No list is longer here than it shows."""
    return {
        "sections": [_ratings_of(one) for one in answer["sections"]],
        "groups": [_ratings_of(one) for one in answer["groups"]],
        "functions": {
            one["function"]: (
                *(one[name] for name in ("prisons", "commissioning_ready", "eligible", "live")),
                _ratings_of(one),
            )
            for one in answer["functions"]
        },
        "staff": [tuple(one[name] for name in ("in_post", "required", "prisons")) for one in answer["staff"]],
        "blocking_commissioning": [(one["number"], one["prisons"]) for one in answer["blocking_commissioning"]],
        "eligible_without_statement": [one["code"] for one in answer["eligible_without_statement"]["items"]],
        "waiting": sorted((role, one["code"]) for one in answer["waiting"]["items"] for role in one["awaiting"]),
        "waiting_statements": answer["waiting"]["statements"],
        "in_breach": {one["code"]: one["sections"] for one in answer["in_breach"]["items"]},
        "overdue": {one["code"]: (one["sections"], one["earliest"]) for one in answer["overdue_targets"]["items"]},
        "overdue_sections": answer["overdue_targets"]["sections"],
        "challenged": {one["code"]: one["challenges"] for one in answer["open_challenges"]["items"]},
        "passed": [(one["go_live_date"], one["code"]) for one in answer["passed_go_live_dates"]["items"]],
        "moved": sorted((one["cause"], one["moves"]) for one in answer["moved_go_live_dates"]),
        "movement": answer["movement"],
    }


def _open_ones(history: History, region: str | None, at: datetime, day: date) -> list[Prison]:
    return [one for one in programme_at(history, at) if region in (None, one.region) and one.is_open(day)]


def _ratings(words: list[str], idle: int) -> tuple[int, ...]:
    return (*(words.count(word) for word in (*RANKS, "EXEMPT")), idle)


def _ratings_of(one: dict[str, int]) -> tuple[int, ...]:
    return tuple(one[name] for name in ("red", "amber", "green", "exempt", "never_updated"))


def _idle(prisons: list[Prison], numbers: list[int]) -> int:
    """How many of the sections count, and nobody at the prison has ever worked on them."""
    return sum(n not in one.worked_on and n not in one.exempt for one in prisons for n in numbers)


def _of_sections(prisons: list[Prison], numbers: range) -> tuple[int, ...]:
    return _ratings([one.counting[n - 1] for one in prisons for n in numbers], _idle(prisons, list(numbers)))


def _of_function(prisons: list[Prison]) -> tuple[Any, ...]:
    reached = (sum(one.is_ready for one in prisons), sum(not one.blockers for one in prisons))
    live = sum(one.stage == "live" for one in prisons)
    return (len(prisons), *reached, live, _of_sections(prisons, range(1, 36)))


def _staff(prisons: list[Prison], number: int) -> tuple[float, float, int]:
    states = [one.states.get(number, {}) for one in prisons]
    known = [(state["staff_in_post"], state["staff_required"]) for state in states if state.get("staff_required")]
    known = [pair for pair in known if pair[0] is not None]
    return sum(post for post, _ in known), sum(required for _, required in known), len(known)


def _ranked(counts: Counter[int]) -> list[tuple[int, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _overdue(one: Prison, day: date) -> tuple[list[int], str] | None:
    late = {
        number: state["target_date"]
        for number, state in one.states.items()
        if one.counting[number - 1] in ("RED", "AMBER") and state["target_date"] and state["target_date"] < str(day)
    }
    return (sorted(late), min(late.values())) if late else None


def _waiting(history: History, prison: Prison, at: datetime) -> list[tuple[str, list[str]]]:
    latest: dict[str, str] = {}
    for when, _, state in history.statements.get(prison.id, []):
        if when <= at:
            latest[state["id"]] = state["status"]
    return [
        (prison.code, [role for role, signed_at in history.signatories[one] if signed_at is None or signed_at > at])
        for one, status in latest.items()
        if status == "raised"
    ]


def _challenges(history: History, prison: Prison, at: datetime) -> int:
    latest = {state["id"]: state for when, state in history.reviews.get(prison.id, []) if when <= at}
    return sum(one["kind"] == "challenged" and one["closed"] is None for one in latest.values())


def _moves(history: History, prison: Prison, at: datetime) -> list[str]:
    return [cause for when, cause in history.moves.get(prison.id, []) if when <= at]


def _movement(history: History, region: str | None, prisons: list[Prison], day: date) -> dict[str, Any]:
    since = day.replace(day=1) - timedelta(days=1)
    before = {one.code: one for one in _open_ones(history, region, end_of(since), since)}
    pairs = [(before[one.code], one) for one in prisons if one.code in before]
    stages = [STAGES.index(now.stage) - STAGES.index(then.stage) for then, now in pairs]
    ratings = [
        RANKS.index(now.counting[n]) - RANKS.index(then.counting[n])
        for then, now in pairs
        for n in range(35)
        if "EXEMPT" not in (then.counting[n], now.counting[n])
    ]
    return {
        "since": str(since),
        "prisons": {
            "improved": sum(one > 0 for one in stages),
            "worsened": sum(one < 0 for one in stages),
            "unchanged": stages.count(0),
            "new": len(prisons) - len(pairs),
            "left": len(before) - len(pairs),
        },
        "sections": {"improved": sum(one > 0 for one in ratings), "worsened": sum(one < 0 for one in ratings)},
    }
