"""What a prison that is eligible has to put right before its statement is raised."""

from app.errors import Conflict, FieldFault, Refused
from app.rules.raising import amber_without_plan, greens_not_recorded, open_challenges
from app.services.open_statements import refuse
from app.services.opened import OpenedPrison


def refuse_unready(opened: OpenedPrison) -> None:
    """Whoever signs is told what each rating rests on, what is left to do, and that nothing is questioned.

    Conflict while a challenge is open; Refused where a GREEN section lacks what it rests on, also from before that
    was asked for, or an AMBER one does not say what is left to do.
    """
    refuse(open_challenges(opened.situation.challenges), Conflict)
    add = f"Add what `errors` names with PATCH /v1/prisons/{opened.facts.code}/sections, then raise the statement."
    for reasons, asked in (
        (
            greens_not_recorded(opened.toolkit, opened.answers.assessments),
            "Each GREEN section has its required outcomes recorded as met, and evidence that someone can look at.",
        ),
        (
            amber_without_plan(opened.answers.assessments),
            "Each AMBER section says what is left to do, who leads it and by when.",
        ),
    ):
        if reasons:
            faults = [FieldFault(one.pointer or "", one.detail) for one in reasons]
            raise Refused(reasons[0].code, f"{asked} {add}", faults)
