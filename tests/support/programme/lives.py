"""What happened in a programme, counted from the raw history: so that a random test can say what it has met."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from tests.support.programme.recount import History, closes, day_of

RANKS = ("RED", "AMBER", "GREEN")
STATEMENT_STEPS = (
    *("raised", "signed", "issued", "lapsed", "breached", "recovered", "withdrawn", "superseded"),
    *("live", "go_live_date_moved"),
)
LIVES = (
    *("rated up", "rated down", "exempted", "exemption ended", "evidence withdrawn", "target date given"),
    *("challenged", "challenge answered", "challenge closed"),
    *(f"statement {step}" for step in STATEMENT_STEPS),
    "service ended",
    *("region changed", "renamed", "toolkit changed", "closed", "reopened"),
    *("opened by the calendar", "closed by the calendar"),
)


def lives_in(history: History, since: datetime, now: datetime) -> Counter[str]:
    """How often each of `LIVES` occurred after `since`."""
    found: Counter[str] = Counter()
    for sections in history.sections.values():
        found.update(_of_sections([one for one in sections if one[0] > since]))
    for said in history.reviews.values():
        found.update(_of_challenge(state) for when, state in said if when > since and state["kind"] == "challenged")
    for events in history.statements.values():
        found.update(f"statement {kind}" for when, kind, _ in events if when > since)
    for ends in history.ends.values():
        found["service ended"] += sum(when > since for when in ends)
    for versions in history.details.values():
        found.update(_of_corrections(versions, since))
        found.update(_of_calendar(versions, since, now))
    return found


def _of_challenge(state: dict[str, Any]) -> str:
    """Which step made it what it is."""
    if state["closed"]:
        return "challenge closed"
    return "challenge answered" if state["answer"] else "challenged"


def _of_sections(changes: list[tuple[datetime, int, dict[str, Any]]]) -> Iterator[str]:
    """Nothing was rated before the changes began."""
    before: dict[int, dict[str, Any]] = {}
    for _, number, after in changes:
        earlier = before.get(number, {"rating": "RED", "exemption": None, "evidence": [], "target_date": None})
        step = RANKS.index(after["rating"]) - RANKS.index(earlier["rating"])
        if step:
            yield "rated up" if step > 0 else "rated down"
        if after["exemption"] and not earlier["exemption"]:
            yield "exempted"
        if earlier["exemption"] and not after["exemption"]:
            yield "exemption ended"
        if len(after["evidence"]) < len(earlier["evidence"]):
            yield "evidence withdrawn"
        if after["target_date"] and after["target_date"] != earlier["target_date"]:
            yield "target date given"
        before[number] = after


def _of_corrections(versions: list[tuple[datetime, dict[str, Any]]], since: datetime) -> Iterator[str]:
    for (_, before), (at, after) in pairwise(versions):
        if at <= since:
            continue
        for name, life in (("region", "region changed"), ("name", "renamed"), ("toolkit_version", "toolkit changed")):
            if after[name] != before[name]:
                yield life
        was_open, is_open = (closes(one["closed_on"]) >= day_of(at) for one in (before, after))
        if was_open is not is_open:
            yield "reopened" if is_open else "closed"


def _of_calendar(versions: list[tuple[datetime, dict[str, Any]]], since: datetime, now: datetime) -> Iterator[str]:
    """What came about at a midnight between two changes."""
    ends = [at for at, _ in versions[1:]] + [now]
    for (at, state), end in zip(versions, ends, strict=True):
        first, last = day_of(max(at, since)), day_of(end)
        opens = date.fromisoformat(state["opened_on"]) if state["opened_on"] else date.min
        if first < opens <= last:
            yield "opened by the calendar"
        if first <= closes(state["closed_on"]) < last:
            yield "closed by the calendar"
