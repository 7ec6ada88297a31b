"""The life of a statement as tests drive it: a signing key, an eligible prison, a statement, its signatures."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from app.cli import first_start
from app.rules.access import Caller
from app.rules.moments import london_date
from app.rules.types import Rating
from app.services.seed import OPERATOR
from app.services.signing_keys import adopt_signing_key
from app.services.toolkits import load_toolkit
from app.storage.key_files import KeyFiles
from tests.support import databases, factories
from tests.support.service import Service, make_keys, running, service_settings
from tests.support.shipped import shipped_toolkit

ROLES = (
    "governor",
    "idts_lead",
    "head_of_healthcare",
    "carat_manager",
    "lead_pct_commissioner",
    "dat_joint_commissioning_manager",
    "regional_idts_development_manager",
)
REGION = "region:south-east"


def make_signing_key(service: Service) -> None:
    first_start.ensure_signing_key(service.settings, service.database)


def rotate_signing_key(service: Service) -> str:
    """The id of a new key that signs from now on, as `idts signing-keys rotate` makes it."""
    key = KeyFiles(service.settings.signing_keys_dir).make()
    caller = Caller(OPERATOR, datetime.now(UTC))
    with service.database.session_scope() as session:
        adopt_signing_key(session, key.as_dict(private=False), caller=caller)
    return str(key.kid)


def make_signatory_keys(service: Service, code: str = "LWI") -> None:
    """A key for each role at the prison, in one transaction."""
    specs = [f"signatory:{code}:{role}" for role in ROLES if f"signatory:{code}:{role}" not in service.made]
    make_keys(service.database, specs, service.clock())
    service.made |= set(specs)


def make_eligible(service: Service, code: str = "LWI") -> None:
    """Every section at the least that go-live takes."""
    answer = service.patch(f"/v1/prisons/{code}/sections", factories.go_live_eligible(), by=f"prison:{code}")
    assert answer.json()["readiness"]["go_live"]["eligible"], answer.text


def raising(roles: Iterable[str] = ROLES, **more: Any) -> dict[str, Any]:
    """The body that raises a statement with a person for each role."""
    people = [{"role": role, "name": f"Person of {role}"} for role in roles]
    return {"go_live_date": "2026-12-01", "signatories": people} | more


def raise_statement(service: Service, code: str = "LWI", by: str | None = None, **more: Any) -> dict[str, Any]:
    """A raised statement of a prison that is eligible."""
    answer = service.post(f"/v1/prisons/{code}/statements", raising(**more), by=by or f"prison:{code}")
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def sign(service: Service, statement: dict[str, Any], role: str, **more: Any) -> httpx2.Response:
    """One signature, with the key of the role at the statement's prison unless `by` names another."""
    by = more.pop("by", f"signatory:{statement['prison']}:{role}")
    headers = more.pop("headers", None)
    body = signature(statement, role) | more
    return service.post(f"/v1/statements/{statement['id']}/signatures", body, by=by, headers=headers)


def signature(statement: dict[str, Any], role: str) -> dict[str, Any]:
    """The body of a signature."""
    return {"role": role, "name": f"Signed by {role}", "digest": statement["digest"]}


def sign_all(service: Service, statement: dict[str, Any], roles: Iterable[str] = ROLES) -> dict[str, Any]:
    """The statement after these roles have signed it."""
    make_signatory_keys(service, statement["prison"])
    found = statement
    for role in roles:
        answer = sign(service, statement, role)
        assert answer.status_code == 200, answer.text
        found = answer.json()
    return found


def raised(service: Service, code: str = "LWI") -> dict[str, Any]:
    """A raised statement of a prison that is made eligible for it, and a key to issue it with."""
    make_signing_key(service)
    make_eligible(service, code)
    return raise_statement(service, code)


def issued(service: Service, code: str = "LWI") -> dict[str, Any]:
    """An issued statement, from nothing."""
    found = sign_all(service, raised(service, code))
    assert found["status"] == "issued", found
    return found


def read(service: Service, statement: dict[str, Any], by: str | None = None) -> dict[str, Any]:
    answer = service.get(f"/v1/statements/{statement['id']}", by=by or f"prison:{statement['prison']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def withdraw(service: Service, statement: dict[str, Any], reason: str = "Raised too early") -> httpx2.Response:
    return service.post(f"/v1/statements/{statement['id']}/withdraw", {"reason": reason}, by=REGION)


def go_live(service: Service, statement: dict[str, Any], **body: Any) -> httpx2.Response:
    return service.post(f"/v1/statements/{statement['id']}/go-live", body or None, by=REGION)


def end_service(service: Service, code: str = "LWI", **more: Any) -> httpx2.Response:
    """The end of a service that is recorded for today, unless `ended_on` says otherwise."""
    body = {"ended_on": london_date(service.clock()).isoformat(), "reason": "The wing has closed"} | more
    return service.post(f"/v1/prisons/{code}/service-ended", body, by=REGION)


def downgrade(service: Service, code: str = "LWI", section: int = 5) -> dict[str, Any]:
    """The readiness after a section fell below its minimum."""
    return rate(service, code, section, "RED")


def recover(service: Service, code: str = "LWI", section: int = 5) -> dict[str, Any]:
    """The readiness after the section is GREEN again."""
    return rate(service, code, section, "GREEN")


def rate(service: Service, code: str, section: int, rating: str) -> dict[str, Any]:
    """The readiness after the section was rated, on evidence where that is needed."""
    body = factories.rated(section, rating)
    answer = service.patch(f"/v1/prisons/{code}/sections/{section}", body, by=f"prison:{code}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["readiness"]
    return found


def readiness(service: Service, code: str = "LWI", as_of: str | None = None) -> dict[str, Any]:
    params = {} if as_of is None else {"as_of": as_of}
    answer = service.get(f"/v1/prisons/{code}/readiness", by=f"prison:{code}", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def load_stricter_toolkit(service: Service, section: int) -> None:
    """A version `2026-stricter` in which AMBER is not enough for the section."""
    shipped = shipped_toolkit()
    sections = tuple(
        replace(one, go_live_minimum=Rating.GREEN) if one.number == section else one for one in shipped.sections
    )
    with service.database.session_scope() as session:
        load_toolkit(
            session,
            replace(shipped, version="2026-stricter", sections=sections),
            caller=Caller(OPERATOR, service.clock()),
        )


@contextmanager
def every_stage(kind: str, home: Path, data: Path) -> Iterator[tuple[Service, dict[str, dict[str, Any]]]]:
    """One service for what is refused: a statement at each step of its life, each at a prison of its own.

    MSI's is raised and signed by its governor, LWI's is issued; both are in the South East. FDI's has lapsed,
    EHI's was withdrawn; LEI is eligible without one.
    """
    with databases.fresh_copy(kind, home) as url, running(service_settings(url, data_dir=data)) as service:
        make_signing_key(service)
        found = {}
        for code in ("LWI", "MSI", "FDI", "EHI", "LEI"):
            make_eligible(service, code)
            if code != "LEI":
                found[code] = raise_statement(service, code)
        sign_all(service, found["LWI"])
        sign_all(service, found["MSI"], ["governor"])
        make_signatory_keys(service, "FDI")
        make_signatory_keys(service, "EHI")
        downgrade(service, "FDI")
        withdraw(service, found["EHI"])
        # Keys that some tests name; making one is a change too.
        for by in ("national", "region:south-east", "region:london", "prison:BXI"):
            service.key(by)
        yield service, {code: read(service, one) for code, one in found.items()}
