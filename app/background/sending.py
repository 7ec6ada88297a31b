"""Sending one webhook message to a checked address. Imported with the first delivery: its HTTP client is heavy."""

import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime

import httpx
import structlog
from anyio import fail_after, getaddrinfo, move_on_after
from standardwebhooks import Webhook

from app.services.addresses import is_public
from app.services.outbox import Answer, ClaimedDelivery
from app.settings import Settings
from app.storage.webhook_key import UnreadableSecret, WebhookKey

# The IP addresses of a host, looked up once for each attempt.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

log = structlog.get_logger("idts.delivery")

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
