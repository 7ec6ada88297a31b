"""The whole service on a database of its own, as tests drive it: a client, keys by role, a clock to set."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Engine, event
from starlette.testclient import TestClient

from app.http.parts import parts_of
from app.main import create_app
from app.models import Prison
from app.rules.access import Caller, Role
from app.services.keys import KeyScope, create_key
from app.services.seed import OPERATOR
from app.settings import Settings
from app.storage.db import Database
from tests.support.declared_problems import check_is_declared

ADMIN_KEY = "admin-key-of-the-tests-0123456789"
# In the template database already; a key of another scope is made when a test first names it.
COMMON_KEYS = ("prison:LWI", "prison:MSI", "region:south-east", "region:london", "national", "signatory:LWI:governor")
# The establishments are registered in the template database at this moment; every test starts later.
REGISTERED_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
STARTS_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


# Every row of every table, by table.
Stored = dict[str, list[tuple[Any, ...]]]


class Clock:
    """The application's clock; it stands still until it is set."""

    def __init__(self, now: datetime = STARTS_AT) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def set(self, text: str) -> datetime:
        """Set it to an RFC 3339 timestamp, such as 2026-07-01T10:00:00Z."""
        self.now = datetime.fromisoformat(text).astimezone(UTC)
        return self.now

    def tick(self, seconds: float = 60) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


class TrueClock(Clock):
    """Tells the time, beside servers of their own that tell it too: a clock behind theirs is refused."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


def service_settings(database_url: str, **more: Any) -> Settings:
    """Settings under which nothing happens by itself: no webhook is delivered, event streams end at once, no quota."""
    quiet: dict[str, Any] = {"webhook_delivery": False, "event_stream_seconds": 0, "failed_keys_limit": ""}
    return Settings(database_url=database_url, admin_key=SecretStr(ADMIN_KEY), **(quiet | more))


@dataclass
class Service:
    """`by` of every call names the key: `admin`, `national`, `prison:LWI`, `region:south-east`,
    `signatory:LWI:governor`; None sends no key, and anything else is sent as the key itself."""

    settings: Settings
    clock: Clock
    app: FastAPI
    client: TestClient
    made: set[str] = field(default_factory=lambda: set(COMMON_KEYS))

    @property
    def database(self) -> Database:
        return parts_of(self.app).database

    def key(self, spec: str) -> str:
        """The secret of a key with that role and scope, made through the service's own code when first asked for."""
        if spec == "admin":
            return ADMIN_KEY
        if spec.partition(":")[0] not in set(Role):
            return spec
        if spec not in self.made:
            self.made.add(spec)
            make_keys(self.database, [spec], self.clock())
        return secret_of(spec)

    def call(self, method: str, path: str, by: str | None = "prison:LWI", **more: Any) -> httpx2.Response:
        headers = dict(more.pop("headers", None) or {})
        if by is not None:
            headers["authorization"] = f"Bearer {self.key(by)}"
        answer = self.client.request(method, path, headers=headers, **more)
        check_is_declared(method, answer)
        return answer

    def get(self, path: str, by: str | None = "prison:LWI", **more: Any) -> httpx2.Response:
        return self.call("GET", path, by, **more)

    def post(self, path: str, json: object = None, by: str | None = "prison:LWI", **more: Any) -> httpx2.Response:
        return self.call("POST", path, by, **({"json": json} if json is not None else {}), **more)

    def patch(self, path: str, json: object = None, by: str | None = "prison:LWI", **more: Any) -> httpx2.Response:
        return self.call("PATCH", path, by, **({"json": json} if json is not None else {}), **more)

    def put(self, path: str, json: object = None, by: str | None = "prison:LWI", **more: Any) -> httpx2.Response:
        return self.call("PUT", path, by, **({"json": json} if json is not None else {}), **more)

    def delete(self, path: str, by: str | None = "prison:LWI", **more: Any) -> httpx2.Response:
        return self.call("DELETE", path, by, **more)

    def stored(self) -> Stored:
        """Every row of every table, for comparing before with after."""
        with self.database.write_engine.connect() as connection:
            return {
                table.name: [
                    # As the driver has it: the dump is only compared with another one.
                    tuple(row)
                    for row in connection.exec_driver_sql(
                        f"SELECT * FROM {table.name} ORDER BY {', '.join(column.name for column in table.primary_key)}"
                    )
                ]
                for table in Prison.metadata.sorted_tables
            }

    def fingerprints(self) -> dict[str, object]:
        """What is in each table, for comparing before with after: a server adds it up faster than it sends it."""
        if self.settings.is_embedded:
            return dict(self.stored())
        parts = (
            f"SELECT '{name}', count(*), sum(hashtextextended({name}::text, 0)) FROM {name}"
            for name in (table.name for table in Prison.metadata.sorted_tables)
        )
        with self.database.write_engine.connect() as connection:
            return {name: tuple(rest) for name, *rest in connection.exec_driver_sql(" UNION ALL ".join(parts))}

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Whatever happens inside stores nothing at all."""
        before = self.fingerprints()
        yield
        assert not differences(before, self.fingerprints())


def differences(before: dict[str, object], after: dict[str, object]) -> list[str]:
    """The tables whose content is not what it was."""
    return [name for name in after if after[name] != before[name]]


def secret_of(spec: str) -> str:
    return f"idts_test-key-of-{spec}"


def make_keys(database: Database, specs: Iterable[str], at: datetime) -> None:
    with database.session_scope() as session:
        for spec in specs:
            create_key(session, spec, scope_of(spec), caller=Caller(OPERATOR, at), secret=secret_of(spec))


def scope_of(spec: str) -> KeyScope:
    name, *scope = spec.split(":")
    role = Role(name)
    if role is Role.PRISON:
        return KeyScope(role, prison=scope[0])
    if role is Role.REGION:
        return KeyScope(role, region=scope[0])
    if role is Role.SIGNATORY:
        return KeyScope(role, prison=scope[0], signatory_role=scope[1])
    return KeyScope(role)


@contextmanager
def running(settings: Settings, clock: Clock | None = None, **client: Any) -> Iterator[Service]:
    """The application with its lifespan; its connections are closed at the end."""
    clock = clock or Clock()
    app = create_app(settings, clock)
    with TestClient(app, **client) as http:
        yield Service(settings, clock, app, http)


@contextmanager
def seen_by(*engines: Engine) -> Iterator[list[tuple[str, Any]]]:
    """The statements that go through the engines inside, with their parameters; reads of the event loop do not."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        found.append((statement, parameters))

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


# Transaction control, and what a new connection asks.
APART = ("BEGIN", "SELECT pg_catalog.version", "select current_schema", "show ")


@contextmanager
def max_statements(service: Service, most: int) -> Iterator[list[str]]:
    """At most that many SQL statements of sessions inside; transaction control does not count."""
    counted: list[str] = []
    with seen_by(service.database.read_engine, service.database.write_engine) as seen:
        try:
            yield counted
        finally:
            counted += [statement for statement, _ in seen if not statement.startswith(APART)]
    assert len(counted) <= most, "\n".join(counted)
