"""Who may do what: roles, permissions and scope (source: contract, "Who may do what")."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.rules.types import AnyCase, Reason


class Role(AnyCase):
    """What a key is for. Each role has its own scope."""

    PRISON = "prison"
    REGION = "region"
    NATIONAL = "national"
    SIGNATORY = "signatory"
    ADMIN = "admin"

    @property
    def a_key(self) -> str:
        """A key of this role at the beginning of a sentence."""
        return f"{'An' if self is Role.ADMIN else 'A'} {self} key"


class Permission(StrEnum):
    """One kind of thing that a route lets its caller do."""

    READ_PROGRAMME = "read the programme"
    READ_PRISON = "read a prison's sections and evidence"
    RATE_SECTIONS = "rate sections and add evidence"
    REVIEW_SECTIONS = "review a section"
    ANSWER_CHALLENGES = "answer a challenge"
    EXEMPT_SECTIONS = "record or end an exemption"
    CORRECT_PRISON = "correct a prison's details"
    RAISE_STATEMENT = "raise a statement or prepare one"
    SIGN_STATEMENT = "sign a statement"
    WITHDRAW_STATEMENT = "withdraw a statement"
    CONFIRM_GO_LIVE = "confirm go-live or the end of a service"
    READ_AUDIT = "read the audit trail"
    VERIFY_AUDIT = "verify the audit trail"
    REGISTER_PRISONS = "register prisons"
    WRITE_PLANS = "write a plan"
    SUBMIT_PLANS = "submit a plan"
    APPROVE_PLANS = "approve a plan or send it back"
    MANAGE_PARTNERSHIPS = "make or change a partnership"
    FREEZE_RETURNS = "freeze a monthly return"
    MANAGE_KEYS = "manage keys"
    MANAGE_WEBHOOKS = "manage webhooks"


_EVERYONE = frozenset({Permission.READ_PROGRAMME, Permission.READ_PRISON})
# A signatory key is one person's signature; the others may also be a program's.
_PROGRAMS = _EVERYONE | {Permission.MANAGE_WEBHOOKS}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.PRISON: _PROGRAMS
    | {
        Permission.RATE_SECTIONS,
        Permission.ANSWER_CHALLENGES,
        Permission.CORRECT_PRISON,
        Permission.RAISE_STATEMENT,
        Permission.WITHDRAW_STATEMENT,
        Permission.WRITE_PLANS,
        Permission.SUBMIT_PLANS,
        Permission.READ_AUDIT,
    },
    Role.REGION: _PROGRAMS
    | {
        Permission.REVIEW_SECTIONS,
        Permission.EXEMPT_SECTIONS,
        Permission.CORRECT_PRISON,
        Permission.RAISE_STATEMENT,
        Permission.WITHDRAW_STATEMENT,
        Permission.CONFIRM_GO_LIVE,
        Permission.WRITE_PLANS,
        Permission.APPROVE_PLANS,
        Permission.MANAGE_PARTNERSHIPS,
        Permission.READ_AUDIT,
        Permission.VERIFY_AUDIT,
    },
    Role.NATIONAL: _PROGRAMS | {Permission.READ_AUDIT, Permission.VERIFY_AUDIT, Permission.FREEZE_RETURNS},
    Role.SIGNATORY: _EVERYONE | {Permission.SIGN_STATEMENT},
    Role.ADMIN: _PROGRAMS
    | {
        Permission.REGISTER_PRISONS,
        Permission.CORRECT_PRISON,
        Permission.WRITE_PLANS,
        Permission.MANAGE_PARTNERSHIPS,
        Permission.MANAGE_KEYS,
        Permission.READ_AUDIT,
        Permission.VERIFY_AUDIT,
    },
}

# Whose key is bound to what.
BOUND_TO_PRISON = frozenset({Role.PRISON, Role.SIGNATORY})
BOUND_TO_REGION = frozenset({Role.REGION})


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling. `region` is a slug; `prison`, `region` and `signatory_role` are set as the role needs."""

    id: str
    name: str
    role: Role
    prison: str | None = None
    region: str | None = None
    signatory_role: str | None = None


def holds(by: Principal, permission: Permission) -> bool:
    return permission in GRANTS[by.role]


def in_scope(by: Principal, *, prison: str, region: str) -> bool:
    """Whether the prison with that code, in the region with that slug, is within the caller's scope."""
    if by.role in BOUND_TO_PRISON:
        return by.prison == prison
    if by.role in BOUND_TO_REGION:
        return by.region == region
    return True


def refusal(by: Principal, permission: Permission) -> Reason | None:
    """Why a role may not do this at all, wherever; None if it may within its scope."""
    if holds(by, permission):
        return None
    able = [role.value for role in Role if permission in GRANTS[role]]
    detail = f"{by.role.a_key} may not {permission}. Use a key with the role {' or '.join(able)}."
    if permission is Permission.RATE_SECTIONS and holds(by, Permission.REVIEW_SECTIONS):
        detail += " What you think of a section goes into a review: POST /v1/prisons/{code}/sections/{number}/reviews."
    return Reason("role-not-allowed", detail)


def scope_refusal(by: Principal, *, prison: str, region: str) -> Reason | None:
    """Why this prison is not the caller's; None if it is."""
    if in_scope(by, prison=prison, region=region):
        return None
    own = f"the prison {by.prison}" if by.role in BOUND_TO_PRISON else f"the region {by.region}"
    return Reason("out-of-scope", f"This key is for {own}; {prison} is outside it. Use a key whose scope covers it.")


def key_scope_fault(role: Role, *, prison: str | None, region: str | None, signatory_role: str | None) -> Reason | None:
    """What is missing from, or too much in, the scope of a new key; None if it fits the role."""
    wants = {
        "prison": role in BOUND_TO_PRISON,
        "region": role in BOUND_TO_REGION,
        "signatory_role": role is Role.SIGNATORY,
    }
    given = {"prison": prison, "region": region, "signatory_role": signatory_role}
    for name, is_wanted in wants.items():
        if is_wanted and given[name] is None:
            return Reason("invalid-key-scope", f"{role.a_key} needs a {name}: give one.", f"/{name}")
        if not is_wanted and given[name] is not None:
            return Reason("invalid-key-scope", f"{role.a_key} takes no {name}: leave it out.", f"/{name}")
    return None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who changes something, when, and in which request."""

    by: Principal
    at: datetime
    request_id: str | None = None
    clock: Callable[[], datetime] | None = None

    def moment(self) -> datetime:
        """The moment that a change counts from, asked for once its lock is held.

        A request may have waited for its body or for the lock; what it writes must not come to stand at a
        moment that somebody has asked about meanwhile.
        """
        return self.at if self.clock is None else self.clock()
