"""Every sentence with which a rule refuses, whole: what a lead, a signatory or an integrator reads."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.rules.access import Permission, Principal, Role, key_scope_fault, refusal, scope_refusal
from app.rules.assessment import Assessment, EvidenceRef, Exemption
from app.rules.evidence import withdrawal_leaves_green_bare
from app.rules.going_live import has_passed, may_be_moved, may_end, may_go_live, was_eligible
from app.rules.raising import amber_without_plan, may_be_raised, missing_signatories, open_challenges
from app.rules.readiness import judge, judge_ratings
from app.rules.returns import Month, may_be_frozen
from app.rules.review import Review, ReviewKind
from app.rules.section import (
    exemption_allowed,
    green_needs_evidence,
    green_needs_outcomes,
    staffing_supports_rating,
    star_outstanding,
)
from app.rules.staleness import stale_warnings, unrecorded_warnings
from app.rules.statement import (
    StatementFacts,
    StatementStatus,
    may_be_replaced,
    may_be_signed,
    may_be_withdrawn,
    steps_followed,
    would_lapse,
)
from app.rules.substance import Item, lacks_substance
from app.rules.types import EvidenceKind, Function, Missing, OutcomeStatus, Rating, Reason, SectionFacts, StaffMissing
from tests.rules.test_evidence import DAY, assessment
from tests.support.shipped import all_met, shipped_book, shipped_toolkit

TOOLKIT = shipped_toolkit()
SECTION = TOOLKIT.section
R, A, G = Rating.RED, Rating.AMBER, Rating.GREEN
PLANNED = date(2026, 12, 1)
LEAD = Principal("key:1", "Lead", Role.PRISON, prison="LWI")
REGIONAL = Principal("key:2", "Regional lead", Role.REGION, region="south-east")
OUTSTANDING = dict.fromkeys([one.key for one in SECTION(5).required_outcomes], OutcomeStatus.OUTSTANDING)


def only(reasons: Iterator[Reason]) -> Reason:
    (reason,) = reasons
    return reason


def go_live(*below: int):
    return judge_ratings(shipped_book(), [R if number in below else G for number in range(1, 36)]).go_live


def statement(status: StatementStatus, live_on: date | None = None) -> StatementFacts:
    return StatementFacts("a", None, status, None, "d" * 64, PLANNED, PLANNED, live_on, ())


def challenge(section: int) -> Review:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    return Review("r", section, 1, ReviewKind.CHALLENGED, "Why so?", None, None, None, "Regional lead", at)


# Asked for by the test itself, so that whatever works them out is known to be tried by it.
REFUSALS = [
    (
        lambda: refusal(LEAD, Permission.REGISTER_PRISONS),
        "role-not-allowed",
        "A prison key may not register prisons. Use a key with the role admin.",
        None,
    ),
    (
        lambda: refusal(LEAD, Permission.VERIFY_AUDIT),
        "role-not-allowed",
        "A prison key may not verify the audit trail. Use a key with the role region or national or admin.",
        None,
    ),
    (
        lambda: scope_refusal(LEAD, prison="BXI", region="london"),
        "out-of-scope",
        "This key is for the prison LWI; BXI is outside it. Use a key whose scope covers it.",
        None,
    ),
    (
        lambda: scope_refusal(REGIONAL, prison="BXI", region="london"),
        "out-of-scope",
        "This key is for the region south-east; BXI is outside it. Use a key whose scope covers it.",
        None,
    ),
    (
        lambda: key_scope_fault(Role.PRISON, prison=None, region=None, signatory_role=None),
        "invalid-key-scope",
        "A prison key needs a prison: give one.",
        "/prison",
    ),
    (
        lambda: key_scope_fault(Role.NATIONAL, prison=None, region="london", signatory_role=None),
        "invalid-key-scope",
        "A national key takes no region: leave it out.",
        "/region",
    ),
    (
        lambda: only(staffing_supports_rating(SECTION(14), SectionFacts(14, A))),
        "staffing-figures-needed",
        "Section 14 (Recruitment of clinical staff) can be AMBER only with its staffing figures: "
        "send staff_in_post and staff_required together with the rating.",
        "/staff_in_post",
    ),
    (
        lambda: only(staffing_supports_rating(SECTION(16), SectionFacts(16, A, Decimal(1_499), Decimal(2_000)))),
        "staffing-below-threshold",
        "Section 16 (Recruitment of CARAT staff) can be AMBER only with at least 75 % of the required staff in post: "
        "1,499 of 2,000 are, and 1,500 are needed. Appoint 1 more, or send a lower rating.",
        "/rating",
    ),
    (
        lambda: only(green_needs_evidence(SECTION(5), SectionFacts(5, G))),
        "green-needs-evidence",
        "Section 5 (Local Risk Register) can be GREEN only with evidence that someone can look at: add a document with "
        "its file or where it is kept, a link with its address, or a note whose text says what was seen.",
        "/evidence",
    ),
    (
        lambda: only(green_needs_outcomes(SECTION(5), SectionFacts(5, G, outcomes=OUTSTANDING))),
        "green-needs-outcomes",
        "Section 5 (Local Risk Register) can be GREEN only when every required outcome is recorded as met. Not met "
        "yet: The risk register is part of the Statement of Readiness action plan; Suitable actions against the risks "
        "are part of that same action plan. Record them in outcomes (risk_register_in_action_plan, "
        "risk_actions_in_action_plan) once they are met, or send a lower rating.",
        "/outcomes",
    ),
    (
        lambda: only(star_outstanding({"*": OutcomeStatus.OUTSTANDING})),
        "star-outstanding",
        '"*" takes "met" alone: name the outcomes that are outstanding by their own keys.',
        "/outcomes/*",
    ),
    (
        lambda: lacks_substance(Item(EvidenceKind.NOTE, None, "x", has_file=False)),
        "note-says-too-little",
        "A note needs a text of at least 20 characters, 10 of them letters or digits: say what was seen, where and "
        "when.",
        "/text",
    ),
    (
        lambda: lacks_substance(Item(EvidenceKind.LINK, "Plan", None, has_file=False)),
        "link-without-address",
        "A link needs its whole address as reference, with http or https, such as https://example.org/plan.",
        "/reference",
    ),
    (
        lambda: lacks_substance(Item(EvidenceKind.DOCUMENT, " ", None, has_file=False)),
        "document-without-place",
        "A document needs a reference that says where it is kept: send one, or upload its file.",
        "/reference",
    ),
    (
        lambda: exemption_allowed(SECTION(7), Function.LOCAL),
        "section-not-exemptible",
        "Section 7 (Residential stabilisation unit/wing (local prison)) cannot be exempted at a local prison: it is "
        "written for local prisons. Rate it instead, or correct the prison's function if it is wrong.",
        None,
    ),
    (
        lambda: exemption_allowed(SECTION(5), Function.OPEN),
        "section-not-exemptible",
        "Section 5 (Local Risk Register) applies to every prison. Rate it instead.",
        None,
    ),
    (
        lambda: withdrawal_leaves_green_bare(TOOLKIT, [assessment(5, G)]),
        "last-evidence-of-green",
        "Section 5 (Local Risk Register) is GREEN and would be left without evidence. Add other evidence first, or "
        "lower the rating to what still holds; then withdraw this item.",
        None,
    ),
    (
        lambda: withdrawal_leaves_green_bare(TOOLKIT, [assessment(5, G), assessment(31, G)]),
        "last-evidence-of-green",
        "Sections 5 (Local Risk Register), 31 (OCA) are GREEN and would be left without evidence. Add other evidence "
        "first, or lower the rating to what still holds; then withdraw this item.",
        None,
    ),
    (
        lambda: may_be_raised(go_live(), [StatementStatus.RAISED]),
        "statement-already-open",
        "A statement has already been raised and waits for signatures. Have it signed, or withdraw it first.",
        None,
    ),
    (
        lambda: open_challenges([challenge(7), challenge(5), challenge(5)]),
        "challenge-open",
        "Your region has challenged section 5, 7. Answer each challenge, and ask the region to close it. Then raise "
        "the statement.",
        None,
    ),
    (
        lambda: amber_without_plan([Assessment(16, 1, A, lead="A. Lead", comment="Two nurses start")])[0],
        "amber-without-plan",
        "section 16 is AMBER: give the date by which it is done",
        "/sections/16/target_date",
    ),
    (
        lambda: may_be_raised(go_live(3, 21), []),
        "not-eligible",
        "A statement can be raised only while the prison is eligible to go live. These sections are below their "
        "minimum: 3, 21. GET the prison's readiness for what each one needs.",
        None,
    ),
    (
        lambda: missing_signatories(TOOLKIT, [role.key for role in TOOLKIT.signatory_roles[2:]]),
        "signatory-missing",
        f"Name a person for each required role; missing: {TOOLKIT.signatory_roles[0].title} (governor), "
        f"{TOOLKIT.signatory_roles[1].title} (idts_lead).",
        "/signatories",
    ),
    (
        lambda: may_be_signed(StatementStatus.ISSUED, False),
        "statement-not-open",
        "This statement is issued and takes no more signatures.",
        None,
    ),
    (
        lambda: may_be_signed(StatementStatus.LAPSED, False),
        "statement-not-open",
        "This statement is lapsed and takes no more signatures. Raise a new one once the prison is eligible again.",
        None,
    ),
    (
        lambda: may_be_signed(StatementStatus.RAISED, True),
        "already-signed",
        "This role has already signed. Nothing more is needed from it.",
        None,
    ),
    (
        lambda: may_be_withdrawn(StatementStatus.ISSUED, by_prison=True),
        "issued-already",
        "This statement has been issued. Ask your region to withdraw it.",
        None,
    ),
    (
        lambda: may_be_replaced(StatementStatus.LAPSED, False),
        "statement-not-open",
        "This statement is lapsed: its signatories stay as they are.",
        None,
    ),
    (
        lambda: may_be_replaced(StatementStatus.RAISED, True),
        "already-signed",
        "This role has signed. Withdraw the statement if another person is to sign it.",
        None,
    ),
    (
        lambda: may_be_moved(statement(StatementStatus.WITHDRAWN)),
        "statement-not-open",
        "This statement is withdrawn, so its planned date stays as it is. Raise a new one with another date.",
        None,
    ),
    (
        lambda: may_be_moved(statement(StatementStatus.ISSUED, date(2026, 12, 2))),
        "already-live",
        "The prison went live on 2026-12-02, so its planned date stays as it is.",
        None,
    ),
    (
        lambda: has_passed(statement(StatementStatus.RAISED), date(2026, 12, 2)),
        "go-live-date-passed",
        "The planned go-live date, 2026-12-01, has passed, and this signature would issue the statement. Have the "
        "prison or its region move the date first: POST /v1/statements/a/go-live-date.",
        None,
    ),
    (
        lambda: may_be_withdrawn(StatementStatus.SUPERSEDED, by_prison=False),
        "statement-not-open",
        "This statement is superseded, so there is nothing to withdraw.",
        None,
    ),
    (
        lambda: may_go_live(statement(StatementStatus.RAISED)),
        "statement-not-issued",
        "Go-live is confirmed on an issued statement; this one is raised.",
        None,
    ),
    (
        lambda: may_go_live(statement(StatementStatus.ISSUED, date(2026, 12, 2))),
        "already-live",
        "Go-live has already been confirmed, for 2026-12-02.",
        None,
    ),
    (
        lambda: may_go_live(
            replace(statement(StatementStatus.ISSUED, date(2026, 12, 2)), service_ended_on=date(2027, 1, 4))
        ),
        "already-live",
        "Go-live has already been confirmed, for 2026-12-02, and the service ended on 2027-01-04. To go live again, "
        "raise a new statement and have it signed.",
        None,
    ),
    (
        lambda: would_lapse(steps_followed([statement(StatementStatus.RAISED)], go_live(3, 21)), go_live(3, 21)),
        "would-lapse-statement",
        "This takes sections 3 and 21 below their minimum. The raised statement would lapse, and its signatures would "
        'be void. Send "accept_lapse": true with the change if that is what you mean.',
        "/accept_lapse",
    ),
    (
        lambda: was_eligible(go_live(3, 21), date(2026, 12, 2)),
        "not-eligible",
        "The prison cannot have gone live on 2026-12-02: these sections were below their minimum at the end of that "
        "day: 3, 21. Confirm a day on which every section met it. The statement stays issued.",
        None,
    ),
    (
        lambda: may_end(None),
        "not-live",
        "The prison is not live, so there is no service to end.",
        None,
    ),
    (
        lambda: may_be_frozen(Month(2026, 10), datetime(2026, 10, 31, 23, tzinfo=UTC)),
        "month-not-over",
        "2026-10 is not over: a return is frozen once its month has ended in London. "
        "GET /v1/returns/2026-10 shows it as it stands.",
        None,
    ),
    (
        lambda: may_be_frozen(Month(2026, 10), datetime(2026, 11, 1, 0, 1, tzinfo=UTC)),
        "month-not-settled",
        "2026-10 has only just ended, and writes from before midnight may still be arriving. "
        "Freeze it 5 minutes after midnight.",
        None,
    ),
]


@pytest.mark.parametrize(("refuse", "code", "detail", "pointer"), REFUSALS, ids=range(len(REFUSALS)))
def test_a_refusal_says_what_is_wrong_and_what_to_do(refuse, code, detail, pointer):
    assert refuse() == Reason(code, detail, pointer)


def test_a_blocker_of_a_what_if_says_what_the_section_has_to_be():
    ratings = [{5: A, 14: R}.get(number, G) for number in range(1, 36)]
    verdict = judge_ratings(shipped_book(), ratings)
    register = "Local Risk Register is GREEN, not AMBER."
    assert [one.reason for one in verdict.commissioning.blockers] == [register]
    assert [one.reason for one in verdict.go_live.blockers] == [
        register,
        "Recruitment of clinical staff is at least AMBER, not RED.",
    ]


def test_a_blocker_of_a_prison_says_what_is_missing_now():
    green = [
        Assessment(number, 1, G, outcomes=all_met(number), evidence=(EvidenceRef("e", DAY),)) for number in range(1, 36)
    ]
    green[4] = Assessment(5, 1, A, outcomes={next(iter(all_met(5))): OutcomeStatus.MET})
    green[13] = Assessment(14, 1, R, staff_in_post=Decimal(7), staff_required=Decimal(10))
    (register, staff) = judge(shipped_book(), green).go_live.blockers
    assert register.reason == (
        "Local Risk Register is GREEN, not AMBER: 1 of 2 outcomes is met; missing: Suitable actions against the risks "
        "are part of that same action plan; no evidence."
    )
    assert register.missing == Missing(
        ("Suitable actions against the risks are part of that same action plan.",), evidence=True, staff=None
    )
    assert (
        staff.reason == "Recruitment of clinical staff is at least AMBER, not RED: 7 of 10 staff in post, 7.5 needed."
    )
    assert staff.missing is not None
    assert staff.missing.staff == StaffMissing(in_post=7, required=10, needed=7.5, more=0.5, needed_for_green=10)


def test_a_green_of_which_outcomes_were_not_recorded_is_warned_of():
    first, second = all_met(5)
    (warning,) = unrecorded_warnings(
        TOOLKIT, [assessment(5, G, "a"), replace(assessment(6, G, "a"), outcomes=all_met(6))]
    )
    assert (warning.section, warning.title, warning.kind) == (5, "Local Risk Register", "outcomes-not-recorded")
    assert warning.detail == (
        "Local Risk Register is GREEN, and not every required outcome is recorded as met: put that right with its next "
        "change."
    )
    (bare,) = unrecorded_warnings(TOOLKIT, [replace(assessment(5, G), outcomes=all_met(5), evidence=())])
    assert "is GREEN, and there is no evidence that someone can look at: put" in bare.detail
    (both,) = unrecorded_warnings(TOOLKIT, [Assessment(5, 1, G)])
    assert "is recorded as met, and there is no evidence that someone can look at: put" in both.detail
    exempt = Assessment(7, 1, G, exemption=Exemption("There is no such unit", "Regional lead", "2026-03-01"))
    one_met = Assessment(5, 1, G, outcomes={first: OutcomeStatus.MET, second: OutcomeStatus.OUTSTANDING})
    assert [one.section for one in unrecorded_warnings(TOOLKIT, [exempt, one_met, assessment(8, A)])] == [5]


def test_a_warning_says_how_much_of_the_evidence_is_old_and_what_to_do():
    old = replace(assessment(5, G, "a", "b"), evidence=(EvidenceRef("a", date(2020, 1, 1)), EvidenceRef("b", DAY)))
    (warning,) = stale_warnings(TOOLKIT, [old], DAY)
    assert warning.detail == (
        "Local Risk Register rests on evidence more than 12 months old (1 of 2): add evidence that it still holds."
    )
