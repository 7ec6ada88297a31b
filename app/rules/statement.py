"""The life of a Statement of Readiness: what may happen to it, and what the ratings do to it (rule 7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from app.rules.go_live import GoLive
from app.rules.moments import day_in_words
from app.rules.types import AnyCase, Reason


class StatementStatus(AnyCase):
    """Raised and issued statements are open; the other three are how one ends."""

    RAISED = "raised"
    ISSUED = "issued"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


class Standing(AnyCase):
    """Whether an issued statement's sections still meet their minima."""

    IN_FORCE = "in_force"
    IN_BREACH = "in_breach"


OPEN = frozenset({StatementStatus.RAISED, StatementStatus.ISSUED})


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """A statement as it stands in the verdict. `breached_sections` is empty while it is in force.

    `go_live_date` is planned now, `attested_go_live_date` was when the statement was raised. `service_ended_on` is
    when the service that went live on it ended.
    """

    id: str
    serial: str | None
    status: StatementStatus
    standing: Standing | None
    digest: str
    go_live_date: date
    attested_go_live_date: date
    live_on: date | None
    breached_sections: tuple[int, ...]
    service_ended_on: date | None = None


def counting(statements: Iterable[StatementFacts]) -> StatementFacts | None:
    """The statement that counts: an issued one before a raised one; None where none is open."""
    found = [one for one in statements if one.status in OPEN]
    return next((one for one in found if one.status is StatementStatus.ISSUED), found[0] if found else None)


def follow(one: StatementFacts, go_live: GoLive) -> StatementFacts:
    """What a change of ratings makes of a statement.

    Before issue it lapses once a section falls below its minimum; after issue it is in breach, with the
    sections named, until they recover.
    """
    below = tuple(blocker.section for blocker in go_live.blockers)
    if one.status is StatementStatus.RAISED and below:
        return replace(one, status=StatementStatus.LAPSED)
    if one.status is StatementStatus.ISSUED and below != one.breached_sections:
        standing = Standing.IN_BREACH if below else Standing.IN_FORCE
        return replace(one, standing=standing, breached_sections=below)
    return one


def event_kind(before: StatementFacts, after: StatementFacts) -> str:
    """The name of a step that `follow` took."""
    if after.status is not before.status:
        return after.status.value
    return "breached" if after.breached_sections else "recovered"


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to a statement. `before` is None where it is raised; `columns` are further values of its row,
    `details` is what its history tells of the step beside the reason."""

    kind: str
    before: StatementFacts | None
    after: StatementFacts
    reason: str | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] | None = None


_FOLLOWED = {
    "lapsed": "below their minimum before issue: section {sections}",
    "breached": "below their minimum after issue: section {sections}",
    "recovered": "every section meets its minimum again",
}


def steps_followed(statements: Iterable[StatementFacts], go_live: GoLive) -> tuple[Step, ...]:
    """The steps that a change of ratings makes statements take."""
    sections = ", ".join(str(blocker.section) for blocker in go_live.blockers)
    return tuple(
        Step(kind := event_kind(one, after), one, after, _FOLLOWED[kind].format(sections=sections))
        for one in statements
        if (after := follow(one, go_live)) != one
    )


def would_lapse(followed: Iterable[Step], go_live: GoLive) -> Reason | None:
    """A change that would make a raised statement lapse voids signatures, so it is asked for by name (rule 7)."""
    if not any(step.after.status is StatementStatus.LAPSED for step in followed):
        return None
    numbers = [str(blocker.section) for blocker in go_live.blockers]
    below = f"sections {spoken(numbers)} below their" if numbers[1:] else f"section {numbers[0]} below its"
    return Reason(
        "would-lapse-statement",
        f"This takes {below} minimum. The raised statement would lapse, and its signatures would be void. "
        'Send "accept_lapse": true with the change if that is what you mean.',
        "/accept_lapse",
    )


def spoken(words: list[str]) -> str:
    """Words as one says them: one, two and three."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def after_steps(statements: Iterable[StatementFacts], steps: Iterable[Step]) -> tuple[StatementFacts, ...]:
    """The open statements once these steps have been taken."""
    known = {one.id: one for one in statements} | {step.after.id: step.after for step in steps}
    return tuple(one for one in known.values() if one.status in OPEN)


