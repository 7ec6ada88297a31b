"""What it takes to raise a Statement of Readiness, and what it says is left to do (rule 7)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from app.rules.assessment import Assessment
from app.rules.go_live import GoLive
from app.rules.review import Review
from app.rules.section import listed
from app.rules.staleness import unrecorded_greens
from app.rules.statement import StatementStatus
from app.rules.substance import letters_and_digits
from app.rules.toolkit import Toolkit
from app.rules.types import Rating, Reason


def may_be_raised(go_live: GoLive, open_statuses: Collection[StatementStatus]) -> Reason | None:
    """Only while eligible, and one open statement at a time. Source: toolkit, introduction."""
    if StatementStatus.RAISED in open_statuses:
        return Reason(
            "statement-already-open",
            "A statement has already been raised and waits for signatures. Have it signed, or withdraw it first.",
        )
    if go_live.eligible:
        return None
    numbers = ", ".join(str(blocker.section) for blocker in go_live.blockers)
    return Reason(
        "not-eligible",
        f"A statement can be raised only while the prison is eligible to go live. These sections are below their "
        f"minimum: {numbers}. GET the prison's readiness for what each one needs.",
    )


def missing_signatories(toolkit: Toolkit, roles: Sequence[str]) -> Reason | None:
    """Every required role of the toolkit has a person. Source: toolkit, on the Statement of Readiness."""
    missing = [role for role in toolkit.signatory_roles if role.required and role.key not in roles]
    if not missing:
        return None
    titles = ", ".join(f"{role.title} ({role.key})" for role in missing)
    return Reason("signatory-missing", f"Name a person for each required role; missing: {titles}.", "/signatories")


def open_challenges(challenges: Sequence[Review]) -> Reason | None:
    """What the region questions is settled before anybody signs for it (rule 8)."""
    if not challenges:
        return None
    numbers = ", ".join(str(number) for number in sorted({one.section for one in challenges}))
    return Reason(
        "challenge-open",
        f"Your region has challenged section {numbers}. Answer each challenge, and ask the region to close it. Then "
        "raise the statement.",
    )


def greens_not_recorded(toolkit: Toolkit, assessments: Iterable[Assessment]) -> list[Reason]:
    """A statement attests what is recorded: one reason for each thing that a GREEN section lacks (rule 4)."""
    return [
        Reason(
            "outcomes-not-recorded", f"section {section.number} is GREEN: {asked}", f"/sections/{section.number}/{name}"
        )
        for section, unmet, is_bare in unrecorded_greens(toolkit, assessments)
        for name, asked, is_lacking in (
            ("outcomes", f"record as met what is, or lower the rating: {listed(unmet)}", bool(unmet)),
            ("evidence", "add evidence that someone can look at, or lower the rating", is_bare),
        )
        if is_lacking
    ]


def is_outstanding(one: Assessment) -> bool:
    """AMBER is enough for some sections to go live, and leaves something to do; an exempt one leaves nothing."""
    return one.rating is Rating.AMBER and one.exemption is None


def target_dates_passed(assessments: Iterable[Assessment], today: date) -> dict[str, str]:
    """By section, the day by which it was to be done, where that is gone: a second look, and no refusal."""
    return {
        str(one.number): one.target_date.isoformat()
        for one in assessments
        if is_outstanding(one) and one.target_date is not None and one.target_date < today
    }


def amber_without_plan(assessments: Iterable[Assessment]) -> list[Reason]:
    """Each section that leaves something to do says who does it, by when, and what it is; one reason for each gap.

    What it is stands in the comment or in the evidence, as the rationale for having no second stage unit does.
    """
    return [
        Reason("amber-without-plan", f"section {one.number} is AMBER: {asked}", f"/sections/{one.number}/{name}")
        for one in assessments
        if is_outstanding(one)
        for name, asked, is_there in (
            ("lead", "name who leads what is left to do", bool(letters_and_digits(one.lead or ""))),
            ("target_date", "give the date by which it is done", one.target_date is not None),
            (
                "comment",
                "say what is left to do, in a comment or as evidence",
                bool(letters_and_digits(one.comment or "")) or any(item.sound for item in one.evidence),
            ),
        )
        if not is_there
    ]
