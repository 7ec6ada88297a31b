"""Statements and what they attest, as the service makes them, for the tests of the paper."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import rfc8785

from app.queries.statements import SignatoryView, StatementView
from app.rules.statement import Standing, StatementStatus
from tests.support.factories import AMBER_IS_ENOUGH, COMMISSIONING, STAFFED
from tests.support.shipped import shipped_toolkit

RAISED_AT = datetime(2026, 6, 1, 9, 32, tzinfo=UTC)
PEOPLE = (
    "Margaret Ashworth-Bell",
    "Idris Nkemelu",
    "Siân Pritchard",
    "Łukasz Wójcik",
    "Oluwaseun Adébáyò",
    "Jean O’Leary",
    "Priya Raghunathan",
)


def evidence(number: int, place: int = 1, **more: Any) -> dict[str, Any]:
    """One piece of evidence on a section."""
    title = f"Signed-off paper {place} on section {number}"
    item = {
        "id": f"{number:08d}-0000-4000-8000-{place:012d}",
        "kind": ("document", "link", "note")[(number + place) % 3],
        "title": title,
        "effective_on": f"2026-0{number % 5 + 1}-14",
        "digest": hashlib.sha256(f"{title} {place}".encode()).hexdigest(),
    }
    return item | more


def attested(*, items: int = 1, exempt: dict[int, str] | None = None, **more: Any) -> dict[str, Any]:
    """The payload of an eligible prison: `items` pieces of evidence on every section, AMBER where that is enough."""
    exempt = exempt or {}
    sections = [
        {
            "number": one.number,
            "title": one.title,
            "group": one.group,
            "rating": "RED" if one.number in exempt else "AMBER" if one.number in AMBER_IS_ENOUGH else "GREEN",
            "version": one.number % 4 + 2,
            "staff_in_post": 3 if one.number in STAFFED else None,
            "staff_required": 4 if one.number in STAFFED else None,
            "exemption": exempt.get(one.number),
            "evidence": [evidence(one.number, place) for place in range(1, items + 1)],
        }
        for one in shipped_toolkit().sections
    ]
    ratings = [one["rating"] for one in sections if one["exemption"] is None]
    region = {"slug": "south-east", "name": "South East"}
    return {
        "format": "idts-statement-of-readiness/2",
        "prison": {"code": "LWI", "name": "Lewes", "region": region, "function": "local"},
        "toolkit_version": "2006-09.2",
        "frozen_at": "2026-06-01T09:32:00Z",
        "go_live_date": "2026-07-06",
        "sections": sections,
        "verdict": {
            "counts": {key.lower(): ratings.count(key) for key in ("RED", "AMBER", "GREEN")} | {"exempt": len(exempt)},
            "commissioning": {"ready": True, "required_sections": list(COMMISSIONING), "blockers": []},
            "go_live": {"eligible": True, "blockers": [], "exempt": []},
            "warnings": [],
        },
        "outstanding": [
            {
                "section": one["number"],
                "title": one["title"],
                "what": f"The rest of section {one['number']} is agreed and under way.",
                "who": "Head of Healthcare",
                "by_when": "2026-09-30",
            }
            for one in sections
            if one["rating"] == "AMBER"
        ],
        "confirmed_by_region": 12,
        "readiness_meeting": None,
    } | more


def raised(payload: dict[str, Any], *, signed: int = 0, **more: Any) -> StatementView:
    """A statement over a payload, signed by the first `signed` of its seven signatories, a day apart."""
    required = [role for role in shipped_toolkit().signatory_roles if role.required]
    people = [
        SignatoryView(
            role=role.key,
            title=role.title,
            name=name,
            email=f"{role.key}@example.gov.uk",
            signed_at=RAISED_AT + timedelta(days=place + 1) if place < signed else None,
            signed_as=name if place < signed else None,
            replaced=[],
        )
        for place, (role, name) in enumerate(zip(required, PEOPLE, strict=True))
    ]
    view = StatementView(
        id="0b9f7c52-6f0e-4a57-9d3e-0f2f2f9a8f11",
        prison="LWI",
        serial=None,
        status=StatementStatus.RAISED,
        standing=None,
        breached_sections=[],
        digest=hashlib.sha256(rfc8785.dumps(payload)).hexdigest(),
        toolkit_version="2006-09.2",
        go_live_date=date(2026, 7, 6),
        attested_go_live_date=date(2026, 7, 6),
        date_moves=[],
        live_on=None,
        service_ended_on=None,
        live_confirmed_at=None,
        live_confirmed_by=None,
        raised_at=RAISED_AT,
        raised_by="Lewes drug strategy office",
        issued_at=None,
        ended_at=None,
        ended_by=None,
        end_reason=None,
        superseded_by=None,
        readiness_meeting=None,
        signatories=people,
        warnings=[],
    )
    return replace(view, **more)


def issued(payload: dict[str, Any], **more: Any) -> StatementView:
    """The same with every signature, a serial number and the day of issue."""
    return raised(
        payload,
        signed=7,
        **{
            "serial": "SOR-LWI-2026-001",
            "status": StatementStatus.ISSUED,
            "standing": Standing.IN_FORCE,
            "issued_at": RAISED_AT + timedelta(days=7),
        }
        | more,
    )


def verify_url(view: StatementView, base: str = "https://idts.example.nhs.uk") -> str:
    return f"{base}/v1/statements/verify?serial={view.serial}&digest={view.digest}"
