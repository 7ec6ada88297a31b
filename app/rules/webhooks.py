"""Webhooks: when a delivery is tried again, and to which addresses nothing is ever delivered."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# The pauses between the attempts; after the last one a delivery has failed until somebody replays it.
PAUSES = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
)
# Each pause is up to this much longer, so that receivers that failed together are not all tried together.
JITTER_PERCENT = 20
MOST_ACTIVE_PER_KEY = 20


class DeliveryStatus(StrEnum):
    """What became of a delivery. `cancelled`: its webhook was ended before it arrived."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class WebhookPolicy:
    """What the operator allows beyond public addresses over TLS."""

    plain_http: bool = False
    private_addresses: bool = False


def message_id(webhook_id: int, event_id: int) -> str:
    """What receivers know a message by: the same on every attempt and every replay."""
    return f"msg_{webhook_id}_{event_id}"


def pause_after(attempts: int, message: str) -> timedelta | None:
    """How long to wait after so many failed attempts (1 or more); None where there are no more to come."""
    if attempts > len(PAUSES):
        return None
    digest = hashlib.sha256(f"{message}/{attempts}".encode()).digest()
    share = int.from_bytes(digest[:4]) / 2**32
    return PAUSES[attempts - 1] * (1 + share * JITTER_PERCENT / 100)


# What Python's `is_global` lets through although nobody on the public internet answers there: tunnels to
# IPv4 addresses, deprecated ranges, segment routing.
_NOT_PUBLIC = tuple(
    ip_network(block)
    for block in (
        "::/96",
        "64:ff9b:1::/48",
        "2001::/23",
        "2002::/16",
        "5f00::/16",
        "fec0::/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
    )
)
_NAT64 = ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet's: not private, loopback, link-local or the like.

    An IPv6 address that stands for an IPv4 one is judged as that. What is no IP address is not public.
    """
    try:
        found = _embedded(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    if found.is_multicast or any(found in block for block in _NOT_PUBLIC):
        return False
    return found.is_global


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_literal(host: str) -> bool:
    """Whether a host is an IP address rather than a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
