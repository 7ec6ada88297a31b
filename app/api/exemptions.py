"""Exemptions of section 7 or 23 (rule 5): recorded with a rationale, ended, both in the section's history."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, field_validator
from starlette.responses import Response

from app.api.sections import SectionWithReadiness, one_after
from app.http.auth import Exempter
from app.http.parameters import CallerNow, IfMatch, PrisonCode, SectionNumber, versions_in
from app.http.routing import KeyedRoute
from app.http.text import Why
from app.services.sections import exempt_section
from app.storage.db import WriteSession

router = APIRouter(prefix="/v1/prisons/{code}/sections/{number}/exemption", tags=["Sections"], route_class=KeyedRoute)


class RecordExemption(BaseModel):
    """Why the section does not apply to the prison."""

    model_config = ConfigDict(extra="forbid")

    rationale: Why
    accept_lapse: bool = False

    @field_validator("rationale")
    @classmethod
    def says_something(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("say why the section does not apply")
        return text


class EndExemption(BaseModel):
    """What ending an exemption may do."""

    model_config = ConfigDict(extra="forbid")

    accept_lapse: bool = False


@router.put("", summary="Record a prison section's exemption", response_model=SectionWithReadiness)
def record_exemption(
    code: PrisonCode,
    number: SectionNumber,
    body: RecordExemption,
    session: WriteSession,
    by: Exempter,
    caller: CallerNow,
    if_match: IfMatch = None,
) -> Response:
    """Record that section 7 or 23 does not apply to a prison that is not local, and why."""
    rationale, versions = body.rationale.strip(), versions_in(if_match)
    after = exempt_section(
        session, code, number, rationale, caller=caller, versions=versions, accept_lapse=body.accept_lapse
    )
    return one_after(after)


@router.delete("", summary="End a prison section's exemption", response_model=SectionWithReadiness)
def end_exemption(
    code: PrisonCode,
    number: SectionNumber,
    session: WriteSession,
    by: Exempter,
    caller: CallerNow,
    body: EndExemption | None = None,
    if_match: IfMatch = None,
) -> Response:
    """End a prison section's exemption. The section's rating counts again, and both steps stay in its history.

    A body is needed only where the section's rating is below its minimum and a statement is raised.
    """
    accept_lapse, versions = body is not None and body.accept_lapse, versions_in(if_match)
    after = exempt_section(session, code, number, None, caller=caller, versions=versions, accept_lapse=accept_lapse)
    return one_after(after)
