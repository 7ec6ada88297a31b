"""Deliveries to real receivers: signed, tried again, never to a private address, and never lost."""

import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

import anyio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook, WebhookVerificationError

from app.background.delivery import Courier
from app.background.sending import Resolve, Sender, system_resolver
from app.services.outbox import PAUSES, Answer, record_attempt
from app.storage.db import Database
from tests.support.factories import rated
from tests.support.receivers import Receiver, receiving
from tests.support.service import Clock, Service, running, service_settings

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "integrator.md").read_text("utf-8")


@pytest.fixture
def hooked(database_url: str, tmp_path: Path) -> Iterator[Service]:
    """The service of an operator who allows receivers on loopback; nothing is delivered but on request."""
    settings = service_settings(
        database_url,
        data_dir=tmp_path,
        webhook_private_addresses=True,
        webhook_plain_http=True,
        # Long, for machines that are busy with other tests too.
        webhook_timeout_seconds=60,
    )
    with running(settings) as found:
        yield found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def make(service: Service, url: str, **more: Any) -> Any:
    answer = service.post("/v1/webhooks", {"url": url, "description": "Test"} | more, by="national")
    assert answer.status_code == 201, answer.text
    return answer.json()


def rate(service: Service, *numbers: int, code: str = "LWI") -> None:
    for number in numbers:
        answer = service.patch(f"/v1/prisons/{code}/sections/{number}", rated(number, "AMBER"), by=f"prison:{code}")
        assert answer.status_code == 200, answer.text
        # Several changes of one prison at one moment are told apart by microseconds that are still to come.
        service.clock.tick(1)


def deliver(service: Service, sender: Sender | None = None) -> int:
    """Deliver what is due by the service's clock; how many attempts that took."""
    return anyio.run(Courier(service.database, service.settings, service.clock, sender).deliver_due)


def deliveries(service: Service, webhook: int = 1) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = service.get(f"/v1/webhooks/{webhook}/deliveries", by="admin").json()["items"]
    return items


def until_next_attempt(service: Service) -> timedelta:
    """Move the clock to when the next attempt is due, and say how long that was."""
    [delivery] = deliveries(service)
    before, due = service.clock(), service.clock.set(delivery["next_attempt_at"])
    return due - before


def resolving(*addresses: str) -> tuple[Resolve, list[str]]:
    """A resolver that gives these addresses for any name, and the names that it was asked for."""
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return addresses

    return resolve, asked


def test_a_receiver_verifies_what_it_gets_with_the_standard_library_for_it(hooked: Service, receiver: Receiver):
    secret = make(hooked, receiver.url())["secret"]
    rate(hooked, 5)
    hooked.clock.now = datetime.now(UTC)
    assert deliver(hooked) == 1
    [got] = receiver.received
    message = Webhook(secret).verify(got.body, got.headers)
    [event] = hooked.get("/v1/events", params={"limit": 500, "kind": "section.rated"}).json()["items"]
    assert message == {"type": "section.rated", "timestamp": event["at"], "data": event}
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(got.body.replace(b"AMBER", b"GREEN"), got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 43 + "=").verify(got.body, got.headers)


def test_a_delivered_message_is_not_sent_again(hooked: Service, receiver: Receiver):
    make(hooked, receiver.url())
    rate(hooked, 5)
    assert deliver(hooked) == 1
    hooked.clock.tick(10 * 24 * 3600)
    assert deliver(hooked) == 0
    [delivery] = deliveries(hooked)
    assert (delivery["status"], delivery["attempts"], delivery["last_status"]) == ("delivered", 1, 204)
    assert (delivery["delivered_at"], delivery["next_attempt_at"]) == ("2026-03-02T09:00:01Z", None)


def test_messages_arrive_in_order(hooked: Service, receiver: Receiver):
    make(hooked, receiver.url())
    rate(hooked, 1, 2, 3, 5, 6)
    assert deliver(hooked) == 5
    assert [json.loads(got.body)["data"]["content"]["number"] for got in receiver.received] == [1, 2, 3, 5, 6]


