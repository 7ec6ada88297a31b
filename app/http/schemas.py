"""Shapes that answers have and no view class describes."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.rules.types import Function, Rating


class OutcomeDocument(BaseModel):
    """One element of a section's required outcome."""

    key: str
    text: str


class SectionDocument(BaseModel):
    """One section of the toolkit."""

    number: int
    title: str
    group: str
    summary: str
    required_outcomes: list[OutcomeDocument]
    go_live_minimum: Rating
    commissioning_required: bool
    staffing_threshold_percent: int | None
    exemptible_for: list[Function]


class SignatoryRoleDocument(BaseModel):
    """Someone whose signature the Statement of Readiness carries."""

    key: str
    title: str
    required: bool


class ProgrammeOwnDocument(BaseModel):
    """Something that this programme decided and the toolkit did not."""

    field: str
    text: str


class RatingMeaningDocument(BaseModel):
    """What the toolkit means by a rating."""

    rating: Rating
    text: str


class GroupNoteDocument(BaseModel):
    """What the toolkit says of a whole group of sections."""

    group: str
    text: str


class ReadingDocument(BaseModel):
    """A place where the toolkit's words are not clear, and how this programme reads them."""

    section: int
    source: str
    reading: str


class DelayCauseDocument(BaseModel):
    """A cause that a moved go-live date may be put down to."""

    key: str
    title: str


class ToolkitDocument(BaseModel):
    """A version of the toolkit. From `version_basis` on, an older version may have nothing."""

    version: str
    title: str
    groups: list[str]
    sections: list[SectionDocument]
    signatory_roles: list[SignatoryRoleDocument]
    evidence_stale_after_months: int
    version_basis: str | None
    programme_own: list[ProgrammeOwnDocument]
    ratings: list[RatingMeaningDocument]
    group_notes: list[GroupNoteDocument]
    readings: list[ReadingDocument]
    delay_causes: list[DelayCauseDocument]


class FieldChange(BaseModel):
    """A field of a toolkit, and its value in each version."""

    field: str
    before: Annotated[object, Field(alias="from")]
    after: Annotated[object, Field(alias="to")]


class OutcomeChange(BaseModel):
    """A required outcome, and its words in each version; null where the version lacks it."""

    key: str
    before: Annotated[str | None, Field(alias="from")]
    after: Annotated[str | None, Field(alias="to")]


class RoleChange(BaseModel):
    """A signatory role in each version; null where the version lacks it."""

    key: str
    before: Annotated[SignatoryRoleDocument | None, Field(alias="from")]
    after: Annotated[SignatoryRoleDocument | None, Field(alias="to")]


class SectionDifference(BaseModel):
    """What differs in one section."""

    number: int
    title: str
    fields: list[FieldChange]
    outcomes: list[OutcomeChange]


class ToolkitChanges(BaseModel):
    """All that differs from one version of the toolkit to another. Sections without a difference are left out."""

    before: Annotated[str, Field(alias="from")]
    after: Annotated[str, Field(alias="to")]
    fields: list[FieldChange]
    signatory_roles: list[RoleChange]
    sections: list[SectionDifference]


class FieldProblem(BaseModel):
    """One field at fault: a JSON Pointer into the body, or `?name` for a query parameter; `code` says what kind."""

    pointer: str
    detail: str
    code: str


class Problem(BaseModel):
    """What went wrong and what to do about it (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    error_code: str = Field(alias="errorCode")
    user_message: str = Field(alias="userMessage")
    request_id: str | None = None
    errors: list[FieldProblem] | None = None


def problems(*statuses: int) -> dict[int | str, dict[str, object]]:
    """OpenAPI entries for the problems that a route can answer with."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": DESCRIPTIONS[status], "content": {"application/problem+json": schema}}
        for status in statuses
    }


DESCRIPTIONS = {
    400: "The request could not be read",
    401: "No valid key",
    403: "Not for this key's role or scope",
    404: "Not found",
    405: "Method not allowed",
    406: "Not available in that form",
    409: "A rule or the present state refuses it",
    412: "Your copy is out of date",
    413: "Body too large",
    415: "Wrong media type",
    422: "Malformed, and `errors` says where",
    429: "Too many requests",
    500: "Something went wrong here",
    503: "A part of the service cannot be reached",
}


class PublicKey(BaseModel):
    """One public key (RFC 8037)."""

    kty: str
    crv: str
    x: str
    kid: str
    use: str
    alg: str


class KeySet(BaseModel):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[PublicKey]


class Health(BaseModel):
    """Whether it is up."""

    status: Literal["UP", "DOWN"]


class ServiceHealth(Health):
    """Whether the service and each of its parts are up."""

    components: dict[str, Health]


class Build(BaseModel):
    """What is running."""

    name: str
    version: str


class ServiceInfo(BaseModel):
    """What is running."""

    build: Build


class ProblemKindDocument(BaseModel):
    """One kind of problem, and what to do about it."""

    code: str
    type: str
    title: str
    explanation: str


class ProblemKinds(BaseModel):
    """Every kind of problem."""

    items: list[ProblemKindDocument]
