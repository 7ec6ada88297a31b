"""Loading toolkit versions; a loaded version never changes."""

import hashlib
import json

from sqlalchemy.orm import Session

from app.errors import Conflict
from app.models import ToolkitVersion
from app.rules.access import Caller
from app.rules.toolkit import Toolkit, toolkit_document
from app.services.audit import record
from app.services.turns import wait_for_turn


def load_toolkit(session: Session, toolkit: Toolkit, *, caller: Caller) -> bool:
    """Keep a version beside those that are there; False if it is there already, word for word.

    Conflict where the same version is there with another content.
    """
    # What a version's file does not have is left out, so that its digest stays what it was.
    document = {name: value for name, value in toolkit_document(toolkit).items() if value}
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    wait_for_turn(session, "load a toolkit")
    present = session.get(ToolkitVersion, toolkit.version)
    if present is not None and present.digest == digest:
        return False
    if present is not None:
        raise Conflict(
            "toolkit-version-exists",
            f"Version {toolkit.version} is loaded with another content, and prisons are judged by it. "
            "Give the changed file a version of its own.",
        )
    row = ToolkitVersion(version=toolkit.version, document=document, digest=digest, loaded_at=caller.at)
    session.add(row)
    session.flush()
    subject = f"/v1/toolkits/{toolkit.version}"
    record(session, caller=caller, at=caller.at, action="toolkit.loaded", subject=subject, after=document)
    return True
