"""Delivering webhooks: what is due is claimed, sent to a checked address, and its outcome recorded."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import TypeVar

import httpx
import structlog
from anyio import (
    CapacityLimiter,
    Event,
    create_task_group,
    fail_after,
    getaddrinfo,
    move_on_after,
    to_thread,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from standardwebhooks import Webhook

from app.errors import Unavailable
from app.queries.webhooks import due_deliveries
from app.services.addresses import is_public
from app.services.outbox import Answer, ClaimedDelivery, claim_deliveries, record_attempt
from app.settings import Settings
from app.storage.db import Database
from app.storage.webhook_key import UnreadableSecret, WebhookKey

T = TypeVar("T")
# The IP addresses of a host, looked up once for each attempt.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

log = structlog.get_logger("idts.delivery")

AT_ONCE = 16
ANSWER_LIMIT_BYTES = 64 * 1024
ANSWER_SECONDS = 2
ADDRESSES_TRIED = 3


class UnusableAddress(Exception):
    """A host to which nothing is sent; the text says why."""


async def system_resolver(host: str, port: int) -> Sequence[str]:
    found = await getaddrinfo(host, port, type=1)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Sender:
    """Posts one message; only to addresses that were checked, and never for longer than the timeout."""

    def __init__(
        self, settings: Settings, *, resolve: Resolve = system_resolver, tls: ssl.SSLContext | None = None
    ) -> None:
        self.private_addresses = settings.webhook_private_addresses
        self.timeout = settings.webhook_timeout_seconds
        self.key = WebhookKey(settings.webhook_key_file)
        self.resolve = resolve
        self._tls = tls

    async def send(self, claimed: ClaimedDelivery, at: datetime) -> Answer:
        """The outcome of one attempt; every kind of failure is an outcome too."""
        try:
            with fail_after(self.timeout):
                return await self._send(claimed, at)
        except TimeoutError:
            return Answer(error=f"no answer within {self.timeout:g} s")
        except UnusableAddress as fault:
            return Answer(error=str(fault))
        except UnreadableSecret:
            return Answer(error="its secret cannot be read any more: make a new webhook instead")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as fault:
            log.info("webhook not delivered", delivery=claimed.id, error=repr(fault)[:300])
            return Answer(error=_words(fault))

    async def _send(self, claimed: ClaimedDelivery, at: datetime) -> Answer:
        url = httpx.URL(claimed.url)
        host = url.raw_host.decode("ascii").strip("[]")
        addresses = await self._addresses(host, url.port or (443 if url.scheme == "https" else 80))
        for place, address in enumerate(addresses, start=1):
            try:
                return await self._post(url, host, address, claimed, at)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if place == len(addresses):
                    raise
        raise UnusableAddress("its name has no address")

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        """Where the host is, all of it checked: one private address among public ones is reason enough to refuse."""
        try:
            found = await self.resolve(host, port)
        except OSError:
            raise UnusableAddress("its name cannot be resolved") from None
        if not self.private_addresses and not all(is_public(address) for address in found):
            raise UnusableAddress("its address is not public, so nothing is sent there")
        return found[:ADDRESSES_TRIED]

    def tls(self) -> ssl.SSLContext:
        """Made with the first delivery: the authorities that it trusts take memory."""
        self._tls = self._tls or ssl.create_default_context()
        return self._tls

    async def _post(self, url: httpx.URL, host: str, address: str, claimed: ClaimedDelivery, at: datetime) -> Answer:
        # The connection goes to the address that was checked, not to whatever the name says a moment later;
        # the Host header, SNI and the certificate still go by the name. Connections are not shared: two
        # receivers may live behind one address.
        headers = signed_headers(claimed, self.key.open(claimed.sealed_secret), at) | {
            "host": url.netloc.decode("ascii")
        }
        pinned = url.copy_with(host=address)
        async with (
            httpx.AsyncClient(
                verify=self.tls(), trust_env=False, follow_redirects=False, timeout=self.timeout
            ) as client,
            client.stream(
                "POST", pinned, content=claimed.body.encode(), headers=headers, extensions={"sni_hostname": host}
            ) as response,
        ):
            await _read_a_little(response)
            error = None
            if response.has_redirect_location or response.is_redirect:
                error = "it redirects, and the service does not follow redirects"
            return Answer(response.status_code, error)


def signed_headers(claimed: ClaimedDelivery, secret: str, at: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks: the id, which stays the same, the moment of this attempt, the signature."""
    return {
        "content-type": "application/json",
        "user-agent": "idts-webhooks",
        "webhook-id": claimed.message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(claimed.message_id, at, claimed.body),
    }


async def _read_a_little(response: httpx.Response) -> None:
    """Receivers may answer with some text. The status has said it all, whatever becomes of the rest."""
    taken = 0
    with suppress(httpx.HTTPError), move_on_after(ANSWER_SECONDS):
        async for part in response.aiter_raw():
            taken += len(part)
            if taken > ANSWER_LIMIT_BYTES:
                return


