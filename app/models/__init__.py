"""Tables only; what may be in them is decided by the rules."""

from app.models.access import ApiKey, RememberedAnswer
from app.models.audit import AuditCheckpoint, AuditEntry, AuditHead
from app.models.prison import Prison, PrisonChange, PrisonStanding, ToolkitVersion
from app.models.section import Evidence, SectionAssessment, SectionChange
from app.models.statement import Signatory, SigningKey, Statement, StatementEvent

__all__ = [
    "ApiKey",
    "AuditCheckpoint",
    "AuditEntry",
    "AuditHead",
    "Evidence",
    "Prison",
    "PrisonChange",
    "PrisonStanding",
    "RememberedAnswer",
    "SectionAssessment",
    "SectionChange",
    "Signatory",
    "SigningKey",
    "Statement",
    "StatementEvent",
    "ToolkitVersion",
]
