"""Which addresses are public: to no other is a webhook's message delivered, unless the operator allows it."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

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
        embedded = _embedded(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    if embedded.is_multicast or any(embedded in block for block in _NOT_PUBLIC):
        return False
    return embedded.is_global


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