def test_a_failing_receiver_is_tried_again_ever_later_under_the_same_id_until_it_has_failed(
    hooked: Service, receiver: Receiver
):
    secret = make(hooked, receiver.url())["secret"]
    receiver.answer = lambda _before: (500, {})
    rate(hooked, 5)
    waited = []
    for _ in PAUSES:
        assert deliver(hooked) == 1
        assert deliver(hooked) == 0
        waited.append(until_next_attempt(hooked))
    assert deliver(hooked) == 1
    assert waited == sorted(waited)
    assert all(pause <= real <= pause * 1.2 for pause, real in zip(PAUSES, waited, strict=True))
    [delivery] = deliveries(hooked)
    assert (delivery["status"], delivery["attempts"], delivery["last_status"]) == ("failed", 8, 500)
    assert delivery["next_attempt_at"] is None
    hooked.clock.tick(30 * 24 * 3600)
    assert deliver(hooked) == 0
    assert len(receiver.received) == 8
    assert {got.message_id for got in receiver.received} == {delivery["message_id"]}
    assert len({got.body for got in receiver.received}) == 1
    # Each attempt is signed for its own moment.
    stamps = [got.headers["webhook-timestamp"] for got in receiver.received]
    assert len(set(stamps)) == 8
    for got in receiver.received:
        at = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
        assert got.headers["webhook-signature"] == Webhook(secret).sign(got.message_id, at, got.body.decode())


def test_a_failed_message_is_replayed_under_its_id_with_all_its_attempts(hooked: Service, receiver: Receiver):
    make(hooked, receiver.url())
    receiver.answer = lambda _before: (503, {})
    rate(hooked, 5)
    for _ in PAUSES:
        deliver(hooked)
        until_next_attempt(hooked)
    deliver(hooked)
    assert deliveries(hooked)[0]["status"] == "failed"
    replayed = hooked.post("/v1/webhooks/1/deliveries/1/replay", by="national")
    assert (replayed.status_code, replayed.json()["status"], replayed.json()["attempts"]) == (202, "pending", 8)
    assert deliver(hooked) == 1
    assert PAUSES[0] <= until_next_attempt(hooked) <= PAUSES[0] * 1.2
    receiver.answer = lambda _before: (200, {})
    assert deliver(hooked) == 1
    [delivery] = deliveries(hooked)
    assert (delivery["status"], delivery["attempts"], delivery["last_status"]) == ("delivered", 10, 200)
    assert len({got.message_id for got in receiver.received}) == 1


def test_a_delivered_message_can_be_replayed_too(hooked: Service, receiver: Receiver):
    make(hooked, receiver.url())
    rate(hooked, 5)
    deliver(hooked)
    first = deliveries(hooked)[0]["delivered_at"]
    hooked.clock.tick(3600)
    assert hooked.post("/v1/webhooks/1/deliveries/1/replay", by="national").status_code == 202
    assert deliver(hooked) == 1
    assert len(receiver.received) == 2
    assert len({got.message_id for got in receiver.received}) == 1
    assert deliveries(hooked)[0]["delivered_at"] == first


def test_a_refused_connection_is_tried_again(hooked: Service):
    with receiving() as gone:
        url = gone.url()
    make(hooked, url)
    rate(hooked, 5)
    assert deliver(hooked) == 1
    [delivery] = deliveries(hooked)
    assert (delivery["status"], delivery["attempts"], delivery["last_status"]) == ("pending", 1, None)
    assert delivery["last_error"] == "the connection was refused"


def test_a_receiver_that_does_not_answer_is_given_up_and_tried_again(hooked: Service, receiver: Receiver):
    make(hooked, receiver.url())
    receiver.go.clear()
    rate(hooked, 5)
    impatient = hooked.settings.model_copy(update={"webhook_timeout_seconds": 0.5})
    assert deliver(hooked, Sender(impatient)) == 1
    [delivery] = deliveries(hooked)
    assert (delivery["status"], delivery["last_error"]) == ("pending", "no answer within 0.5 s")
    receiver.go.set()
    until_next_attempt(hooked)
    assert deliver(hooked) == 1
    assert deliveries(hooked)[0]["status"] == "delivered"
    assert len({got.message_id for got in receiver.received}) == 1


