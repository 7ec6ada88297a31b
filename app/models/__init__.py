"""Tables only; what may be in them is decided by the rules."""

from app.models.access import ApiKey, RememberedAnswer
from app.models.audit import AuditCheckpoint, AuditEntry, AuditHead
from app.models.columns import table_of
from app.models.events import ChangeEvent, Webhook, WebhookDelivery
from app.models.evidence import EvidenceFile
from app.models.plan import (
    Partnership,
    PartnershipPrison,
    Plan,
    PlanAction,
    PlanChange,
    PlanHeading,
    PlanUpdate,
)
from app.models.prison import Prison, PrisonChange, ServiceEnd, StoredVerdict, ToolkitVersion
from app.models.programme import PrisonPeriod, ReturnRevision, ReturnRow
from app.models.readiness_meeting import ReadinessMeeting
from app.models.review import Review, ReviewEvent
from app.models.section import Evidence, SectionAssessment, SectionChange
from app.models.statement import Signatory, SigningKey, Statement, StatementEvent

__all__ = [
    "ApiKey",
    "AuditCheckpoint",
    "AuditEntry",
    "AuditHead",
    "ChangeEvent",
    "Evidence",
    "EvidenceFile",
    "Partnership",
    "PartnershipPrison",
    "Plan",
    "PlanAction",
    "PlanChange",
    "PlanHeading",
    "PlanUpdate",
    "Prison",
    "PrisonChange",
    "PrisonPeriod",
    "ReadinessMeeting",
    "RememberedAnswer",
    "ReturnRevision",
    "ReturnRow",
    "Review",
    "ReviewEvent",
    "SectionAssessment",
    "SectionChange",
    "ServiceEnd",
    "Signatory",
    "SigningKey",
    "Statement",
    "StatementEvent",
    "StoredVerdict",
    "ToolkitVersion",
    "Webhook",
    "WebhookDelivery",
    "table_of",
]
