"""Checks that hold whenever no upload is under way: every stored object has its row, and every row its object."""

from pathlib import Path
from typing import Any

from app.http.parts import parts_of
from app.queries.evidence import known_store_keys
from app.storage.evidence_store import EvidenceStore
from tests.support.service import Service

SECTION = "/v1/prisons/LWI/sections/5"
EVIDENCE = f"{SECTION}/evidence"


def upload(service: Service, content: bytes, name: str = "minutes.pdf", *, number: int = 5, **more: Any) -> Any:
    """Send a document to a section of Lewes; `fields` are the others than `file`."""
    fields = {"title": "Minutes of the steering group"} | more.pop("fields", {})
    declared = more.pop("declared", "application/octet-stream")
    path = more.pop("path", f"/v1/prisons/LWI/sections/{number}/evidence")
    return service.call("POST", path, data=fields, files={"file": (name, content, declared)}, **more)


def store_of(service: Service) -> EvidenceStore:
    return parts_of(service.app).evidence_store


def stored_keys(service: Service) -> set[str]:
    return {key for key, _at in store_of(service).all_keys()}


def assert_store_matches_rows(service: Service) -> None:
    with service.database.reading() as session:
        assert stored_keys(service) == known_store_keys(session)
    left_over = [path for path in spool_of(service).iterdir() if path.is_file() and not path.name.startswith("idts.db")]
    assert left_over == []


def spool_of(service: Service) -> Path:
    return service.settings.data_dir