def test_redirects_are_not_followed(hooked: Service, receiver: Receiver):
    with receiving() as elsewhere:
        make(hooked, receiver.url())
        receiver.answer = lambda _before: (307, {"location": elsewhere.url()})
        rate(hooked, 5)
        deliver(hooked)
        assert (len(receiver.received), len(elsewhere.received)) == (1, 0)
    [delivery] = deliveries(hooked)
    assert (delivery["status"], delivery["last_status"]) == ("pending", 307)
    assert delivery["last_error"] == "it redirects, and the service does not follow redirects"


def test_an_answer_without_end_is_cut_short_and_its_status_counts(hooked: Service, receiver: Receiver):
    """The receiver promises a body that never comes."""
    make(hooked, receiver.url())
    receiver.answer = lambda _before: (200, {"content-length": "1000000"})
    rate(hooked, 5)
    deliver(hooked)
    [delivery] = deliveries(hooked)
    assert (delivery["status"], delivery["last_status"]) == ("delivered", 200)


def public_only(service: Service, *addresses: str) -> tuple[Sender, list[str]]:
    settings = service.settings.model_copy(update={"webhook_private_addresses": False})
    if not addresses:
        return Sender(settings), []
    resolve, asked = resolving(*addresses)
    return Sender(settings, resolve=resolve), asked


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "0x7f.1", "127.1"]
)
def test_nothing_is_sent_to_a_private_address(hooked: Service, receiver: Receiver, host: str):
    make(hooked, receiver.url(host))
    rate(hooked, 5)
    sender, _ = public_only(hooked)
    assert deliver(hooked, sender) == 1
    [delivery] = deliveries(hooked)
    assert (delivery["status"], delivery["last_status"]) == ("pending", None)
    assert delivery["last_error"] == "its address is not public, so nothing is sent there"
    assert receiver.received == []


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("8.8.8.8", "127.0.0.1"), ("2606:4700::1", "::ffff:10.0.0.1")])
def test_a_name_with_any_private_address_is_refused_whole(hooked: Service, receiver: Receiver, addresses: Any):
    make(hooked, receiver.url("rebind.example"))
    rate(hooked, 5)
    sender, asked = public_only(hooked, *addresses)
    deliver(hooked, sender)
    assert deliveries(hooked)[0]["last_error"] == "its address is not public, so nothing is sent there"
    assert (asked, receiver.received) == (["rebind.example"], [])


def test_the_connection_goes_to_the_checked_address_under_the_name(hooked: Service, receiver: Receiver):
    """Nothing looks the name up a second time, so it cannot point elsewhere by then."""
    make(hooked, receiver.url("receiver.example"))
    rate(hooked, 5)
    resolve, asked = resolving("127.0.0.1")
    deliver(hooked, Sender(hooked.settings, resolve=resolve))
    assert asked == ["receiver.example"]
    [got] = receiver.received
    assert got.headers["host"] == f"receiver.example:{receiver.port}"
    assert got.path == "/hooks/idts"


def test_the_next_address_is_tried_where_one_does_not_answer(hooked: Service, receiver: Receiver):
    make(hooked, receiver.url("receiver.example"))
    rate(hooked, 5)
    resolve, _ = resolving("127.0.0.2", "127.0.0.1")
    deliver(hooked, Sender(hooked.settings, resolve=resolve))
    assert deliveries(hooked)[0]["status"] == "delivered"