def may_be_signed(status: StatementStatus, signed_by_role: bool) -> Reason | None:
    """Once for each role, and only while it is raised."""
    if status is not StatementStatus.RAISED:
        return Reason(
            "statement-not-open",
            f"This statement is {status} and takes no more signatures."
            + (" Raise a new one once the prison is eligible again." if status is not StatementStatus.ISSUED else ""),
        )
    if signed_by_role:
        return Reason("already-signed", "This role has already signed. Nothing more is needed from it.")
    return None


def may_be_withdrawn(status: StatementStatus, *, by_prison: bool) -> Reason | None:
    """While it is open; what has been issued is withdrawn by the region alone."""
    if status not in OPEN:
        return Reason("statement-not-open", f"This statement is {status}, so there is nothing to withdraw.")
    if by_prison and status is StatementStatus.ISSUED:
        return Reason("issued-already", "This statement has been issued. Ask your region to withdraw it.")
    return None


def may_be_replaced(status: StatementStatus, has_signed: bool) -> Reason | None:
    """A person who is named gives way to another until they have signed."""
    if status is not StatementStatus.RAISED:
        return Reason("statement-not-open", f"This statement is {status}: its signatories stay as they are.")
    if has_signed:
        return Reason("already-signed", "This role has signed. Withdraw the statement if another person is to sign it.")
    return None


@dataclass(frozen=True, slots=True)
class StatementWarning:
    """Something about a statement that is worth a second look and refuses nothing. `roles` are keys; `section` is null
    where no section is meant."""

    kind: str
    detail: str
    roles: tuple[str, ...]
    section: int | None


def passed_target(section: int, day: date) -> StatementWarning:
    """What an AMBER section leaves to do was due before the statement was raised."""
    return StatementWarning(
        "target_date_passed",
        f"Section {section} is AMBER, and its target date, {day_in_words(day)}, had passed when the statement was "
        "raised. Give the section another target date.",
        roles=(),
        section=section,
    )


def people_in_two_roles(people: Iterable[tuple[str, str, str]]) -> list[StatementWarning]:
    """A warning for each name that stands for more than one role, of roles, their titles and names.

    The toolkit asks for the view of each role's holder. One person may hold two posts, so it is no refusal.
    """
    by_name: dict[str, dict[str, tuple[str, str]]] = {}
    for role, title, name in people:
        by_name.setdefault(_plain(name), {}).setdefault(role, (title, name))
    return [
        StatementWarning(
            "person_in_two_roles",
            f"{next(iter(posts.values()))[1]} stands {spoken([f'for {title}' for title, _ in posts.values()])}. If "
            "that is a mistake, replace one of them before they sign.",
            tuple(posts),
            None,
        )
        for posts in by_name.values()
        if len(posts) > 1
    ]


def name_warnings(people: Sequence[tuple[str, str, str, str]]) -> list[StatementWarning]:
    """What is to be told of the names that people were given, and of those that they signed with."""
    in_roles = [(role, title, name) for role, title, *both in people for name in both]
    return [*people_in_two_roles(in_roles), *signed_as_another(people)]


def signed_as_another(people: Iterable[tuple[str, str, str, str]]) -> list[StatementWarning]:
    """A warning for each role that was signed under another name than was given, of roles, titles and both names."""
    return [
        StatementWarning(
            "signed_as_another",
            f"{named} is named as {title}, and {signed} signed. If that is a mistake, withdraw the statement.",
            (role,),
            None,
        )
        for role, title, named, signed in people
        if _plain(named) != _plain(signed)
    ]


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def serial_number(code: str, year: int, count: int) -> str:
    """The serial of a prison's `count`th statement issued in a year, such as SOR-LWI-2026-001."""
    return f"SOR-{code}-{year}-{count:03d}"
