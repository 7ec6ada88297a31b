"""Two who make the same thing at once: one makes it, the other is told what a later caller would be told."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from time import monotonic, sleep
from typing import Any, TypeVar

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.cli import first_start
from app.documents.shipped import shipped_toolkits
from app.errors import Conflict
from app.rules.access import Caller, Principal, Role
from app.rules.prison import PrisonDetails
from app.rules.types import Function
from app.services.keys import KeyScope, create_key
from app.services.prisons import register_prison
from app.services.toolkits import load_toolkit
from app.services.webhooks import MOST_ACTIVE_PER_KEY, NewWebhook, WebhookPolicy, create_webhook
from app.storage import schema
from app.storage.db import Database
from app.storage.webhook_key import WebhookKey
from tests.support import factories, postgres
from tests.support.service import Service, service_settings

T = TypeVar("T")
ADMIN = Principal("key:1", "Administrator", Role.ADMIN)
PATIENCE = 60


def meanwhile(database: Database, first: Callable[[Session], Any], second: Callable[[], T]) -> T:
    """What becomes of `second`, which begins after `first` and cannot see it yet."""
    with ThreadPoolExecutor(1) as pool:
        with database.session_scope() as session:
            first(session)
            session.flush()
            late = pool.submit(second)
            wait_until_it_waits(database, late)
        return late.result(PATIENCE)


def wait_until_it_waits(database: Database, late: "Future[Any]") -> None:
    deadline = monotonic() + PATIENCE
    while not (is_waiting(database) or late.done()):
        assert monotonic() < deadline, "the second does not wait for the first"
        sleep(0.01)


def is_waiting(database: Database) -> bool:
    if database.write_engine.dialect.name == "sqlite":
        return bool(database.write_engine.pool.turns.waiting)  # type: ignore[attr-defined]
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with database.reading() as session:
        return bool(session.scalar(text(waiting)))


def in_a_transaction(service: Service, work: Callable[[Session, Caller], T]) -> T:
    with service.database.session_scope() as session:
        return work(session, Caller(ADMIN, service.clock()))


def refusal(work: Callable[[], Any]) -> str:
    with pytest.raises(Conflict) as caught:
        work()
    return caught.value.code


def test_a_code_that_another_registers_just_now_is_taken(service: Service):
    details = PrisonDetails("ZZA", "Zedham", "HMP", Function.TRAINER, "london")
    answer = meanwhile(
        service.database,
        lambda session: register_prison(session, details, caller=Caller(ADMIN, service.clock())),
        lambda: service.post("/v1/prisons", factories.prison("zza"), by="admin"),
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "prison-exists")
    assert service.get("/v1/prisons/ZZA").json()["name"] == "Zedham"


def test_of_many_registrations_at_once_one_is_made(service: Service):
    together = Barrier(6)

    def register(code: str) -> int:
        together.wait()
        return service.post("/v1/prisons", factories.prison(code), by="admin").status_code

    with ThreadPoolExecutor(6) as pool:
        for code in ("ZZA", "ZZB", "ZZC"):
            assert Counter(pool.map(register, [code] * 6)) == {201: 1, 409: 5}
    trail = service.get("/v1/audit/verify", by="admin").json()
    assert (trail["intact"], trail["faults"]) == (True, [])


def test_a_secret_that_another_gives_just_now_is_in_use(service: Service):
    def make(session: Session, caller: Caller) -> Any:
        return create_key(session, "Twin", KeyScope(Role.NATIONAL), caller=caller, secret="the same secret of both")

    code = meanwhile(
        service.database,
        lambda session: make(session, Caller(ADMIN, service.clock())),
        lambda: refusal(lambda: in_a_transaction(service, make)),
    )
    assert code == "key-exists"


def test_a_toolkit_that_another_loads_just_now_is_there_already(service: Service):
    [shipped] = [one for one in shipped_toolkits() if one.version == "2006-09.2"]
    newer = replace(shipped, version="2026-01")
    other = replace(newer, title="Another content")
    caller = Caller(ADMIN, service.clock())
    is_new = meanwhile(
        service.database,
        lambda session: load_toolkit(session, newer, caller=caller),
        lambda: in_a_transaction(service, lambda session, by: load_toolkit(session, newer, caller=by)),
    )
    assert is_new is False
    third = replace(newer, version="2026-02")
    code = meanwhile(
        service.database,
        lambda session: load_toolkit(session, third, caller=caller),
        lambda: refusal(
            lambda: in_a_transaction(
                service, lambda session, by: load_toolkit(session, replace(other, version="2026-02"), caller=by)
            )
        ),
    )
    assert code == "toolkit-version-exists"


def test_webhooks_made_at_once_are_counted_like_others(service: Service):
    body = {"url": "https://example.org/hook", "description": "x"}
    for _ in range(MOST_ACTIVE_PER_KEY - 1):
        made = service.post("/v1/webhooks", body, by="national")
        assert made.status_code == 201
    owner = Principal(key_id(service, "national"), "national", Role.NATIONAL)
    answer = meanwhile(
        service.database,
        lambda session: create_webhook(
            session,
            NewWebhook(**body),
            WebhookPolicy(False, False),
            WebhookKey(service.settings.webhook_key_file),
            caller=Caller(owner, service.clock()),
        ),
        lambda: service.post("/v1/webhooks", body, by="national"),
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "too-many-webhooks")


def key_id(service: Service, name: str) -> str:
    keys = service.get("/v1/keys", by="admin").json()["items"]
    (found,) = [f"key:{one['id']}" for one in keys if one["name"] == name]
    return found


def test_one_creation_sent_twice_at_once_is_made_once(service: Service):
    together = Barrier(4)
    key = {"idempotency-key": "once"}

    def register(_place: int) -> tuple[int, str]:
        together.wait()
        answer = service.post("/v1/prisons", factories.prison("ZZA"), by="admin", headers=key)
        return answer.status_code, answer.json()["code"]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(register, range(4)))
    assert set(answers) <= {(201, "ZZA"), (409, "request-in-flight")}
    assert (201, "ZZA") in answers


def test_two_services_that_start_on_one_empty_database_fill_it_once(
    database_kind: str, request: pytest.FixtureRequest, tmp_path: Path
):
    url = f"sqlite:///{tmp_path / 'idts.db'}"
    if database_kind == "postgresql":
        admin_url = request.getfixturevalue("postgres_admin_url")
        request.addfinalizer(lambda: postgres.drop_database(admin_url, "two_starts"))
        url = postgres.create_database(admin_url, "two_starts")
    settings = service_settings(url, data_dir=tmp_path)
    schema.migrate(settings)
    together = Barrier(2)

    def start(database: Database) -> tuple[int, int, bool]:
        together.wait()
        seeded = first_start.seed(settings, database)
        return seeded.toolkits, seeded.prisons, first_start.ensure_signing_key(settings, database)

    databases = [Database(settings) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        started = list(pool.map(start, databases))
    shipped = len(shipped_toolkits())
    assert sorted(one[:2] for one in started) == [(0, 0), (shipped, 138)]
    assert sorted(one[2] for one in started) == [False, True]
    for database in databases:
        database.dispose()
