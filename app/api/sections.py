"""Rating a prison's sections, one or several at once."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    WithJsonSchema,
    field_validator,
)
from starlette.responses import Response

from app.http.answers import written
from app.http.auth import Assessor
from app.http.idempotency import Idempotency
from app.http.parameters import (
    CallerNow,
    IfMatch,
    PrisonCode,
    SectionNumber,
    versions_in,
)
from app.http.routing import AsWritten, KeyedRoute
from app.http.text import Day, Line, Prose, Title, one_line
from app.queries.etags import etag_of
from app.queries.sections import (
    SECTION_JSON,
    SECTION_NUMBERS,
    SectionView,
    unknown_section,
)
from app.rules.readiness import ReadinessView
from app.rules.section import HUNDREDTH
from app.rules.types import EvidenceKind, OutcomeStatus, Rating
from app.services.section_versions import NewEvidence, SectionsAfter
from app.services.sections import SectionPatch, rate_sections
from app.storage.db import WriteSession

router = APIRouter(prefix="/v1/prisons/{code}/sections", tags=["Sections"], route_class=KeyedRoute)

# More staff than any prison has; a larger figure is a slip of the keyboard.
MOST_STAFF = 10_000


def _whole_time(value: object) -> object:
    """A JSON number as people wrote it: the float nearest to 7.55 is not 7.55."""
    try:
        if not isinstance(value, bool) and isinstance(value, int | float):
            exact = Decimal(value.text if isinstance(value, AsWritten) else str(value))
            if abs(exact) > MOST_STAFF or exact == exact.quantize(HUNDREDTH):
                return exact
    except ArithmeticError:  # an exponent beyond any number
        pass
    raise ValueError("give a number with at most two decimals, such as 7.5")


Staff = Annotated[
    Decimal,
    BeforeValidator(_whole_time),
    Field(ge=0, le=MOST_STAFF, decimal_places=2),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": MOST_STAFF}),
]


class AddEvidence(BaseModel):
    """One piece of evidence to add: a document and where it is kept, a link, or a note of what was seen."""

    model_config = ConfigDict(extra="forbid")

    kind: EvidenceKind
    title: Title
    reference: Annotated[
        str | None, Field(max_length=2000, description="Where a document is kept, or the address of a link.")
    ] = None
    text: Annotated[
        Prose | None, Field(description="What was seen, where and when: a note needs at least 20 characters.")
    ] = None
    effective_on: Annotated[Day | None, Field(description="The day that the evidence is about.")] = None

    @field_validator("reference")
    @classmethod
    def printable(cls, text: str | None) -> str | None:
        return None if text is None else one_line(text)

    def new(self) -> NewEvidence:
        return NewEvidence(self.kind, self.title, self.reference, self.effective_on, self.text)


class RateSection(BaseModel):
    """A merge patch (RFC 7396): a field that is left out stays, null clears it, and evidence is added."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"rating": "AMBER", "comment": "Terms of reference are with the governor."}]},
    )

    rating: Rating = Rating.RED
    comment: Prose | None = None
    lead: Line | None = None
    target_date: Day | None = None
    staff_in_post: Staff | None = None
    staff_required: Annotated[Staff, Field(gt=0)] | None = None
    outcomes: Annotated[
        dict[str, OutcomeStatus | None] | None,
        Field(max_length=60, description='A status for each key of a required outcome; `{"*": "met"}` records all.'),
    ] = None
    evidence: Annotated[list[AddEvidence], Field(max_length=50)] = Field(default_factory=list)
    accept_lapse: bool = False

    def patch(self, number: int, pointer: str = "") -> SectionPatch:
        plain = {"rating", "comment", "lead", "target_date", "staff_in_post", "staff_required"}
        return SectionPatch(
            number=number,
            given={name: getattr(self, name) for name in sorted(plain & self.model_fields_set)},
            outcomes=self.outcomes if "outcomes" in self.model_fields_set else {},
            evidence=tuple(item.new() for item in self.evidence),
            pointer=pointer,
        )


class RateNumberedSection(RateSection):
    """A merge patch of the section with that number."""

    number: Annotated[int, Field(strict=True, ge=1, le=35)]


class RateSections(BaseModel):
    """Changes to several sections: all are made, or none."""

    model_config = ConfigDict(extra="forbid")

    sections: Annotated[list[RateNumberedSection], Field(min_length=1, max_length=35)]
    accept_lapse: bool = False


@dataclass(frozen=True, slots=True)
class SectionWithReadiness(SectionView):
    """The section after the change, and the prison's new verdict."""

    readiness: ReadinessView


@dataclass(frozen=True, slots=True)
class SectionsWithReadiness:
    """The sections after the change, and the prison's new verdict."""

    sections: list[SectionView]
    readiness: ReadinessView


_SECTIONS = TypeAdapter(list[SectionView])


@router.patch("/{number}", summary="Rate a prison's section", response_model=SectionWithReadiness)
def rate_section(
    code: PrisonCode,
    number: SectionNumber,
    body: RateSection,
    session: WriteSession,
    by: Assessor,
    caller: CallerNow,
    once: Idempotency,
    if_match: IfMatch = None,
) -> Response:
    """Change one section. A field that is left out stays, null clears it, and evidence is added.

    GREEN needs every required outcome met, and evidence that someone can look at; sections 14 and 16 need enough
    staff. A change that changes nothing makes no new version.
    """
    patch, versions = body.patch(known_section(number)), versions_in(if_match)

    def answer() -> Response:
        return one_after(
            rate_sections(session, code, [patch], caller=caller, versions=versions, accept_lapse=body.accept_lapse)
        )

    return once(session, answer)


@router.patch("", summary="Rate a prison's sections", response_model=SectionsWithReadiness)
def rate_several_sections(
    code: PrisonCode,
    body: RateSections,
    session: WriteSession,
    by: Assessor,
    caller: CallerNow,
    once: Idempotency,
    if_match: IfMatch = None,
) -> Response:
    """Rate a prison's sections at once. If one change is refused, none is made."""
    patches = [section.patch(section.number, f"/sections/{place}") for place, section in enumerate(body.sections)]
    accept_lapse = body.accept_lapse or any(section.accept_lapse for section in body.sections)

    def answer() -> Response:
        versions = versions_in(if_match)
        after = rate_sections(session, code, patches, caller=caller, versions=versions, accept_lapse=accept_lapse)
        return written(b'{"sections":%s,"readiness":%s}' % (_SECTIONS.dump_json(after.sections), after.readiness))

    return once(session, answer)


def known_section(number: int) -> int:
    if number not in SECTION_NUMBERS:
        raise unknown_section(number)
    return number


def one_after(after: SectionsAfter) -> Response:
    """The section with the verdict beside it, under the ETag that a GET of the section now has."""
    section = SECTION_JSON.dump_json(after.sections[0])
    return written(b'%s,"readiness":%s}' % (section[:-1], after.readiness), etag_of(section, after.sections[0].version))
