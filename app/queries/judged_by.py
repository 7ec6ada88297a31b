"""Which toolkit and which rules made a stored verdict, and which verdicts are to be worked out again."""

from datetime import date
from functools import cache
from hashlib import sha256
from importlib.resources import files

from sqlalchemy import func, literal, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Prison, StoredVerdict, ToolkitVersion
from app.queries.toolkits import toolkit_digest

_HALF = 32


@cache
def rules_digest() -> str:
    """The rules of this process: a digest of their source, since any line of it may change a verdict."""
    digest = sha256()
    for module in sorted(files("app.rules").iterdir(), key=lambda module: module.name):
        if module.name.endswith(".py"):
            digest.update(module.read_bytes())
    return digest.hexdigest()[:_HALF]


def judged_by(session: Session, toolkit_version: str) -> str:
    """What a verdict of now is made by: half of the toolkit's digest, then that of the rules."""
    return toolkit_digest(session, toolkit_version)[:_HALF] + rules_digest()


def is_by_present_rules(made_by: str) -> bool:
    """Whether a stored verdict was made by the rules of this process. A loaded toolkit never changes."""
    return made_by.endswith(rules_digest())


def outdated_prisons(session: Session, day: date, prison_id: int | None = None) -> list[int]:
    """The prisons whose stored verdict other rules made, or the calendar has overtaken; one statement."""
    by_now = func.substr(col(ToolkitVersion.digest), 1, _HALF) + literal(rules_digest())
    made_by, fresh_until = col(StoredVerdict.judged_by), col(StoredVerdict.fresh_until)
    statement = (
        select(col(Prison.id))
        .join(ToolkitVersion, col(ToolkitVersion.version) == col(Prison.toolkit_version))
        .outerjoin(StoredVerdict, col(StoredVerdict.prison_id) == col(Prison.id))
        .where(or_(made_by.is_(None), made_by != by_now, fresh_until < day))
    )
    if prison_id is not None:
        statement = statement.where(col(Prison.id) == prison_id)
    return list(session.scalars(statement.order_by(col(Prison.id))))
