"""A statement's life by the rules: tables of what may happen to it, and what the ratings do to it (rule 7)."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from app.rules.assessment import Assessment, EvidenceRef, Exemption
from app.rules.go_live import GoLive
from app.rules.going_live import has_passed, may_be_moved, may_end, may_go_live, was_eligible
from app.rules.raising import amber_without_plan, may_be_raised, missing_signatories
from app.rules.readiness import judge_ratings
from app.rules.statement import (
    OPEN,
    Standing,
    StatementFacts,
    StatementStatus,
    Step,
    after_steps,
    counting,
    event_kind,
    follow,
    may_be_replaced,
    may_be_signed,
    may_be_withdrawn,
    people_in_two_roles,
    serial_number,
    steps_followed,
)
from app.rules.types import Rating
from tests.support.shipped import shipped_book, shipped_toolkit

RAISED, ISSUED = StatementStatus.RAISED, StatementStatus.ISSUED
LAPSED, WITHDRAWN, SUPERSEDED = StatementStatus.LAPSED, StatementStatus.WITHDRAWN, StatementStatus.SUPERSEDED
PLANNED = date(2026, 12, 1)
IN_FORCE, IN_BREACH = Standing.IN_FORCE, Standing.IN_BREACH


def go_live(*below: int) -> GoLive:
    """The verdict of a prison with these sections RED and every other one GREEN."""
    ratings = [Rating.RED if number in below else Rating.GREEN for number in range(1, 36)]
    return judge_ratings(shipped_book(), ratings).go_live


def statement(status: StatementStatus = RAISED, *breached: int, identity: str = "a", **more) -> StatementFacts:
    standing = (IN_BREACH if breached else IN_FORCE) if status is ISSUED else None
    serial = "SOR-LWI-2026-001" if status is ISSUED else None
    facts = StatementFacts(identity, serial, status, standing, "d" * 64, PLANNED, PLANNED, None, breached)
    return replace(facts, **more)


def code_of(reason) -> str | None:
    return None if reason is None else reason.code


@pytest.mark.parametrize(
    ("before", "below", "after", "kind"),
    [
        (statement(RAISED), (), statement(RAISED), None),
        (statement(RAISED), (5,), statement(LAPSED), "lapsed"),
        (statement(RAISED), (1, 35), statement(LAPSED), "lapsed"),
        (statement(ISSUED), (), statement(ISSUED), None),
        (statement(ISSUED), (5,), statement(ISSUED, 5), "breached"),
        (statement(ISSUED), (7, 8, 30), statement(ISSUED, 7, 8, 30), "breached"),
        # One more or one fewer section is told as a breach of its own.
        (statement(ISSUED, 5), (5, 6), statement(ISSUED, 5, 6), "breached"),
        (statement(ISSUED, 5, 6), (6,), statement(ISSUED, 6), "breached"),
        (statement(ISSUED, 5), (5,), statement(ISSUED, 5), None),
        (statement(ISSUED, 5), (), statement(ISSUED), "recovered"),
        # What has ended stays as it ended.
        (statement(LAPSED), (), statement(LAPSED), None),
        (statement(LAPSED), (5,), statement(LAPSED), None),
        (statement(WITHDRAWN), (5,), statement(WITHDRAWN), None),
        (statement(SUPERSEDED), (5,), statement(SUPERSEDED), None),
    ],
)
def test_a_statement_follows_the_ratings(before, below, after, kind):
    found = follow(before, go_live(*below))
    assert found == after
    assert (None if found == before else event_kind(before, found)) == kind


@pytest.mark.parametrize("status", [RAISED, ISSUED])
@pytest.mark.parametrize("live_on", [None, date(2026, 12, 2)])
def test_following_keeps_what_the_ratings_say_nothing_about(status, live_on):
    before = statement(status, live_on=live_on)
    after = follow(before, go_live(5))
    assert (after.id, after.serial, after.digest, after.go_live_date, after.live_on) == (
        before.id,
        before.serial,
        before.digest,
        before.go_live_date,
        live_on,
    )


# Which sections are below their minimum after each change of ratings; often none.
CHANGES = st.lists(st.just(set()) | st.sets(st.integers(1, 35), max_size=4), min_size=1, max_size=6)


@given(CHANGES)
def test_an_issued_statement_says_only_what_the_last_ratings_say(changes):
    one = statement(ISSUED)
    for below in changes:
        one = follow(one, go_live(*below))
    event("in breach" if changes[-1] else "recovered" if any(changes) else "never in breach")
    assert one == statement(ISSUED, *sorted(changes[-1]))


@given(CHANGES)
def test_a_raised_statement_lapses_at_the_first_fall_and_stays_so(changes):
    one = statement(RAISED)
    for below in changes:
        one = follow(one, go_live(*below))
    event("lapsed" if any(changes) else "open")
    assert one.status is (LAPSED if any(changes) else RAISED)


@pytest.mark.parametrize(
    ("below", "open_statuses", "code"),
    [
        ((), [], None),
        # A renewal: the issued one is superseded once the new one has its last signature.
        ((), [ISSUED], None),
        ((), [RAISED], "statement-already-open"),
        ((), [ISSUED, RAISED], "statement-already-open"),
        ((5,), [], "not-eligible"),
        ((5,), [ISSUED], "not-eligible"),
        ((5,), [RAISED], "statement-already-open"),
    ],
)
def test_a_statement_may_be_raised_while_eligible_and_none_waits_for_signatures(below, open_statuses, code):
    assert code_of(may_be_raised(go_live(*below), open_statuses)) == code


def test_the_refusal_to_raise_names_every_section_below_its_minimum():
    reason = may_be_raised(go_live(3, 21), [])
    assert reason is not None
    assert "3, 21" in reason.detail


@pytest.mark.parametrize(
    ("status", "signed", "code"),
    [
        (RAISED, False, None),
        (RAISED, True, "already-signed"),
        *(
            (status, signed, "statement-not-open")
            for status in StatementStatus
            if status is not RAISED
            for signed in (0, 1)
        ),
    ],
)
def test_a_role_signs_once_and_only_while_the_statement_is_raised(status, signed, code):
    assert code_of(may_be_signed(status, bool(signed))) == code


@pytest.mark.parametrize("status", list(StatementStatus))
def test_what_is_open_may_be_withdrawn_and_by_the_prison_before_issue_alone(status):
    expected = None if status in (RAISED, ISSUED) else "statement-not-open"
    assert code_of(may_be_withdrawn(status, by_prison=False)) == expected
    assert (status in OPEN) is (expected is None)
    by_prison = "issued-already" if status is ISSUED else expected
    assert code_of(may_be_withdrawn(status, by_prison=True)) == by_prison


WHO, WHEN, WHAT = {"lead": "A. Lead"}, {"target_date": PLANNED}, {"comment": "Two nurses start"}
SEEN = {"evidence": (EvidenceRef("e", PLANNED),)}
UNSOUND = {"evidence": (EvidenceRef("e", PLANNED, sound=False),)}
EXEMPTION = {"exemption": Exemption("No such unit", "Regional lead", "2026-03-01")}


@pytest.mark.parametrize(
    ("given", "gaps"),
    [
        ({}, ["lead", "target_date", "comment"]),
        (WHO | WHEN | WHAT, []),
        (WHO | WHEN | SEEN, []),
        (WHO | WHEN, ["comment"]),
        (WHO | WHEN | UNSOUND, ["comment"]),
        (WHO | WHEN | {"comment": " \u200b"}, ["comment"]),
        (WHO | WHEN | {"comment": "..."}, ["comment"]),
        ({"lead": "."} | WHEN | WHAT, ["lead"]),
        (WHO | WHAT, ["target_date"]),
        (WHEN | WHAT, ["lead"]),
        (EXEMPTION, []),
        ({"rating": Rating.GREEN}, []),
        ({"rating": Rating.RED}, []),
    ],
)
def test_an_amber_section_says_what_is_left_to_do_who_does_it_and_by_when(given, gaps):
    one = Assessment(14, 1, **({"rating": Rating.AMBER} | given))
    found = amber_without_plan([Assessment(13, 1, Rating.GREEN), one])
    assert [reason.pointer for reason in found] == [f"/sections/14/{name}" for name in gaps]
    assert {reason.code for reason in found} <= {"amber-without-plan"}


@pytest.mark.parametrize("status", list(StatementStatus))
@pytest.mark.parametrize("has_signed", [False, True])
def test_a_person_gives_way_to_another_before_they_sign(status, has_signed):
    expected = "statement-not-open" if status is not RAISED else "already-signed" if has_signed else None
    assert code_of(may_be_replaced(status, has_signed)) == expected


@pytest.mark.parametrize("status", list(StatementStatus))
@pytest.mark.parametrize("live_on", [None, PLANNED])
def test_the_planned_date_is_moved_while_the_statement_is_open_and_not_live(status, live_on):
    expected = "already-live" if live_on else None if status in OPEN else "statement-not-open"
    assert code_of(may_be_moved(statement(status, live_on=live_on))) == expected


@pytest.mark.parametrize(("days", "code"), [(-1, None), (0, None), (1, "go-live-date-passed")])
def test_nothing_is_issued_past_its_planned_date(days, code):
    assert code_of(has_passed(statement(), PLANNED + timedelta(days=days))) == code


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Ann Lee", "Bo Day", "Cy Fox"], []),
        (["Ann Lee", "ann  LEE", "Cy Fox"], [("a", "b")]),
        (["Ann Lee", "Bo Day", "Ann Lee"], [("a", "c")]),
        (["Ann Lee"] * 3, [("a", "b", "c")]),
    ],
)
def test_one_name_in_several_roles_is_noted(names, expected):
    found = people_in_two_roles(zip("abc", ("The A", "The B", "The C"), names, strict=True))
    assert [one.roles for one in found] == expected
    assert all(re.match("Ann Lee stands for The A(, for The B)? and for The ", one.detail) for one in found)


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (statement(ISSUED), None),
        (statement(ISSUED, 5), None),
        (statement(ISSUED, live_on=date(2026, 12, 2)), "already-live"),
        *((statement(status), "statement-not-issued") for status in set(StatementStatus) - {ISSUED}),
    ],
)
def test_go_live_takes_an_issued_statement(one, code):
    assert code_of(may_go_live(one)) == code


# AMBER is a minimum for section 7; RED never is.
@pytest.mark.parametrize(("below", "code"), [((), None), ((5,), "not-eligible"), ((7,), "not-eligible")])
def test_go_live_takes_the_minima_of_the_day(below, code):
    assert code_of(was_eligible(go_live(*below), PLANNED)) == code


@pytest.mark.parametrize(("live_on", "code"), [(None, "not-live"), (PLANNED, None)])
def test_the_service_of_a_live_prison_alone_can_end(live_on, code):
    assert code_of(may_end(live_on)) == code


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], None),
        ([LAPSED, WITHDRAWN, SUPERSEDED], None),
        ([RAISED], RAISED),
        ([ISSUED], ISSUED),
        ([RAISED, ISSUED], ISSUED),
        ([ISSUED, RAISED], ISSUED),
        ([SUPERSEDED, RAISED], RAISED),
    ],
)
def test_an_issued_statement_counts_before_a_raised_one(statements, expected):
    found = counting([statement(status, identity=str(place)) for place, status in enumerate(statements)])
    assert (None if found is None else found.status) == expected


@pytest.mark.parametrize(
    ("code", "year", "count", "serial"),
    [
        ("LWI", 2026, 1, "SOR-LWI-2026-001"),
        ("MSI", 2027, 42, "SOR-MSI-2027-042"),
        ("LWI", 2026, 1000, "SOR-LWI-2026-1000"),
    ],
)
def test_a_serial_names_prison_year_and_number(code, year, count, serial):
    assert serial_number(code, year, count) == serial


def test_every_required_role_needs_a_person_and_each_missing_one_is_named():
    toolkit = shipped_toolkit()
    required = [role for role in toolkit.signatory_roles if role.required]
    keys = [role.key for role in required]
    assert missing_signatories(toolkit, keys) is None
    assert missing_signatories(toolkit, keys[::-1]) is None
    for role in required:
        reason = missing_signatories(toolkit, [key for key in keys if key != role.key])
        assert reason is not None
        assert (reason.code, reason.pointer) == ("signatory-missing", "/signatories")
        assert f"{role.title} ({role.key})" in reason.detail
        assert not any(f"({key})" in reason.detail for key in keys if key != role.key)


def test_a_role_that_is_not_required_may_be_left_out():
    toolkit = shipped_toolkit()
    first, *rest = toolkit.signatory_roles
    relaxed = replace(toolkit, signatory_roles=(replace(first, required=False), *rest))
    assert missing_signatories(relaxed, [role.key for role in rest]) is None


def test_each_statement_that_the_ratings_move_takes_a_step_with_the_reason():
    raised, issued, ended = statement(RAISED, identity="a"), statement(ISSUED, identity="b"), statement(LAPSED)
    breach = statement(ISSUED, 5, 7, identity="b")
    assert steps_followed([raised, issued, ended], go_live(5, 7)) == (
        Step("lapsed", raised, statement(LAPSED, identity="a"), "below their minimum before issue: section 5, 7"),
        Step("breached", issued, breach, "below their minimum after issue: section 5, 7"),
    )
    breached = statement(ISSUED, 5)
    assert steps_followed([breached], go_live()) == (
        Step("recovered", breached, statement(ISSUED), "every section meets its minimum again"),
    )
    assert steps_followed([raised, issued, ended], go_live()) == ()


def test_after_its_steps_a_prison_has_the_statements_that_are_open():
    raised, issued = statement(RAISED, identity="a"), statement(ISSUED, identity="b")
    renewed = statement(ISSUED, identity="a")
    superseded = statement(SUPERSEDED, identity="b")
    steps = [Step("superseded", issued, superseded), Step("issued", raised, renewed)]
    assert after_steps([raised, issued], steps) == (renewed,)
    assert after_steps([raised, issued], []) == (raised, issued)
    assert after_steps([], [Step("raised", None, raised)]) == (raised,)
