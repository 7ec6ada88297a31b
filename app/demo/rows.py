"""What a made-up prison consists of: its rows, table by table, before they are stored."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.rules.access import Role
from app.rules.assessment import Assessment, Stamp
from app.rules.prison import PrisonFacts
from app.rules.statement import StatementFacts

# Who is said to have done all of it.
BY = {"by_id": "demo", "by_name": "Demonstration", "by_role": Role.ADMIN}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for: from when until when the histories run, and the seed of them all."""

    seed: int
    began: datetime
    until: datetime


@dataclass(slots=True)
class Life:
    """A prison's rows, table by table, as the services would have written them."""

    prison: dict[str, Any]
    facts: PrisonFacts
    prison_changes: list[dict[str, Any]] = field(default_factory=list)
    section_changes: list[dict[str, Any]] = field(default_factory=list)
    evidence: list[dict[str, Any]] = field(default_factory=list)
    statements: dict[str, dict[str, Any]] = field(default_factory=dict)
    signatories: list[dict[str, Any]] = field(default_factory=list)
    statement_events: list[dict[str, Any]] = field(default_factory=list)
    present: dict[int, Assessment] = field(default_factory=dict)
    stamps: dict[int, Stamp] = field(default_factory=dict)
    counting: StatementFacts | None = None
