"""Webhook secrets lie in the database sealed, under a key that is kept beside it."""

import anyio
import pytest

from app.background.delivery import Courier
from app.errors import Unavailable
from app.rules.access import Caller, Principal, Role
from app.services.webhooks import reseal_secrets
from app.storage.webhook_key import UnreadableSecret, WebhookKey
from tests.support.factories import rated
from tests.support.service import Service

BODY = {"url": "https://hooks.example.org/idts", "description": "Dashboard"}
OPERATOR = Principal("operator", "Operator", Role.ADMIN)


def make(service: Service) -> str:
    answer = service.post("/v1/webhooks", BODY, by="national", headers={"idempotency-key": "once"})
    assert answer.status_code == 201, answer.text
    secret: str = answer.json()["secret"]
    return secret


def key_of(service: Service) -> WebhookKey:
    return WebhookKey(service.settings.webhook_key_file)


def sealed(service: Service) -> str:
    (row,) = service.stored()["webhook"]
    (found,) = [value for value in row if str(value).startswith("ey")]
    return str(found)


def test_no_secret_lies_in_the_database_as_it_is(service: Service):
    secret = make(service)
    stored = str(service.stored())
    assert secret not in stored
    assert secret.removeprefix("whsec_") not in stored
    assert key_of(service).open(sealed(service)) == secret


def test_the_key_is_a_file_for_its_owner_alone(service: Service):
    assert not service.settings.webhook_key_file.exists()
    make(service)
    assert service.settings.webhook_key_file.stat().st_mode & 0o777 == 0o600


def test_without_the_key_only_webhooks_stop_and_no_attempt_is_lost(service: Service):
    make(service)
    file = service.settings.webhook_key_file
    away = file.rename(file.with_name("away"))
    refused = service.post("/v1/webhooks", BODY, by="national")
    assert (refused.status_code, refused.json()["code"]) == (503, "webhook-key-unavailable")
    assert "idts webhook-key rotate" in refused.json()["detail"]
    assert not file.exists()
    assert service.patch("/v1/prisons/LWI/sections/5", rated(5, "AMBER")).status_code == 200
    courier = Courier(service.database, service.settings, service.clock)
    with pytest.raises(Unavailable, match="webhook-key"):
        anyio.run(courier.deliver_due)
    (waiting,) = service.get("/v1/webhooks/1/deliveries", by="admin").json()["items"]
    assert (waiting["status"], waiting["attempts"]) == ("pending", 0)
    away.rename(file)
    assert len(anyio.run(courier.claim)) == 1


def test_rotation_keeps_the_secrets_and_forgets_the_old_key(service: Service):
    secret, key = make(service), key_of(service)
    before, old = sealed(service), key.path.read_text()
    key.add()
    assert key.open(before) == secret
    with service.database.session_scope() as session:
        assert reseal_secrets(session, key, caller=Caller(OPERATOR, service.clock())) == 0
    key.keep_newest()
    assert key.open(sealed(service)) == secret
    with pytest.raises(UnreadableSecret):
        key.open(before)
    key.path.write_text(old)
    with pytest.raises(UnreadableSecret):
        key.open(sealed(service))


def test_a_lost_key_ends_the_webhooks_that_it_sealed(service: Service):
    make(service)
    key = key_of(service)
    key.path.unlink()
    key.add()
    with service.database.session_scope() as session:
        assert reseal_secrets(session, key, caller=Caller(OPERATOR, service.clock())) == 1
    ended = service.get("/v1/webhooks/1", by="national").json()
    assert (ended["active"], ended["ended_by"]) == (False, "Operator")
    assert service.post("/v1/webhooks", BODY, by="national").status_code == 201


@pytest.mark.parametrize("text", ["", "nonsense", "{}", '{"keys": []}', '{"keys": [{"kty": "oct"}]}', "[]", "\x00"])
def test_a_file_that_holds_no_key_is_as_good_as_missing(untouched: Service, text: str):
    key = WebhookKey(untouched.settings.data_dir / "broken.json")
    key.path.write_text(text)
    with pytest.raises(Unavailable):
        key.check()


@pytest.mark.parametrize("text", ["", "whsec_plain", "ey", "eyJraWQiOiAieCJ9.a.b.c.d", "a.b.c.d.e"])
def test_what_no_key_sealed_is_not_opened(untouched: Service, text: str):
    key = WebhookKey(untouched.settings.data_dir / "whole.json")
    key.add()
    with pytest.raises(UnreadableSecret):
        key.open(text)