def _words(fault: Exception) -> str:
    """Why an attempt failed, for the webhook's keeper; the log has the rest."""
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "no secure connection could be made: its certificate or its version of TLS is not accepted"
        if isinstance(cause, ConnectionRefusedError):
            return "the connection was refused"
        cause = cause.__cause__ or cause.__context__
    if isinstance(fault, httpx.ConnectError | httpx.ConnectTimeout | OSError):
        return "no connection could be made"
    if isinstance(fault, httpx.InvalidURL | ValueError):
        return "the address cannot be used"
    return "the connection broke off before there was an answer"


class Courier:
    """Takes what is due out of the outbox and delivers it; as many of them as there are processes."""

    def __init__(
        self, database: Database, settings: Settings, clock: Callable[[], datetime], sender: Sender | None = None
    ) -> None:
        self.database = database
        self.clock = clock
        self.sender = sender or Sender(settings)
        self.poll_seconds = settings.webhook_poll_seconds
        # Whoever has not come back by then is taken to be dead; an attempt ends long before.
        self.lease = timedelta(seconds=2 * settings.webhook_timeout_seconds + 30)
        self._under_way = 0
        self._done = Event()
        self._threads = CapacityLimiter(4)

    async def run(self, stop: Event) -> None:
        """Deliver until told to stop; what is under way then is finished first."""
        async with create_task_group() as tasks:
            while not stop.is_set():
                # Taken before the look, so that what ends in between is not waited for.
                done = self._done
                for one in await self._claim_safely():
                    self._under_way += 1
                    tasks.start_soon(self._deliver_safely, one)
                with move_on_after(self.poll_seconds):
                    await _first_of(stop, done)

    async def deliver_due(self) -> int:
        """Deliver all that is due now, and answer how many attempts that took."""
        attempts = 0
        while claimed := await self.claim():
            attempts += len(claimed)
            async with create_task_group() as tasks:
                for one in claimed:
                    tasks.start_soon(self.deliver, one)
        return attempts

    async def claim(self) -> list[ClaimedDelivery]:
        """What is now this worker's to deliver. Where nothing is due, nothing is locked."""
        at, room = self.clock(), AT_ONCE - self._under_way

        def look() -> list[int]:
            with self.database.reading_current() as session:
                return due_deliveries(session, at, room)

        ids = await self._in_thread(look) if room > 0 else []
        if ids:
            # Without the key nothing is claimed, and so no attempt is lost.
            self.sender.key.check()
        return await self._write(lambda session: claim_deliveries(session, ids, at=at, lease=self.lease)) if ids else []

    async def deliver(self, claimed: ClaimedDelivery) -> None:
        """Send outside any transaction, then record the outcome in one of its own."""
        answer = await self.sender.send(claimed, self.clock())
        at = self.clock()
        await self._write(lambda session: record_attempt(session, claimed, answer, at=at))

    async def _claim_safely(self) -> list[ClaimedDelivery]:
        try:
            return await self.claim()
        except Unavailable as fault:
            log.error("no webhook is delivered", reason=fault.detail)
        except SQLAlchemyError as fault:
            log.warning("the outbox cannot be read", error=type(fault).__name__)
        except Exception as fault:
            # One message that cannot be handled must not end the delivery of all others.
            log.error("no delivery can be made just now", exc_info=fault)
        return []

    async def _deliver_safely(self, claimed: ClaimedDelivery) -> None:
        try:
            await self.deliver(claimed)
        except SQLAlchemyError as fault:
            # The outcome is lost; the message goes out again when the lease has run out.
            log.warning("outcome not recorded", delivery=claimed.id, error=type(fault).__name__)
        except Exception as fault:
            log.error("delivery failed here", delivery=claimed.id, exc_info=fault)
        finally:
            self._under_way -= 1
            done, self._done = self._done, Event()
            done.set()

    async def _write(self, work: Callable[[Session], T]) -> T:
        def in_one_transaction() -> T:
            with self.database.session_scope() as session:
                return work(session)

        return await self._in_thread(in_one_transaction)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await to_thread.run_sync(work, limiter=self._threads)


async def _first_of(*events: Event) -> None:
    async with create_task_group() as tasks:

        async def wait(event: Event) -> None:
            await event.wait()
            tasks.cancel_scope.cancel()

        for event in events:
            tasks.start_soon(wait, event)


@asynccontextmanager
async def delivering(database: Database, settings: Settings, clock: Callable[[], datetime]) -> AsyncIterator[None]:
    """Deliver in the background for as long as the block lasts, where the settings say so."""
    if not settings.webhook_delivery:
        yield
        return
    stop = Event()
    async with create_task_group() as tasks:
        tasks.start_soon(Courier(database, settings, clock).run, stop)
        yield
        stop.set()