def test_a_name_that_does_not_resolve_is_an_answer_too(hooked: Service):
    async def unknown(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no such name")

    make(hooked, "http://nobody.example/")
    rate(hooked, 5)
    deliver(hooked, Sender(hooked.settings, resolve=unknown))
    assert deliveries(hooked)[0]["last_error"] == "its name cannot be resolved"


def certificate(directory: Path, name: str) -> Path:
    """A certificate for a name, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = directory / f"{name}.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(
    ("certified", "status", "error"),
    [
        ("receiver.example", "delivered", None),
        (
            "other.example",
            "pending",
            "no secure connection could be made: its certificate or its version of TLS is not accepted",
        ),
    ],
)
def test_tls_goes_by_the_name_though_the_connection_goes_to_the_address(
    hooked: Service, tmp_path: Path, certified: str, status: str, error: str | None
):
    path = certificate(tmp_path, certified)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    names: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: names.append(name)
    with receiving(server) as receiver:
        make(hooked, receiver.url("receiver.example"))
        rate(hooked, 5)
        resolve, _ = resolving("127.0.0.1")
        trusting = ssl.create_default_context(cafile=str(path))
        deliver(hooked, Sender(hooked.settings, resolve=resolve, tls=trusting))
    assert names == ["receiver.example"]
    [delivery] = deliveries(hooked)
    assert (delivery["status"], delivery["last_error"]) == (status, error)


def test_two_workers_at_once_deliver_each_message_once(hooked: Service, receiver: Receiver):
    for _ in range(4):
        make(hooked, receiver.url())
    rate(hooked, 1, 2, 3, 5, 6)
    workers = [Database(hooked.settings) for _ in range(2)]
    made: list[int] = []

    def work(database: Database) -> None:
        made.append(anyio.run(Courier(database, hooked.settings, hooked.clock).deliver_due))

    threads = [Thread(target=work, args=(database,)) for database in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A worker ends when it finds nothing free, so the other's last claims may be under way by then.
    deliver(hooked)
    for database in workers:
        database.dispose()
    assert sum(made) == 20
    assert len(receiver.received) == 20
    assert len({got.message_id for got in receiver.received}) == 20
    assert {one["status"] for hook in range(1, 5) for one in deliveries(hooked, hook)} == {"delivered"}


def test_a_receiver_that_hangs_holds_up_nobody_else(hooked: Service, receiver: Receiver):
    with receiving() as other:
        make(hooked, receiver.url())
        make(hooked, other.url())
        receiver.go.clear()
        rate(hooked, 1, 2, 3)

        async def work() -> None:
            courier = Courier(hooked.database, hooked.settings, hooked.clock)
            stop = anyio.Event()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(courier.run, stop)
                with anyio.fail_after(30):
                    while len(other.received) < 3:
                        await anyio.sleep(0.01)
                assert len(receiver.received) == 1
                stop.set()
                receiver.go.set()

        anyio.run(work)
        assert len(other.received) == 3


def test_what_a_dead_worker_had_claimed_waits_for_its_lease_and_goes_out_again(hooked: Service, receiver: Receiver):
    make(hooked, receiver.url())
    rate(hooked, 5)
    courier = Courier(hooked.database, hooked.settings, hooked.clock)
    [claimed] = anyio.run(courier.claim)
    replay = hooked.post("/v1/webhooks/1/deliveries/1/replay", by="national")
    assert (replay.status_code, replay.json()["code"]) == (409, "delivery-under-way")
    assert deliver(hooked) == 0
    hooked.clock.now += courier.lease
    assert deliver(hooked) == 1
    [got] = receiver.received
    assert got.message_id == claimed.message_id
    assert deliveries(hooked)[0]["attempts"] == 2


def test_a_worker_that_comes_back_too_late_records_nothing(hooked: Service, receiver: Receiver):
    make(hooked, receiver.url())
    rate(hooked, 5)
    courier = Courier(hooked.database, hooked.settings, hooked.clock)
    [slow] = anyio.run(courier.claim)
    hooked.clock.now += courier.lease
    receiver.answer = lambda _before: (500, {})
    assert deliver(hooked) == 1
    with hooked.unchanged(), hooked.database.session_scope() as session:
        record_attempt(session, slow, Answer(200), at=hooked.clock())
    [delivery] = deliveries(hooked)
    assert (delivery["status"], delivery["last_status"], delivery["attempts"]) == ("pending", 500, 2)


def test_an_ended_webhook_gets_nothing_that_was_waiting(hooked: Service, receiver: Receiver):
    make(hooked, receiver.url())
    rate(hooked, 5)
    assert hooked.delete("/v1/webhooks/1", by="national").status_code == 200
    assert deliver(hooked) == 0
    assert receiver.received == []


def idts(service: Service, *arguments: str) -> subprocess.Popen[str]:
    """The real command on the same database."""
    environment = os.environ | {
        "IDTS_DATABASE_URL": service.settings.database_url,
        "IDTS_DATA_DIR": str(service.settings.data_dir),
        "IDTS_WEBHOOK_PRIVATE_ADDRESSES": "true",
        "IDTS_WEBHOOK_POLL_SECONDS": "0.05",
    }
    command = [str(Path(sys.executable).with_name("idts")), *arguments]
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_a_worker_killed_in_mid_delivery_loses_nothing(hooked: Service, receiver: Receiver):
    make(hooked, receiver.url())
    receiver.go.clear()
    rate(hooked, 5)
    worker = idts(hooked, "deliver")
    assert receiver.came.wait(60), "the worker delivers nothing"
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    [delivery] = deliveries(hooked)
    assert (delivery["status"], delivery["attempts"], delivery["last_status"]) == ("pending", 1, None)
    receiver.go.set()
    hooked.clock.now = datetime.now(UTC)
    assert deliver(hooked) == 0
    hooked.clock.tick(3600)
    assert deliver(hooked) == 1
    first, second = receiver.received
    assert (first.message_id, first.body) == (second.message_id, second.body)
    assert deliveries(hooked)[0]["status"] == "delivered"


def test_the_command_delivers_until_it_is_stopped(hooked: Service, receiver: Receiver):
    make(hooked, receiver.url())
    worker = idts(hooked, "deliver")
    rate(hooked, 5)
    assert receiver.came.wait(60), "the worker delivers nothing"
    worker.terminate()
    output, _ = worker.communicate(timeout=60)
    assert worker.returncode == 0, output
    assert deliveries(hooked)[0]["status"] == "delivered"


def test_the_command_delivers_once_what_is_due(hooked: Service, receiver: Receiver):
    make(hooked, receiver.url())
    rate(hooked, 5, 6)
    worker = idts(hooked, "deliver", "--once")
    output, _ = worker.communicate(timeout=60)
    assert (worker.returncode, len(receiver.received)) == (0, 2), output
    assert "Made 2 attempt(s)." in output


def test_the_service_delivers_by_itself_unless_told_not_to(database_url: str, tmp_path: Path, receiver: Receiver):
    settings = service_settings(
        database_url,
        data_dir=tmp_path,
        webhook_delivery=True,
        webhook_poll_seconds=0.05,
        webhook_private_addresses=True,
        webhook_plain_http=True,
    )
    with running(settings, Clock()) as service:
        make(service, receiver.url())
        rate(service, 5)
        assert receiver.came.wait(60), "the service delivers nothing"
    with running(settings.model_copy(update={"webhook_delivery": False}), Clock()) as service:
        assert deliveries(service)[0]["status"] == "delivered"


def test_the_resolver_of_the_system_gives_addresses():
    assert all(ip_address(one).is_loopback for one in anyio.run(system_resolver, "localhost", 80))


def test_the_receiver_in_the_guide_takes_a_message_once(hooked: Service, receiver: Receiver):
    secret = make(hooked, receiver.url())["secret"]
    rate(hooked, 5)
    hooked.clock.now = datetime.now(UTC)
    deliver(hooked)
    [got] = receiver.received
    section = GUIDE.partition("\n## Webhooks\n")[2]
    names: dict[str, Any] = {}
    exec(section.partition("```python\n")[2].partition("```")[0], names)
    told = "LWI: section.rated at 2026-03-02T09:00:00Z"
    assert [names["receive"](secret, got.headers, got.body) for _ in range(2)] == [told, None]
