"""A prison opened for a change: locked, with all that is decided upon and the moment that the change counts from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.errors import Conflict, Forbidden, Unavailable
from app.queries.present import Present, lock_present
from app.queries.toolkits import read_book
from app.rules.access import Caller, scope_refusal
from app.rules.assessment import Answers
from app.rules.decision import Change, Decision, Facts, decide
from app.rules.moments import is_behind, london_date, strictly_after
from app.rules.prison import PrisonFacts
from app.rules.programme import is_open_on
from app.rules.readiness import RuleBook, Situation
from app.rules.returns import month_named
from app.rules.statement import StatementFacts
from app.rules.toolkit import Toolkit
from app.services.audit import Act
from app.services.events import Announcement
from app.storage.batch import Write


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a change changes: what the audit trail and the feed tell of it, each where it is told, and what
    keeps it. `writes` bring its present row up to date and append its version."""

    act: Act | None
    event: Announcement | None
    writes: Sequence[Write] = ()


@dataclass(frozen=True, slots=True)
class OpenedPrison:
    """A prison locked for writing. `at` is when the change counts from; `accept_lapse` says that the caller knows
    what it may do to a raised statement."""

    present: Present
    book: RuleBook
    caller: Caller
    at: datetime
    accept_lapse: bool = False

    @property
    def situation(self) -> Situation:
        return self.present.situation

    @property
    def facts(self) -> PrisonFacts:
        return self.present.situation.prison

    @property
    def answers(self) -> Answers:
        return self.present.situation.answers

    @property
    def statements(self) -> tuple[StatementFacts, ...]:
        return self.present.situation.statements

    @property
    def toolkit(self) -> Toolkit:
        return self.book.toolkit

    def decide(self, change: Change) -> Decision:
        return decide(Facts(self.situation, self.book, london_date(self.at)), change)


def open_prison(
    session: Session,
    code: str,
    caller: Caller,
    numbers: Sequence[int] = (),
    *,
    may_be_closed: bool = False,
    accept_lapse: bool = False,
) -> OpenedPrison:
    """Lock a prison and read how it stands, with the evidence that the named sections show; Forbidden if it is
    outside the caller's scope, Conflict if it has closed and that stands in the way.

    Its clock only runs forward, whatever the machine's does; see `moment_of_change`.
    """
    present = lock_present(session.connection(), code, numbers)
    facts = present.situation.prison
    if (reason := scope_refusal(caller.by, prison=facts.code, region=facts.region)) is not None:
        raise Forbidden(reason.code, reason.detail)
    at = moment_of_change(caller.moment(), present.latest_at, present.frozen_month)
    if not may_be_closed and not is_open_on(None, present.details["closed_by"], london_date(at)):
        raise Conflict(
            "prison-closed",
            f"{facts.name} ({facts.code}) has closed ({present.details['closed_on']}), so its sections, evidence and "
            "statements stay as they are. If that date is wrong, an administrator corrects `closed_on` with "
            f"PATCH /v1/prisons/{facts.code}.",
        )
    return OpenedPrison(present, read_book(session, facts.toolkit_version), caller, at, accept_lapse)


def moment_of_change(now: datetime, latest_at: datetime | None, frozen_month: str | None) -> datetime:
    """The moment that a change counts from: now, after whatever is stored and after every month that is frozen.

    Unavailable where the clock is behind that by more than a moment's difference between two servers. A change
    dated by such a clock would be missing from every answer about a moment, and could land in a frozen return.
    """
    ends = [latest_at] if latest_at is not None else []
    if frozen_month is not None:
        ends.append(month_named(frozen_month).end)
    if not ends:
        return now
    last = max(ends)
    if is_behind(last, now):
        raise Unavailable(
            "clock-behind",
            f"The service's clock says {now:%Y-%m-%dT%H:%M:%SZ}, and what is stored goes up to "
            f"{last:%Y-%m-%dT%H:%M:%SZ}. Nothing was stored. Set the server's clock right and send it again. Where the "
            "clock is right, it was ahead when that was stored: restore the backup from before.",
        )
    return strictly_after(last, now)
