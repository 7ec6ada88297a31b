"""The words that every rule speaks: ratings, functions, stages and the facts of one section."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal


class AnyCase(StrEnum):
    """One of a few words, which a caller may write in any case: `green` is GREEN."""

    @classmethod
    def _missing_(cls, value: object) -> "AnyCase | None":
        wanted = value.strip().casefold() if isinstance(value, str) else None
        return next((one for one in cls if one.value.casefold() == wanted), None)


class Rating(AnyCase):
    """The toolkit's traffic light. RED: not achieved; AMBER: begun; GREEN: all of it achieved."""

    RED = "RED"
    AMBER = "AMBER"
    GREEN = "GREEN"

    def meets(self, minimum: "Rating") -> bool:
        return _RANK[self] >= _RANK[minimum]


_RANK = {Rating.RED: 0, Rating.AMBER: 1, Rating.GREEN: 2}


class CountedRating(StrEnum):
    """What a section counts as: its rating, or EXEMPT where it does not apply to the prison."""

    RED = "RED"
    AMBER = "AMBER"
    GREEN = "GREEN"
    EXEMPT = "EXEMPT"


class Function(AnyCase):
    """What a prison is for, which decides whether sections 7 and 23 apply to it."""

    LOCAL = "local"
    TRAINER = "trainer"
    OPEN = "open"
    HIGH_SECURITY = "high security"
    YOUNG_OFFENDER = "young offender"


class Gender(AnyCase):
    """Whom a prison holds."""

    MALE = "male"
    FEMALE = "female"
    MIXED = "mixed"


class Stage(AnyCase):
    """How far a prison has come, for people; declared from first to furthest."""

    NOT_STARTED = "not_started"
    PREPARING = "preparing"
    COMMISSIONING_READY = "commissioning_ready"
    GO_LIVE_ELIGIBLE = "go_live_eligible"
    STATEMENT_RAISED = "statement_raised"
    STATEMENT_ISSUED = "statement_issued"
    LIVE = "live"


class OutcomeStatus(AnyCase):
    """Whether a required outcome has been achieved. One never recorded has no status."""

    MET = "met"
    OUTSTANDING = "outstanding"


class EvidenceKind(AnyCase):
    """What a piece of evidence is: a document kept somewhere, a link, or a note."""

    DOCUMENT = "document"
    LINK = "link"
    NOTE = "note"


# A number in JSON: 7 or 7.5.
Number = int | float


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a rule refuses: a stable code, and words that the reader can act on."""

    code: str
    detail: str
    pointer: str | None = None


@dataclass(frozen=True, slots=True)
class SectionFacts:
    """One prison's answer to one section, as far as a rule may look at it.

    `outcomes` maps a required outcome's key to its status; keys without a status are absent.
    Staff are whole-time equivalents with at most two decimals. `evidence_count` is the number of items that
    count: not withdrawn, and of substance (rule 4).
    """

    number: int
    rating: Rating = Rating.RED
    staff_in_post: Decimal | None = None
    staff_required: Decimal | None = None
    outcomes: dict[str, OutcomeStatus] = field(default_factory=dict)
    evidence_count: int = 0
    is_exempt: bool = False


@dataclass(frozen=True, slots=True)
class StaffMissing:
    """Staff in whole-time equivalents. `needed` is for the rating that is required, `needed_for_green` for GREEN.

    `more` is how many are still to be appointed to reach `needed`. Where a figure has never been given, what
    depends on it is None: nobody can tell.
    """

    in_post: Number | None
    required: Number | None
    needed: Number | None
    more: Number | None
    needed_for_green: Number | None


@dataclass(frozen=True, slots=True)
class Missing:
    """What a section still lacks to be GREEN: outcomes that are not met, evidence, staff (None where none is asked)."""

    outcomes: tuple[str, ...]
    evidence: bool
    staff: StaffMissing | None

    def __bool__(self) -> bool:
        return bool(self.outcomes) or self.evidence or self.staff is not None


@dataclass(frozen=True, slots=True)
class Blocker:
    """One section that stands in the way: what it is, what it must be, and what is missing.

    `missing` is null where nothing but a rating is known of the section, as in a what-if.
    """

    section: int
    title: str
    rating: Rating
    required: Rating
    reason: str
    rule: Literal["commissioning", "go_live"]
    missing: Missing | None = None
