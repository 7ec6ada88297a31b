"""Tables only; what may be in them is decided by the rules."""

from app.models.access import ApiKey, RememberedAnswer
from app.models.prison import Prison, PrisonChange, PrisonStanding, ToolkitVersion
from app.models.section import Evidence, SectionAssessment, SectionChange

__all__ = [
    "ApiKey",
    "Evidence",
    "Prison",
    "PrisonChange",
    "PrisonStanding",
    "RememberedAnswer",
    "SectionAssessment",
    "SectionChange",
    "ToolkitVersion",
]
