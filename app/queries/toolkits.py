"""Toolkit versions: the document, and the rule book made from it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import NotFound
from app.models import Prison, ToolkitVersion, table_of
from app.models.columns import columns_of
from app.rules.readiness import RuleBook, rule_book
from app.rules.toolkit import toolkit_document, toolkit_from_document


@dataclass(frozen=True, slots=True)
class ToolkitSummary:
    """One version that the service keeps; `prisons` is how many are judged by it."""

    version: str
    title: str
    is_current: bool
    digest: str
    loaded_at: datetime
    prisons: int


_VERSION = table_of(ToolkitVersion).c.version
# The newest first: by year and month, then by suffix, where .10 comes after .2.
_NEWEST_FIRST = (func.substr(_VERSION, 1, 7).desc(), func.length(_VERSION).desc(), _VERSION.desc())


@dataclass(frozen=True, slots=True)
class LoadedToolkit:
    """A version as verdicts use it."""

    book: RuleBook
    digest: str


# By the pool of connections that they were read through, and gone with it.
_LOADED: WeakKeyDictionary[Engine, dict[str, LoadedToolkit]] = WeakKeyDictionary()


def current_version(session: Session) -> str:
    """The newest version: what the service shows as its toolkit, and what a prison is registered on."""
    version: str | None = session.scalar(select(_VERSION).order_by(*_NEWEST_FIRST).limit(1))
    if version is None:
        raise NotFound("not-found", "No toolkit is loaded. Load one with `idts seed`.")
    return version


def read_book(session: Session, version: str) -> RuleBook:
    """The rule book of a version."""
    return _loaded(session, version).book


def toolkit_digest(session: Session, version: str) -> str:
    """The digest of a version's content."""
    return _loaded(session, version).digest


def _loaded(session: Session, version: str) -> LoadedToolkit:
    """A loaded version never changes, so it is read once for each pool of connections."""
    loaded = _LOADED.setdefault(session.get_bind().engine, {})
    if version not in loaded:
        document, digest = _read_version(session, version)
        loaded[version] = LoadedToolkit(rule_book(toolkit_from_document(document)), digest)
    return loaded[version]


def read_document(session: Session, version: str) -> dict[str, Any]:
    """The toolkit as JSON."""
    return toolkit_document(read_book(session, version).toolkit)


def _read_version(session: Session, version: str) -> tuple[dict[str, Any], str]:
    columns = select(col(ToolkitVersion.document), col(ToolkitVersion.digest))
    row = session.execute(columns.where(col(ToolkitVersion.version) == version)).first()
    if row is None:
        raise NotFound("not-found", f"No toolkit version {version!r} is loaded. GET /v1/toolkits lists those that are.")
    return row[0], row[1]


def role_keys(session: Session) -> list[str]:
    """The signatory roles of all versions: a statement keeps those of the version that it was raised under."""
    versions = session.scalars(select(_VERSION).order_by(*_NEWEST_FIRST)).all()
    return list(dict.fromkeys(role.key for one in versions for role in read_book(session, one).toolkit.signatory_roles))


def list_versions(session: Session) -> list[ToolkitSummary]:
    """Every loaded version, newest first."""
    users = select(func.count()).where(col(Prison.toolkit_version) == col(ToolkitVersion.version)).scalar_subquery()
    columns = [*columns_of(ToolkitVersion, "version document digest loaded_at"), users]
    rows = session.execute(select(*columns).order_by(*_NEWEST_FIRST)).all()
    return [
        ToolkitSummary(version, document["title"], place == 0, digest, loaded_at, prisons)
        for place, (version, document, digest, loaded_at, prisons) in enumerate(map(tuple, rows))
    ]
