"""What a Statement of Readiness attests: frozen as canonical JSON, so that its digest can be signed."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import rfc8785
from sqlalchemy.orm import Session

from app.queries.evidence import EvidenceView
from app.queries.readiness import READINESS_JSON
from app.queries.sections import SECTION_NUMBERS, SectionView, section_views
from app.queries.toolkits import read_book
from app.rules.assessment import Answers
from app.rules.audit import digest_of
from app.rules.moments import london_date
from app.rules.prison import PrisonFacts
from app.rules.readiness import ReadinessView, Situation

FORMAT = "idts-statement-of-readiness/1"


def attested_payload(
    session: Session, prison: PrisonFacts, answers: Answers, go_live_date: date, at: datetime
) -> tuple[str, str]:
    """The payload as canonical JSON (RFC 8785), and its SHA-256 in hexadecimal."""
    book = read_book(session, prison.toolkit_version)
    sections = section_views(session, prison, answers, list(SECTION_NUMBERS), at)
    view = Situation(prison, answers).view(book, london_date(at))
    return canonical_payload(view, sections, go_live_date, at)


def canonical_payload(
    view: ReadinessView, sections: Sequence[SectionView], go_live_date: date, at: datetime
) -> tuple[str, str]:
    """The payload and its digest, of the verdict and the sections as they are attested."""
    verdict: dict[str, Any] = READINESS_JSON.dump_python(view, mode="json")
    document = {
        "format": FORMAT,
        "prison": verdict["prison"],
        "toolkit_version": view.toolkit_version,
        "frozen_at": at.isoformat().replace("+00:00", "Z"),
        "go_live_date": go_live_date.isoformat(),
        "sections": [_section(one) for one in sections],
        "verdict": {name: verdict[name] for name in ("counts", "commissioning", "go_live", "warnings")},
    }
    canonical = rfc8785.dumps(document)
    return canonical.decode(), hashlib.sha256(canonical).hexdigest()


def _section(one: SectionView) -> dict[str, Any]:
    return {
        "number": one.number,
        "title": one.title,
        "group": one.group,
        "rating": one.rating.value,
        "version": one.version,
        "staff_in_post": one.staff_in_post,
        "staff_required": one.staff_required,
        "exemption": None if one.exemption is None else one.exemption.rationale,
        "evidence": [_evidence(item) for item in one.evidence],
    }


def _evidence(item: EvidenceView) -> dict[str, Any]:
    """An item with the digest of its file, or of its own words where there is no file."""
    words = [item.kind.value, item.title, item.reference, item.text, str(item.effective_on)]
    return {
        "id": item.id,
        "kind": item.kind.value,
        "title": item.title,
        "effective_on": item.effective_on.isoformat() if item.effective_on else None,
        "digest": getattr(item, "sha256", None) or digest_of(words),
    }
