"""What callers send of a plan: its content as its authors wrote it, cell by cell."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from app.http.text import Day, Line, Title, Why, one_line, plain_text
from app.rules.plan_document import PlanKind

# A cell to the letter: white space is the author's too.
Cell = Annotated[str, StringConstraints(max_length=5000), AfterValidator(plain_text)]
Said = Annotated[str, StringConstraints(min_length=1, max_length=5000), AfterValidator(plain_text)]


def _whom(value: object) -> object:
    """One fault at one pointer, whichever of the two forms was meant."""
    if value is None or (isinstance(value, str) and len(value) <= 1000):
        return value if value is None else plain_text(value)
    owners = [one.strip() for one in value if isinstance(one, str)] if isinstance(value, list) else []
    if isinstance(value, list) and len(owners) == len(value) <= 50 and all(1 <= len(one) <= 200 for one in owners):
        return [one_line(one) for one in owners]
    raise ValueError("give the cell's text of up to 1,000 characters, or a list of up to 50 owners of up to 200 each")


_OWNERS = {"type": "array", "maxItems": 50, "items": {"type": "string", "minLength": 1, "maxLength": 200}}
Whom = Annotated[
    Any,
    AfterValidator(_whom),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": 1000}, _OWNERS, {"type": "null"}]}),
]
Reference = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), AfterValidator(one_line)
]
Place = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
PlanSectionNumbers = Annotated[list[Annotated[int, Field(strict=True, ge=1, le=35)]], Field(max_length=35)]
Cells = Annotated[list[Cell], Field(max_length=100)]


class RowSource(BaseModel):
    """Where a row was read: in which file, and where in it."""

    model_config = ConfigDict(extra="forbid")

    file: Title | None = None
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] | None = None
    sheet: Line | None = None
    part: Line | None = None
    paragraph: Place | None = None
    table: Place | None = None
    row: Place | None = None
    cell: Place | None = None


class TellUpdate(BaseModel):
    """How it is going. `on` is the day that it is about; today where an update is added without one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "The protocol is with the governor."}]}
    )

    text: Said
    on: Day | None = None
    provenance: RowSource | None = None


class ExpectOutcome(BaseModel):
    """What is expected, in a year where the plan has years."""

    model_config = ConfigDict(extra="forbid")

    year: Line | None = None
    text: Cell


class WriteAction(BaseModel):
    """An action or milestone, each cell as its author wrote it. `by_whom` is the cell's text, or a list of owners."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "reference": "1.1",
                    "text": "Write the terms of reference of the steering group",
                    "by_when": "July 2026",
                    "by_whom": "Governor / Head of Healthcare",
                    "sections": [2],
                }
            ]
        },
    )

    reference: Reference | None = None
    text: Said
    by_when: Cell | None = None
    by_whom: Whom = None
    measures: Cells = Field(default_factory=list)
    done_on: Day | None = None
    no_action_reason: Why | None = None
    waits_for: Reference | None = None
    sections: PlanSectionNumbers = Field(default_factory=list)
    updates: Annotated[list[TellUpdate], Field(max_length=200)] = Field(default_factory=list)
    provenance: RowSource | None = None


class AddAction(WriteAction):
    """An action to add. `objective` is the `ref` of the one that it is to stand under, if any."""

    objective: Reference | None = None


class ChangeAction(BaseModel):
    """A merge patch of an action: a field that is left out stays, null clears it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"done_on": "2026-03-02"}]})

    reference: Reference | None = None
    text: Said = ""
    by_when: Cell | None = None
    by_whom: Whom = None
    measures: Cells | None = None
    done_on: Day | None = None
    no_action_reason: Why | None = None
    waits_for: Reference | None = None
    sections: PlanSectionNumbers | None = None


class WriteObjective(BaseModel):
    """An objective with its actions."""

    model_config = ConfigDict(extra="forbid")

    reference: Reference | None = None
    title: Cell = ""
    notes: Cells = Field(default_factory=list)
    expected_outcomes: Annotated[list[ExpectOutcome], Field(max_length=50)] = Field(default_factory=list)
    actions: Annotated[list[WriteAction], Field(max_length=1000)] = Field(default_factory=list)
    updates: Annotated[list[TellUpdate], Field(max_length=200)] = Field(default_factory=list)
    provenance: RowSource | None = None


class WritePlanningSection(BaseModel):
    """A planning section with its objectives."""

    model_config = ConfigDict(extra="forbid")

    number: Reference | None = None
    title: Cell = ""
    priorities: Cells = Field(default_factory=list)
    notes: Cells = Field(default_factory=list)
    expected_outcomes: Annotated[list[ExpectOutcome], Field(max_length=50)] = Field(default_factory=list)
    objectives: Annotated[list[WriteObjective], Field(max_length=300)] = Field(default_factory=list)
    updates: Annotated[list[TellUpdate], Field(max_length=200)] = Field(default_factory=list)
    provenance: RowSource | None = None


PlanningSections = Annotated[list[WritePlanningSection], Field(max_length=100)]


class WriteContent(BaseModel):
    """All that a plan is to say: planning sections, objectives, actions."""

    model_config = ConfigDict(extra="forbid")

    sections: PlanningSections

    def states(self) -> list[dict[str, Any]]:
        return [section.model_dump(mode="json") for section in self.sections]


class MakePlan(BaseModel):
    """A plan to make, of a `prison` (its code) or of a `partnership` (its id or name)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"prison": "LWI", "title": "Action plan", "begins_on": "2026-04-01", "ends_on": "2027-03-31"}]
        },
    )

    prison: Line | None = None
    partnership: Line | None = None
    kind: PlanKind = PlanKind.TREATMENT_PLAN
    title: Title
    begins_on: Day | None = None
    ends_on: Day | None = None
    sections: PlanningSections = Field(default_factory=list)


class CorrectPlan(BaseModel):
    """A merge patch of a plan's own details: what is left out stays, null clears a day of the period."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"title": "Action plan 2026/27"}]})

    kind: PlanKind = PlanKind.TREATMENT_PLAN
    title: Title = ""
    begins_on: Day | None = None
    ends_on: Day | None = None


class GiveReason(BaseModel):
    """Why: the reason is shown with the plan."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "Who leads on 3.2?"}]})

    reason: Why


class ActOnRecommendation(BaseModel):
    """The plan (its id) that the action is to stand in. What it says is the review's recommendation."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"plan": "2f1c7f0e-5b7a-4c55-9d0e-6f1b0a7c3d21", "by_when": "June 2026"}]},
    )

    plan: Line
    reference: Reference | None = None
    by_when: Cell | None = None
    by_whom: Whom = None


def given_in(body: BaseModel) -> dict[str, Any]:
    """What a merge patch changes, as JSON."""
    return body.model_dump(mode="json", include=set(body.model_fields_set))
