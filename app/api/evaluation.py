"""What the verdict would be: of hypothetical ratings, or of a prison with changes. Nothing is stored."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from starlette.responses import Response

from app.http.answers import written
from app.http.auth import Reader
from app.http.routing import KeyedRoute
from app.http.schemas import problems
from app.http.text import Name
from app.queries.evaluation import HypotheticalRatings, evaluate_changes, evaluate_ratings
from app.rules.commissioning import Commissioning
from app.rules.go_live import GoLive
from app.rules.readiness import Counts
from app.rules.types import Rating
from app.storage.db import ReadSession

router = APIRouter(prefix="/v1/readiness", tags=["Readiness"], route_class=KeyedRoute)


class Evaluate(BaseModel):
    """A what-if: all 35 ratings, or a prison's present ratings with changes. Nothing is stored."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"prison": "LWI", "changes": {"7": "AMBER"}}]}
    )

    ratings: dict[str, Rating] | None = Field(None, max_length=60, description="Section number to rating.")
    exempt: list[int] = Field(default_factory=list, max_length=35, description="Sections to treat as exempt.")
    toolkit_version: Name | None = Field(None, max_length=32, description="Left out: the current version.")
    prison: Annotated[Name | None, Field(max_length=16, description="A prison's code.")] = None
    changes: dict[str, Rating] | None = Field(None, max_length=60)

    @model_validator(mode="after")
    def one_kind_of_question(self) -> "Evaluate":
        if (self.ratings is None) == (self.prison is None):
            raise ValueError("give either ratings (all 35 of them), or prison with changes")
        if self.ratings is not None and self.changes is not None:
            raise ValueError("send changes with prison, not with ratings")
        if self.prison is not None and (self.exempt or self.toolkit_version):
            raise ValueError("send exempt and toolkit_version with ratings only: a prison has its own")
        return self


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the rules say of hypothetical ratings. Only minima are judged: nobody has evidence for such ratings."""

    toolkit_version: str
    counts: Counts
    commissioning: Commissioning
    go_live: GoLive


_EVALUATION = TypeAdapter(Evaluation)


@router.post("/evaluate", summary="Evaluate hypothetical ratings", response_model=Evaluation, responses=problems(404))
def evaluate_readiness(body: Evaluate, session: ReadSession, by: Reader) -> Response:
    """The verdict on hypothetical ratings. Nothing is stored."""
    if body.ratings is not None:
        asked = HypotheticalRatings(body.ratings, tuple(body.exempt), body.toolkit_version)
        version, verdict = evaluate_ratings(session, asked)
    else:
        assert body.prison is not None
        version, verdict = evaluate_changes(session, body.prison, body.changes or {})
    evaluation = Evaluation(version, verdict.counts, verdict.commissioning, verdict.go_live)
    return written(_EVALUATION.dump_json(evaluation))
