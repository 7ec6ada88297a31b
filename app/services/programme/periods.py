"""How long each verdict stood: a prison's present period ends, and the next begins, in the transaction of a change."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, insert, update

from app.queries.programme.periods import PERIOD
from app.rules.assessment import Answers
from app.rules.programme import STAFFED, STILL, Period, Point, mask_of, month_ends, targets_of
from app.rules.readiness import ReadinessView, Situation
from app.rules.types import Rating
from app.storage.batch import Write

_CHANGE = update(PERIOD).where(PERIOD.c.prison_id == bindparam("of_prison"), PERIOD.c.from_at == bindparam("begun"))
_BEGIN = insert(PERIOD).inline()


def period_writes(prison_id: int, before: Period | None, point: Point, at: datetime) -> list[Write]:
    """What ends the prison's present period at `at` and begins the next; nothing where it stands as it stood.

    `before` is the present period (None before the first verdict), `point` how the prison stands from `at` on
    (`point_of`). The prison is locked by then, and `at` is later than the period's beginning.
    """
    if before is not None and point == before.point:
        return []
    begun: Write = (_BEGIN, {"prison_id": prison_id, "from_at": at, **period_values(point, at)})
    if before is None:
        return [begun]
    ended = {"to_at": at, **month_ends(before.point, before.from_at, at)._asdict()}
    return [(_CHANGE, {"of_prison": prison_id, "begun": before.from_at, **ended}), begun]


def period_values(point: Point, from_at: datetime, to_at: datetime = STILL) -> dict[str, Any]:
    """The columns of a period, but for its key."""
    return {"to_at": to_at, **point._asdict(), **month_ends(point, from_at, to_at)._asdict()}


def point_of(
    view: ReadinessView,
    situation: Situation,
    *,
    opened_on: date | None,
    closed_by: date | None,
    statement_times: tuple[datetime | None, datetime | None],
    worked_on: Collection[int],
) -> Point:
    """How a prison stands by its verdict; `statement_times` are when its statement was raised and issued,
    `worked_on` the sections on which it has ever worked itself (rule 9)."""
    answers, statement = situation.answers, view.statement
    return Point(
        code=view.prison.code,
        name=view.prison.name,
        region=situation.prison.region,
        function=view.prison.function.value,
        opened_on=opened_on,
        closed_by=closed_by,
        toolkit_version=view.toolkit_version,
        stage=view.stage.value,
        is_commissioning_ready=view.commissioning.ready,
        is_eligible=view.go_live.eligible,
        ratings=_letters(answers, worked_on),
        blocking=mask_of(blocker.section for blocker in view.go_live.blockers),
        exempt=mask_of(one.section for one in view.go_live.exempt),
        blocker_count=len(view.go_live.blockers),
        section_changed_at=answers.worked_at,
        quiet_since=answers.worked_at or situation.prison.registered_at,
        statement_serial=statement.serial if statement else None,
        statement_status=statement.status.value if statement else None,
        statement_standing=statement.standing.value if statement and statement.standing else None,
        statement_raised_at=statement_times[0],
        statement_issued_at=statement_times[1],
        go_live_date=statement.go_live_date if statement else None,
        live_on=view.live_on,
        open_challenges=len(situation.challenges),
        targets=targets_of(_unfinished(answers)),
        **_staff(answers),
    )


def worked_on_by(point: Point | None) -> set[int]:
    """The sections on which the prison had worked."""
    return {number for number, letter in enumerate(point.ratings, start=1) if letter != "r"} if point else set()


def _letters(answers: Answers, worked_on: Collection[int]) -> str:
    return "".join(
        "r" if one.rating is Rating.RED and one.number not in worked_on else one.rating[0]
        for one in answers.assessments
    )


def _unfinished(answers: Answers) -> list[tuple[date, int]]:
    """The target dates of sections that are neither GREEN nor exempt."""
    return [
        (one.target_date, one.number)
        for one in answers.assessments
        if one.target_date is not None and one.rating is not Rating.GREEN and one.exemption is None
    ]


def _staff(answers: Answers) -> dict[str, Any]:
    return {
        f"{name}_{number}": None if (staff := getattr(answers.of(number), name)) is None else int(staff * 100)
        for number in STAFFED
        for name in ("staff_in_post", "staff_required")
    }
