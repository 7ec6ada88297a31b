"""What a Statement of Readiness attests: frozen as canonical JSON, so that its digest can be signed."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import rfc8785
from sqlalchemy.orm import Session

from app.queries.evidence import EvidenceView
from app.queries.readiness import READINESS_JSON
from app.queries.reviews import count_confirmed
from app.queries.sections import SECTION_NUMBERS, SectionView, section_views
from app.queries.toolkits import read_book
from app.rules.audit import digest_of
from app.rules.moments import london_date, moment_in_json
from app.rules.readiness import ReadinessView, Situation
from app.rules.substance import letters_and_digits
from app.rules.types import Rating

FORMAT = "idts-statement-of-readiness/2"


@dataclass(frozen=True, slots=True)
class Attested:
    """What a statement attests: the verdict, the sections, how many of their ratings the region has confirmed, and the
    readiness meeting as JSON."""

    verdict: ReadinessView
    sections: Sequence[SectionView]
    confirmed_by_region: int
    meeting: Mapping[str, Any] | None
    go_live_date: date
    frozen_at: datetime


def attested_payload(
    session: Session, situation: Situation, go_live_date: date, at: datetime, meeting: Mapping[str, Any] | None
) -> tuple[str, str]:
    """The payload as canonical JSON (RFC 8785), and its SHA-256 in hexadecimal."""
    prison = situation.prison
    view = replace(situation, statements=()).view(read_book(session, prison.toolkit_version), london_date(at))
    sections = section_views(session, prison, situation.answers, list(SECTION_NUMBERS), at)
    confirmed = count_confirmed(session, prison.id)
    return canonical_payload(Attested(view, sections, confirmed, meeting, go_live_date, at))


def canonical_payload(of: Attested) -> tuple[str, str]:
    """The payload and its digest."""
    verdict: dict[str, Any] = READINESS_JSON.dump_python(of.verdict, mode="json")
    document = {
        "format": FORMAT,
        "prison": verdict["prison"],
        "toolkit_version": of.verdict.toolkit_version,
        "frozen_at": moment_in_json(of.frozen_at),
        "go_live_date": of.go_live_date.isoformat(),
        "sections": [_section(one) for one in of.sections],
        "verdict": {name: verdict[name] for name in ("counts", "commissioning", "go_live", "warnings")},
        "outstanding": [_outstanding(one) for one in of.sections if one.rating is Rating.AMBER and not one.exempt],
        "confirmed_by_region": of.confirmed_by_region,
        "readiness_meeting": of.meeting,
    }
    canonical = rfc8785.dumps(document)
    return canonical.decode(), hashlib.sha256(canonical).hexdigest()


def _outstanding(one: SectionView) -> dict[str, Any]:
    """What an AMBER section leaves to do: its comment, or what its evidence says where there is none."""
    return {
        "section": one.number,
        "title": one.title,
        "what": one.comment
        if letters_and_digits(one.comment or "")
        else "; ".join(item.text or item.title for item in one.evidence),
        "who": one.lead,
        "by_when": one.target_date.isoformat() if one.target_date else None,
    }


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
